/** Encodings with one byte a letter. Only the first two are detected; a person has to name the others. */
export const SINGLE_BYTE = [
  'windows-1256',
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1257',
  'windows-1258',
] as const;
/** The supported encodings of a list. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', ...SINGLE_BYTE] as const;
export type Encoding = (typeof ENCODINGS)[number];

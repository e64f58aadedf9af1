/**
 * Zero-width space, direction marks, word joiner and byte-order mark: copying adds them, and they are invisible. U+200C
 * stays, because Persian names need it. Control characters other than white space are removed as well: damaged exports
 * have them, and PostgreSQL stores no U+0000 in text.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const INVISIBLE = /[\u0000-\u0008\u000E-\u001F\u007F\u200B\u200E\u200F\u2060\uFEFF]/gu;
const BLANKS = /\p{White_Space}+/gu;

/** The cell as every rule reads it: without invisible marks, trimmed, and with one blank for each run of white space. */
export function tidyCell(raw: string): string {
  return raw.replace(INVISIBLE, '').replace(BLANKS, ' ').replace(/^ | $/g, '');
}

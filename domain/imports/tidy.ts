/**
 * Zero-width space, direction marks, word joiner and byte-order mark: they come along when cells are copied and
 * nobody sees them. U+200C stays: Persian names need it. Control characters that are no white space go as well:
 * damaged exports have them, and no database keeps U+0000 in a text.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const INVISIBLE = /[\u0000-\u0008\u000E-\u001F\u007F\u200B\u200E\u200F\u2060\uFEFF]/gu;
const BLANKS = /\p{White_Space}+/gu;

/** The cell as all rules look at it: invisible marks gone, white space of any kind trimmed and each run one blank. */
export function tidyCell(raw: string): string {
  return raw.replace(INVISIBLE, '').replace(BLANKS, ' ').replace(/^ | $/g, '');
}

/**
 * Zero-width space, direction marks, word joiner and byte-order mark: they come along when cells are copied and
 * nobody sees them. U+200C stays: Persian names need it.
 */
const INVISIBLE = /[\u200B\u200E\u200F\u2060\uFEFF]/gu;
const BLANKS = /\p{White_Space}+/gu;

/** The cell as all rules look at it: invisible marks gone, white space of any kind trimmed and each run one blank. */
export function tidyCell(raw: string): string {
  return raw.replace(INVISIBLE, '').replace(BLANKS, ' ').replace(/^ | $/g, '');
}

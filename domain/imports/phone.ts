const IGNORED = /[ .()-]/g;

/** `+` and 8 to 15 digits, the first not 0 (E.164), blanks, hyphens, milestones and round brackets left out; else null. */
export function readPhone(cell: string): string | null {
  const bare = cell.replace(IGNORED, '');
  return /^\+[1-9][0-9]{7,14}$/.test(bare) ? bare : null;
}

/** Only digits, and no country code. */
export function isNationalFormat(cell: string): boolean {
  return /^[0-9]+$/.test(cell.replace(IGNORED, ''));
}

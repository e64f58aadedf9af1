/** The log of use cases and loops; a pino logger fits. Fields are ids, counts and codes. */
export type Log = { info(fields: object, message: string): void; warn(fields: object, message: string): void };

/** The error by its code or name, because its message may quote values. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as Error & { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? `${error.name} ${code}` : error.name;
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';

/** Personal data that must not appear outside PostgreSQL: telephones, document numbers, and full names. Short values are left out because they match codes. */
export function canariesOf(registrations: string): string[] {
  const rows = parse<Record<string, string>>(registrations, { columns: true });
  const found = rows.flatMap((row) => [
    row['phone'],
    (row['document_number']?.length ?? 0) >= 8 ? row['document_number'] : '',
    `${row['given_names']} ${row['family_name']}`,
    row['given_names']?.includes(' ') ? row['given_names'] : '',
  ]);
  return [...new Set(found.filter((text): text is string => text !== undefined && text.trim().length >= 6))];
}

/** Every file under `folder`, whole, as bytes. */
export function filesUnder(folder: string): Array<{ name: string; bytes: Buffer }> {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile())
    .map((name) => ({ name, bytes: readFileSync(name) }));
}

/** The canaries that these bytes contain. */
export function seenIn(bytes: Buffer, canaries: readonly string[]): string[] {
  return canaries.filter((canary) => bytes.includes(canary));
}

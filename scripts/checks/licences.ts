/** Whether every package that runs in production may be distributed with software under the Apache License 2.0. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from './project.ts';

const Names = z.record(z.string(), z.unknown()).optional();
const Locked = z.object({
  version: z.string().optional(),
  license: z.string().optional(),
  dependencies: Names,
  optionalDependencies: Names,
  peerDependencies: Names,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().optional() })).optional(),
});
const Lock = z.object({ packages: z.record(z.string(), Locked) });
/** `packages`: what a package's own file does not say, or what is allowed for this package alone, with the reason. */
const Rules = z.object({
  allowed: z.array(z.string()),
  packages: z.record(z.string(), z.object({ licence: z.string(), why: z.string().min(1) })),
});

export type Locks = z.infer<typeof Lock>['packages'];
export type LicenceRules = z.infer<typeof Rules>;

/** What is wrong, one package a line; nothing where every licence is allowed. */
export function checkLicences(): string | undefined {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const complaints = licenceComplaints(
    Lock.parse(read('package-lock.json')).packages,
    Rules.parse(read('scripts/checks/licences.json')),
  );
  return complaints.length === 0 ? undefined : complaints.join('\n');
}

export function licenceComplaints(locks: Locks, rules: LicenceRules): string[] {
  const unused = new Set(Object.keys(rules.packages));
  const complaints = productionPackages(locks).flatMap((place) => {
    const { version, license } = locks[place] ?? {};
    const name = nameOf(place);
    const exception = rules.packages[name];
    if (exception && (license === undefined || license === exception.licence)) {
      unused.delete(name);
      return [];
    }
    if (license !== undefined && isAllowed(license, rules.allowed)) return [];
    return [`${name} ${version} is under ${license ?? 'no licence that it names'}, which is not in licences.json`];
  });
  return [...complaints, ...[...unused].map((name) => `${name} is in licences.json and no package needs that`)];
}

/** Places in node_modules of all that the production dependencies need, also on other platforms. */
function productionPackages(locks: Locks): string[] {
  const found = new Set<string>();
  const waiting = [''];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = locks[place] ?? {};
    const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const next = placeOf(name, place, locks);
      if (next === undefined || found.has(next)) continue;
      found.add(next);
      waiting.push(next);
    }
  }
  return [...found].sort();
}

/** Where Node finds a package from a place: in its own node_modules, then in those of the folders above. */
function placeOf(name: string, from: string, locks: Locks): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (locks[place] !== undefined) return place;
    if (folder === '') return undefined;
  }
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Reads an SPDX expression without nesting: of licences joined by OR one is enough, of those joined by AND all are needed. */
function isAllowed(expression: string, allowed: readonly string[]): boolean {
  return expression
    .replace(/^\(|\)$/g, '')
    .split(/ OR /i)
    .some((choice) => choice.split(/ AND /i).every((licence) => allowed.includes(licence.trim())));
}

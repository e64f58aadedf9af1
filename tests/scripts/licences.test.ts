import { describe, expect, it } from 'vitest';
import { checkLicences, type LicenceRules, type Locks, licenceComplaints } from '../../scripts/checks/licences.ts';

const rules = (packages: LicenceRules['packages'] = {}): LicenceRules => ({ allowed: ['MIT', 'ISC'], packages });
const one = (license?: string): Locks => ({
  '': { dependencies: { a: '1' } },
  'node_modules/a': { version: '1.0.0', ...(license === undefined ? {} : { license }) },
});

describe('licences of production packages', () => {
  it('are all allowed', () => {
    expect(checkLicences()).toBeUndefined();
  });

  it.each(['MIT', 'MIT AND ISC', '(MIT OR GPL-3.0-only)', 'GPL-3.0-only OR MIT'])('%s is allowed', (license) => {
    expect(licenceComplaints(one(license), rules())).toEqual([]);
  });

  it.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'SEE LICENSE IN FILE'])(
    '%s is not, and the package is named',
    (license) => {
      expect(licenceComplaints(one(license), rules())).toEqual([
        `a 1.0.0 is under ${license}, which is not in licences.json`,
      ]);
    },
  );

  it('must be named, or stand in the list with a reason', () => {
    expect(licenceComplaints(one(), rules())).toEqual([expect.stringContaining('a 1.0.0 is under no licence')]);
    expect(licenceComplaints(one(), rules({ a: { licence: 'MIT', why: 'its file says so' } }))).toEqual([]);
    expect(licenceComplaints(one('GPL-3.0-only'), rules({ a: { licence: 'MIT', why: 'it was' } }))).toHaveLength(2);
    expect(licenceComplaints(one('MIT'), rules({ b: { licence: 'GPL', why: 'it was here' } }))).toEqual([
      'b is in licences.json and no package needs that',
    ]);
  });

  it('are asked of what packages need in turn, where Node finds it, and not of tools', () => {
    const locks: Locks = {
      '': { dependencies: { a: '1' } },
      'node_modules/a': {
        license: 'MIT',
        dependencies: { b: '1' },
        optionalDependencies: { c: '1', elsewhere: '1' },
        peerDependencies: { d: '1', e: '1' },
        peerDependenciesMeta: { e: { optional: true } },
      },
      'node_modules/b': { license: 'MIT' },
      'node_modules/a/node_modules/b': { version: '2.0.0', license: 'GPL', dependencies: { a: '1', f: '1' } },
      'node_modules/c': { version: '3.0.0', license: 'LGPL' },
      'node_modules/d': { version: '4.0.0', license: 'AGPL' },
      'node_modules/e': { license: 'EPL' },
      'node_modules/f': { version: '6.0.0', license: 'SSPL' },
      'node_modules/tool': { license: 'GPL' },
    };
    expect(licenceComplaints(locks, rules()).map((line) => line.split(',')[0])).toEqual([
      'b 2.0.0 is under GPL',
      'c 3.0.0 is under LGPL',
      'd 4.0.0 is under AGPL',
      'f 6.0.0 is under SSPL',
    ]);
  });
});

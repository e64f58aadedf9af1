import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIdOf, bundleFolder, madeBundle, readBundle } from '../../../processes/worker/bundle.ts';
import { workflowBundle } from '../../support/temporal.ts';

const root = dirname(dirname(dirname(import.meta.dirname)));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeward-bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the build id of the workflows', () => {
  it('is the same wherever they are made, and holds no path of the machine', async () => {
    const { buildId } = await workflowBundle();
    expect(madeBundle(folder)).toBeUndefined();
    const made = spawnSync(process.execPath, [join(root, 'processes/worker/makeBundle.ts'), folder], { cwd: folder });
    expect(made.status, String(made.stderr)).toBe(0);
    const [name = ''] = readdirSync(bundleFolder(folder));
    const codePath = join(bundleFolder(folder), name);
    expect(readBundle(codePath)).toEqual({ codePath, buildId });
    expect(madeBundle(bundleFolder(folder))).toEqual({ codePath, buildId });
    const code = readFileSync(codePath, 'utf8');
    expect(code.slice(0, code.lastIndexOf('//# sourceMappingURL'))).not.toContain(root);
  });

  it('is that of the code that runs, and not of its source map', () => {
    const map = (text: string) => `\n//# sourceMappingURL=data:application/json;base64,${text}`;
    expect(buildIdOf(`a();${map('abc')}`)).toBe(buildIdOf(`a();${map('def')}`));
    expect(buildIdOf(`a();${map('abc')}`)).toBe(buildIdOf('a();'));
    expect(buildIdOf(`b();${map('abc')}`)).not.toBe(buildIdOf(`a();${map('abc')}`));
  });

  it('is read from the file, so that a kept bundle cannot be run under another version', () => {
    const codePath = join(folder, 'kept.js');
    writeFileSync(codePath, 'a();');
    expect(readBundle(codePath).buildId).toBe(buildIdOf('a();'));
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Keyring, loadKeyring } from '../../adapters/crypto/keyring.ts';

/** Keys of their own for one test file. */
export async function testKeyring(): Promise<Keyring> {
  const folder = await mkdtemp(join(tmpdir(), 'homeward-keys-'));
  try {
    return await loadKeyring(join(folder, 'keys.json'), { createIfMissing: true });
  } finally {
    await rm(folder, { recursive: true });
  }
}

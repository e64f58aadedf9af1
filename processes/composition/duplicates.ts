import type { Keyring } from '../../adapters/crypto/keyring.ts';
import type { Db } from '../../adapters/postgres/database.ts';
import { checkedListsOn, matchingOn } from '../../adapters/postgres/duplicates/matching.ts';
import { compareCheckedList } from '../../application/duplicates/compareList.ts';
import { matchNewcomers } from '../../application/duplicates/match.ts';

/** What the duplicate matcher does on its connection. @param clock real time */
export const duplicateMatching = (keyring: Keyring, clock: () => number) => (db: Db) => ({
  matchNewcomers: matchNewcomers({ ...matchingOn(db, keyring), clock }),
  compareCheckedList: compareCheckedList(checkedListsOn(db, keyring)),
});

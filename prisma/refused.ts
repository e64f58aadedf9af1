/** A migration was refused; the message says which, why and what to do. */
export class MigrationRefused extends Error {
  override name = 'MigrationRefused';
}

/** The database was made from another baseline. Until the first release a baseline may be rewritten, and no way leads over. */
export class OtherBaseline extends MigrationRefused {
  override name = 'OtherBaseline';
}

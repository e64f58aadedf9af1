/** Secrets of a partner or endpoint, encrypted together, the newest first. */
export type Encrypted = { encrypted: Buffer; keyId: string };

/**
 * Encrypts short lists of secrets under a key of the system. `owner` is bound in, so that a value decrypts only for its
 * row. During a rotation the old secret is valid too.
 */
export type SecretBox = {
  encrypt(owner: string, secrets: readonly string[]): Encrypted;
  /** @throws Error if key or owner do not match, or the bytes were changed */
  open(owner: string, encrypted: Encrypted): string[];
};

/** `issue`: a new secret that partner and system share; it is shown once. */
export type Secrets = SecretBox & { issue(): string };

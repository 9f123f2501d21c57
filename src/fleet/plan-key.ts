/** The key of a plant: its private half signs plan sets, its public half stands at every station. Ed25519, PEM. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { BenchError } from '../errors.js';

export interface PlanKey {
  readonly key: KeyObject;
  /** SHA-256 of the public half (SubjectPublicKeyInfo, DER). */
  readonly fingerprint: string;
}

/** A key file is a few hundred bytes. */
const longestKeyBytes = 16 * 1024;

const unusable = (path: string, why: string, cause?: unknown): BenchError =>
  new BenchError('PLAN_KEY_INVALID', `${path} ${why}`, { cause });

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const readPem = (path: string): string => {
  try {
    if (statSync(path).size > longestKeyBytes) throw new Error('larger than any key');
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(path, `cannot be read (${reasonOf(error)})`, error);
  }
};

export const fingerprintOf = (key: KeyObject): string => {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(half.export({ type: 'spki', format: 'der' }))
    .digest('hex');
};

const checked = (path: string, key: KeyObject): PlanKey => {
  if (key.asymmetricKeyType !== 'ed25519')
    throw unusable(path, `is a key for ${key.asymmetricKeyType ?? 'something else'}: it must be Ed25519`);
  return { key, fingerprint: fingerprintOf(key) };
};

const holdsPrivateKey = (pem: string): boolean => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem);

/** Throws BenchError PLAN_KEY_INVALID, also for a private key: it has no place where only somebody's sets are verified. */
export const readPublicKey = (path: string): PlanKey => {
  const pem = readPem(path);
  if (holdsPrivateKey(pem))
    throw unusable(path, 'is a private key: whoever verifies needs the public one only (the .pub file beside it)');
  try {
    return checked(path, createPublicKey(pem));
  } catch (error) {
    if (error instanceof BenchError) throw error;
    throw unusable(path, 'is no public key in PEM', error);
  }
};

/** Throws BenchError PLAN_KEY_INVALID. */
export const readPrivateKey = (path: string): PlanKey => {
  const pem = readPem(path);
  if (pem.includes('BEGIN PUBLIC KEY')) throw unusable(path, 'is a public key: signing needs the private one');
  if (pem.includes('ENCRYPTED'))
    throw unusable(path, 'is protected by a passphrase, which nobody is asked for here: give it decrypted');
  try {
    return checked(path, createPrivateKey(pem));
  } catch (error) {
    if (error instanceof BenchError) throw error;
    throw unusable(path, 'is no private key in PEM', error);
  }
};

/** Others than its owner may read this private key. */
export const isExposed = (path: string): boolean => (statSync(path).mode & 0o077) !== 0;

const createNew = (path: string, text: string, mode: number): void => {
  try {
    const descriptor = openSync(path, 'wx', mode);
    try {
      writeFileSync(descriptor, text, { flush: true });
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw unusable(
      path,
      isThere ? 'is there already, and a key is never written over' : `cannot be written (${reasonOf(error)})`,
      error,
    );
  }
};

/** Writes `path` (0600) and `path`.pub, neither over another file. Throws BenchError PLAN_KEY_INVALID. */
export const makeKeyPair = (path: string): { readonly publicPath: string; readonly fingerprint: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicPath = `${path}.pub`;
  // The public half first: a private key without it would be harder to notice than the reverse.
  createNew(publicPath, publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o644);
  createNew(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  return { publicPath, fingerprint: fingerprintOf(publicKey) };
};

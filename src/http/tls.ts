import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { BenchError } from '../errors.js';

export interface TlsFiles {
  readonly certificatePath: string;
  readonly keyPath: string;
}

const read = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new BenchError('TLS_UNUSABLE', cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

/** Throws BenchError TLS_UNUSABLE: not readable, no PEM, or the key of another certificate. */
export const loadTls = ({ certificatePath, keyPath }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } => {
  const pair = { cert: read(certificatePath), key: read(keyPath) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BenchError('TLS_UNUSABLE', `${certificatePath}, ${keyPath}: ${reason}`, { cause });
  }
  return pair;
};

/** Who may do what over HTTP. Tokens stand in a file that only the station's own user can read. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { BenchError } from '../errors.js';

/** Each may do what those before it may: look, run phones, change plans and unlock. */
export const roles = ['viewer', 'operator', 'engineer'] as const;
export type Role = (typeof roles)[number];

const tokenFile = z.strictObject({
  tokens: z.array(
    z.strictObject({
      name: z.string().min(1).max(64),
      role: z.enum(roles),
      token: z.string().regex(/^[A-Za-z0-9_-]{20,128}$/, 'needs 20 to 128 letters, digits, - or _'),
    }),
  ),
});

export interface Identity {
  readonly name: string;
  readonly role: Role;
}

export interface Tokens {
  /** undefined: nobody's. */
  identify(token: string): Identity | undefined;
  /** The first token of a role, for the address a person is shown. */
  firstOf(role: Role): string | undefined;
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Reads the tokens, or makes three at the first start. Throws BenchError TOKENS_INVALID. */
export const loadTokens = (path: string): Tokens => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new BenchError('TOKENS_INVALID', `${path}: ${cause}`, { cause });
    const tokens = roles.map((role) => ({ name: role, role, token: randomBytes(24).toString('base64url') }));
    text = `${JSON.stringify({ tokens }, null, 2)}\n`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
    chmodSync(path, 0o600);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BenchError('TOKENS_INVALID', `${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const read = tokenFile.safeParse(value);
  if (!read.success)
    throw new BenchError(
      'TOKENS_INVALID',
      read.error.issues.map((issue) => `${path}: ${issue.path.join('.')} ${issue.message}`).join('\n'),
    );
  const known = read.data.tokens.map(({ name, role, token }) => ({ name, role, token, hash: hash(token) }));
  return {
    identify: (token) => {
      const asked = hash(token);
      // All are compared, so that time tells nothing.
      const found = known.filter((entry) => timingSafeEqual(entry.hash, asked))[0];
      return found === undefined ? undefined : { name: found.name, role: found.role };
    },
    firstOf: (role) => known.find((entry) => entry.role === role)?.token,
  };
};

export const mayAct = (has: Role, needs: Role): boolean => roles.indexOf(has) >= roles.indexOf(needs);

/** Whose requests are taken: those of this station's own page, under a name that is this machine's. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';

const hostOf = (origin: string): string | undefined => {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
};

const nameIn = (host: string): string =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

/** An address, localhost, or this machine's own name, with any domain behind it. */
const isThisMachine = (host: string): boolean => {
  const name = nameIn(host);
  const own = hostname().toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name === own || name.startsWith(`${own}.`);
};

/**
 * Why a request is not taken; undefined: it is. Another page's requests carry its origin (or `null`). A page whose name was
 * made to lead here (DNS rebinding) carries that name as host; over TLS the browser has found that out by the certificate.
 * `names`: further ones, by which a proxy before this shows it.
 */
export const strangerIn = (
  headers: { readonly origin?: string | undefined; readonly host?: string | undefined },
  isEncrypted: boolean,
  names: readonly string[] = [],
): string | undefined => {
  const { origin, host = '' } = headers;
  if (origin !== undefined && hostOf(origin) !== host) return `requests from ${origin} are not taken`;
  if (!isEncrypted && !isThisMachine(host) && !names.includes(nameIn(host)))
    return `"${host}" is no name of this machine: use its address`;
  return undefined;
};

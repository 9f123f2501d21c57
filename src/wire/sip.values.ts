/** What stands inside SIP header values: lists, addresses with parameters, digest credentials. */

/** Walks a value outside of quotes and angle brackets; `take` is given the index of each such character. */
function outside(value: string, take: (character: string, index: number) => void): void {
  let isQuoted = false;
  let isBracketed = false;
  for (let index = 0; index < value.length; index++) {
    const character = value[index] ?? '';
    if (isQuoted) {
      if (character === '\\') index++;
      else if (character === '"') isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (isBracketed) isBracketed = character !== '>';
    else if (character === '<') isBracketed = true;
    else take(character, index);
  }
}

function splitOutside(value: string, separator: string): string[] {
  if (!value.includes(separator)) return [value.trim()];
  const parts: string[] = [];
  let from = 0;
  outside(value, (character, index) => {
    if (character !== separator) return;
    parts.push(value.slice(from, index).trim());
    from = index + 1;
  });
  parts.push(value.slice(from).trim());
  return parts;
}

/** The values of one header line of a list (Via, Contact, Route ...), in order; empty ones left out. */
export const splitSipList = (value: string): string[] => splitOutside(value, ',').filter((part) => part !== '');

/** Takes quotes and their escapes away. */
const unquoted = (text: string): string =>
  text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

export type SipParameters = ReadonlyMap<string, string>;

/** Of `a;b=c;d="e"` what follows the first part; names in lower case, one without a value has ''. The first of a name counts. */
const parametersOf = (parts: readonly string[]): SipParameters => {
  const found = new Map<string, string>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const name = (at < 0 ? part : part.slice(0, at)).trim().toLowerCase();
    if (name !== '' && !found.has(name)) found.set(name, at < 0 ? '' : unquoted(part.slice(at + 1).trim()));
  }
  return found;
};

export interface SipAddress {
  readonly displayName: string;
  readonly uri: string;
  /** Of the header, behind the address; those of the URI stay in it. */
  readonly parameters: SipParameters;
}

/** `"Name" <sip:user@host;x=y>;tag=1`, `sip:user@host;tag=1` and Contact's `*`. Anything is taken; what makes no sense is a uri. */
export function readSipAddress(value: string): SipAddress {
  const [address = '', ...rest] = splitOutside(value, ';');
  const parameters = parametersOf(rest);
  const open = address.indexOf('<', address.startsWith('"') ? closingQuote(address) : 0);
  if (open < 0) return { displayName: '', uri: address, parameters };
  const close = address.indexOf('>', open);
  const uri = address.slice(open + 1, close < 0 ? undefined : close).trim();
  return { displayName: unquoted(address.slice(0, open).trim()), uri, parameters };
}

const closingQuote = (text: string): number => {
  let at = 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
};

export interface SipUri {
  readonly scheme: string;
  readonly user: string;
  readonly host: string;
  /** null: none given. */
  readonly port: number | null;
  readonly parameters: SipParameters;
}

const uriParts = /^(sips?):(?:([^@]*)@)?(\[[^\]]*\]|[^:;?>\s]+)(?::(\d{1,5}))?(?:;([^?]*))?(?:\?.*)?$/i;

/** undefined: not a SIP URI. */
export function readSipUri(uri: string): SipUri | undefined {
  const [, scheme, user = '', host, port, parameters] = uriParts.exec(uri) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return {
    scheme: scheme.toLowerCase(),
    user: user.split(':', 1)[0] ?? '',
    host,
    port: port === undefined ? null : Number(port),
    parameters: parametersOf(parameters?.split(';') ?? []),
  };
}

export interface SipVia {
  readonly transport: string;
  readonly host: string;
  readonly port: number | null;
  readonly parameters: SipParameters;
}

const viaParts = /^SIP\s*\/\s*2\.0\s*\/\s*([A-Za-z0-9-]+)\s+(\[[^\]]*\]|[^:;\s]+)(?:\s*:\s*(\d{1,5}))?$/i;

/** One value of a Via. undefined: not readable. */
export function readSipVia(value: string): SipVia | undefined {
  const [sent = '', ...rest] = splitOutside(value, ';');
  const [, transport, host, port] = viaParts.exec(sent) ?? [];
  if (transport === undefined || host === undefined) return undefined;
  return {
    transport: transport.toUpperCase(),
    host,
    port: port === undefined ? null : Number(port),
    parameters: parametersOf(rest),
  };
}

/** `REGISTER` and 101 of `101 REGISTER`. */
export function readCseq(value: string): { readonly number: number; readonly method: string } | undefined {
  const [, number, method] = /^(\d{1,10})\s+(\S+)$/.exec(value) ?? [];
  return number === undefined || method === undefined ? undefined : { number: Number(number), method };
}

/** Parameters of `Digest a="b", c=d`; undefined: another scheme. */
export function readDigest(value: string): SipParameters | undefined {
  const [, list] = /^Digest\s+(.*)$/is.exec(value) ?? [];
  return list === undefined ? undefined : parametersOf(splitSipList(list));
}

/** Those of RFC 7616 that must stand without quotes. */
const unquotedDigestNames: ReadonlySet<string> = new Set(['algorithm', 'stale', 'qop', 'nc']);

/** `offer`: a challenge lists its qop in quotes, credentials name theirs without. */
export function writeDigest(
  parameters: Readonly<Record<string, string>>,
  { offer }: { readonly offer: boolean },
): string {
  const isBare = (name: string) => unquotedDigestNames.has(name) && !(offer && name === 'qop');
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${isBare(name) ? value : quoted(value)}`);
  return `Digest ${list.join(', ')}`;
}

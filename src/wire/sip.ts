/** SIP (RFC 3261): requests and answers, in datagrams and in TCP streams. What stands inside a header: sip.values.ts. */
import { bytesToText, type Malformed } from './cursor.js';

export interface SipHeader {
  /** Lower case and in its long form (`call-id`, never `i`). */
  readonly name: string;
  /** Folded lines joined by one blank, blanks round it taken away. */
  readonly value: string;
}

export type SipStartLine =
  | { readonly method: string; readonly requestUri: string }
  | { readonly statusCode: number; readonly reason: string };

export type SipMessage = SipStartLine & {
  /** In the order of the message; a header given twice stands here twice. */
  readonly headers: readonly SipHeader[];
  readonly body: Uint8Array;
  readonly malformed?: Malformed;
};

export type SipRequest = Extract<SipMessage, { method: string }>;

/** RFC 3261 7.3.3 and the registry of compact forms. */
const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

export const sipBounds = {
  /** Start line and headers. */
  headBytes: 16 * 1024,
  bodyBytes: 64 * 1024,
  headers: 256,
} as const;

const requestLine = /^([A-Za-z0-9.!%*_+`'~-]{1,32}) (\S+) SIP\/2\.0$/i;
const statusLine = /^SIP\/2\.0 ([1-6]\d{2})(?: (.*))?$/i;
const headerName = /^[A-Za-z0-9.!%*_+`'~-]+$/;
const beyondAscii = /[\x80-\xff]/;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** SIP is UTF-8; its grammar is ASCII, so lines are cut with one character per byte and texts are made of what is left. */
const utf8 = (text: string): string => (beyondAscii.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text);

const readStartLine = (line: string): SipStartLine | undefined => {
  const [, method, requestUri] = requestLine.exec(line) ?? [];
  if (method !== undefined && requestUri !== undefined) return { method, requestUri: utf8(requestUri) };
  const [, statusCode, reason = ''] = statusLine.exec(line) ?? [];
  return statusCode === undefined ? undefined : { statusCode: Number(statusCode), reason: utf8(reason.trim()) };
};

/** The line from `at` on, without its end; `next`: where the one behind it begins, 0 where no line feed ends it. */
const lineAt = (text: string, at: number): { readonly line: string; readonly next: number } => {
  const end = text.indexOf('\n', at);
  if (end < 0) return { line: text.slice(at), next: 0 };
  return { line: text.slice(at, text[end - 1] === '\r' && end > at ? end - 1 : end), next: end + 1 };
};

interface Head {
  readonly headers: readonly SipHeader[];
  /** Where the body begins. */
  readonly end: number;
  readonly malformed?: Malformed;
}

function readHeaders(text: string, from: number): Head {
  const headers: { name: string; value: string }[] = [];
  let malformed: Malformed | undefined;
  for (let at = from; ; ) {
    const { line, next } = lineAt(text, at);
    if (next === 0) return { headers, end: text.length, malformed: malformed ?? { offset: at, reason: noEnd } };
    if (line === '') return { headers, end: next, ...(malformed && { malformed }) };
    const isFolded = line[0] === ' ' || line[0] === '\t';
    const last = headers.at(-1);
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (isFolded && last !== undefined) last.value = `${last.value} ${utf8(line.trim())}`.trim();
    else if (isFolded || !headerName.test(name)) malformed ??= { offset: at, reason: 'a header line has no name' };
    else if (headers.length >= sipBounds.headers) malformed ??= { offset: at, reason: 'too many headers' };
    else headers.push({ name: compactForms[name] ?? name, value: utf8(line.slice(colon + 1).trim()) });
    at = next;
  }
}

const tooLong = `headers above ${sipBounds.headBytes} bytes`;
const noEnd = 'no empty line ends the headers';

const lengthIn = (headers: readonly SipHeader[]): number | undefined | 'unreadable' => {
  const value = headers.find(({ name }) => name === 'content-length')?.value;
  if (value === undefined) return undefined;
  return /^\d{1,9}$/.test(value) ? Number(value) : 'unreadable';
};

/** Length of the first line and its end, where it is a start line. */
const startLineEnd = (bytes: Uint8Array): { readonly start: SipStartLine; readonly next: number } | undefined => {
  const first = bytes.indexOf(lineFeed);
  if (first < 0 || first > sipBounds.headBytes) return undefined;
  const { line, next } = lineAt(bytesToText(bytes.subarray(0, first + 1)), 0);
  const start = readStartLine(line);
  return start && { start, next };
};

/** True where a whole valid start line stands first. */
export const looksLikeSip = (bytes: Uint8Array): boolean => startLineEnd(bytes) !== undefined;

/**
 * One message: a datagram, or what `SipFramer` cut. undefined: no SIP at all (no valid start line). What could be read
 * before a malformed place stays. Bytes behind the Content-Length are nobody's. Never throws.
 */
export function decodeSip(bytes: Uint8Array): SipMessage | undefined {
  const begins = startLineEnd(bytes);
  if (begins === undefined) return undefined;
  const head = readHeaders(bytesToText(bytes.subarray(0, sipBounds.headBytes)), begins.next);
  const { headers, end } = head;
  const length = lengthIn(headers);
  const given = bytes.length - end;
  const body = bytes.subarray(end, end + (typeof length === 'number' ? Math.min(length, given) : given));
  const wrongLength = (): Malformed | undefined => {
    if (length === 'unreadable') return { offset: end, reason: 'the Content-Length is no number' };
    if (length === undefined || length <= given) return undefined;
    return { offset: end + given, reason: `the body needs ${length} bytes, ${given} are left` };
  };
  const malformed = head.malformed ?? wrongLength();
  return { ...begins.start, headers, body, ...(malformed && { malformed }) };
}

/** The value of the first such header. */
export const sipHeader = (message: SipMessage, name: string): string | undefined =>
  message.headers.find((header) => header.name === name)?.value;

/** One value per header line, as it stands there. */
export const sipHeaderLines = (message: SipMessage, name: string): string[] =>
  message.headers.filter((header) => header.name === name).map(({ value }) => value);

/** What a caller writes: names as they are to stand there; the Content-Length is ours. */
export type SipLines = readonly (readonly [name: string, value: string | number])[];

/** A value may hold what a peer sent: it must not begin a line of its own. */
const oneLine = (value: string | number): string => String(value).replace(/[\r\n\0]+/g, ' ');

export function encodeSip(start: SipStartLine, headers: SipLines, body: Uint8Array = new Uint8Array()): Uint8Array {
  let text =
    'method' in start
      ? `${oneLine(start.method)} ${oneLine(start.requestUri)} SIP/2.0\r\n`
      : `SIP/2.0 ${start.statusCode} ${oneLine(start.reason)}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${oneLine(value)}\r\n`;
  text += `Content-Length: ${body.length}\r\n\r\n`;
  return body.length === 0 ? Buffer.from(text) : Buffer.concat([Buffer.from(text), body]);
}

interface SipFramerOptions {
  /**
   * For an observer, whose capture may lack bytes: what cannot be a message is dropped to the end of its chunk, and the
   * next chunk is taken to begin one. Without it the stream's rest is dropped, as a party to the connection must.
   */
  readonly resume?: boolean;
}

/**
 * Cuts a TCP stream into messages by their Content-Length (none: no body). Empty lines between messages keep a
 * connection alive (RFC 5626 4.4.1) and are counted. Holds one message at most; a byte is looked at once however
 * the stream is cut.
 */
export class SipFramer {
  readonly #resume: boolean;
  #held = Buffer.alloc(0);
  #length = 0;
  /** Up to here no end of the headers was found. */
  #searched = 0;
  /** Bytes of the message whose headers are whole. */
  #wanted: number | undefined;
  #lost: string | undefined;
  #emptyLines = 0;

  constructor({ resume = false }: SipFramerOptions = {}) {
    this.#resume = resume;
  }

  get buffered(): number {
    return this.#length;
  }

  /** Why the stream cannot be read any further. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /** Empty lines between messages since the last call: two are a ping that one answers. */
  takeEmptyLines(): number {
    const count = this.#emptyLines;
    this.#emptyLines = 0;
    return count;
  }

  push(chunk: Uint8Array): SipMessage[] {
    if (this.#lost !== undefined) return [];
    this.#append(chunk);
    const messages: SipMessage[] = [];
    let at = 0;
    for (;;) {
      at = this.#skipEmptyLines(at);
      const bytes = this.#held.subarray(at, this.#length);
      this.#wanted ??= this.#sizeOf(bytes);
      if (this.#lost !== undefined) {
        at = this.#length;
        if (this.#resume) this.#lost = undefined;
        break;
      }
      if (this.#wanted === undefined || bytes.length < this.#wanted) break;
      // A copy: what is held moves on.
      const message = decodeSip(Uint8Array.from(bytes.subarray(0, this.#wanted)));
      if (message !== undefined) messages.push(message);
      at += this.#wanted;
      this.#wanted = undefined;
      this.#searched = 0;
    }
    this.#drop(at);
    return messages;
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#held.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    this.#held.set(chunk, this.#length);
    this.#length = length;
  }

  #drop(count: number): void {
    this.#length -= count;
    if (this.#length === 0) {
      this.#held = Buffer.alloc(0);
      this.#searched = 0;
    } else if (count > 0) this.#held = Buffer.from(this.#held.subarray(count, count + this.#length));
  }

  #skipEmptyLines(from: number): number {
    if (this.#wanted !== undefined || this.#searched > 0) return from;
    let at = from;
    while (at < this.#length && (this.#held[at] === carriageReturn || this.#held[at] === lineFeed)) {
      if (this.#held[at] === lineFeed) this.#emptyLines += 1;
      at += 1;
    }
    return at;
  }

  /** undefined: its headers are not whole yet, or the stream is lost. */
  #sizeOf(bytes: Buffer): number | undefined {
    const end = this.#headEnd(bytes);
    if (end === undefined) {
      const isNone = bytes.includes(lineFeed) && !looksLikeSip(bytes);
      if (isNone) this.#lost = 'no SIP start line';
      else if (bytes.length > sipBounds.headBytes) this.#lost = tooLong;
      return undefined;
    }
    if (end > sipBounds.headBytes) this.#lost = tooLong;
    if (this.#lost !== undefined) return undefined;
    const head = decodeSip(bytes.subarray(0, end));
    const length = head === undefined ? undefined : (lengthIn(head.headers) ?? 0);
    if (length === undefined) this.#lost = 'no SIP start line';
    else if (length === 'unreadable' || length > sipBounds.bodyBytes)
      this.#lost = 'a Content-Length that cannot be true';
    else return end + length;
    return undefined;
  }

  /** Where the body begins. A line that ends without a carriage return counts, as everywhere here. */
  #headEnd(bytes: Buffer): number | undefined {
    let at = bytes.indexOf(lineFeed, this.#searched);
    while (at >= 0) {
      const behind = bytes[at + 1] === carriageReturn ? at + 2 : at + 1;
      if (behind >= bytes.length) break;
      if (bytes[behind] === lineFeed) return behind + 1;
      at = bytes.indexOf(lineFeed, at + 1);
    }
    this.#searched = at < 0 ? bytes.length : at;
    return undefined;
  }
}

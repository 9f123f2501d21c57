/**
 * The head of a SIP message (RFC 3261 7), read as leniently as tshark reads it, so that what a phone really sent is shown
 * and not what it should have sent: lines may end in CR, LF or both, a header without a colon is passed over.
 */
import type { Malformed } from '../wire/cursor.js';
import { utf8 } from './text.js';

export interface SipHead {
  method?: string;
  requestUri?: string;
  statusCode?: number;
  from?: string;
  to?: string;
  callId?: string;
  cseq?: string;
  contact?: string[];
  expires?: number;
  userAgent?: string;
  via?: string[];
  malformed?: Malformed;
}

const version = 'SIP/2.0';
const codes = { cr: 13, lf: 10, space: 32, tab: 9, colon: 0x3a, zero: 0x30, nine: 0x39 } as const;
const longestMethod = 16;

/** Full and compact names, lower case, of the headers that are told. */
const headers: ReadonlyMap<string, 'from' | 'to' | 'callId' | 'cseq' | 'contact' | 'expires' | 'userAgent' | 'via'> =
  new Map([
    ['from', 'from'],
    ['f', 'from'],
    ['to', 'to'],
    ['t', 'to'],
    ['call-id', 'callId'],
    ['i', 'callId'],
    ['cseq', 'cseq'],
    ['contact', 'contact'],
    ['m', 'contact'],
    ['expires', 'expires'],
    ['user-agent', 'userAgent'],
    ['via', 'via'],
    ['v', 'via'],
  ]);

/** Where the line that starts at `at` ends. The caller reads `lineNext`: where the next one starts. */
let lineNext = 0;
function lineEnd(bytes: Buffer, at: number, end: number): number {
  for (let index = at; index < end; index++) {
    const code = bytes[index];
    if (code === codes.lf) {
      lineNext = index + 1;
      return index;
    }
    if (code === codes.cr) {
      lineNext = bytes[index + 1] === codes.lf && index + 1 < end ? index + 2 : index + 1;
      return index;
    }
  }
  lineNext = end;
  return end;
}

/** What a first line can be: SIP's, or not. Cheap enough to be asked of every datagram. */
export function isSipStart(bytes: Buffer, at: number, end: number): boolean {
  const first = bytes[at] ?? 0;
  if (first < 0x21 || first > 0x7e || end - at < version.length + 5) return false;
  const firstSpace = bytes.indexOf(codes.space, at);
  if (firstSpace < 0 || firstSpace >= end || firstSpace - at > 64) return false;
  const lineStop = lineEnd(bytes, at, end);
  const secondSpace = bytes.indexOf(codes.space, firstSpace + 1);
  if (secondSpace < 0 || secondSpace >= lineStop) return false;
  const secondLength = secondSpace - firstSpace - 1;
  const word = bytes.toString('latin1', at, firstSpace);
  if (bytes.subarray(at, lineStop).includes(0)) return false;
  if (word === version)
    return secondLength === 3 && /^\d{3}$/.test(bytes.toString('latin1', firstSpace + 1, secondSpace));
  const colon = bytes.indexOf(codes.colon, firstSpace + 2);
  if (secondLength < 3 || colon < 0 || colon > secondSpace) return false;
  return bytes.toString('latin1', secondSpace + 1, lineStop) === version;
}

/** Reads from a first line that `isSipStart` took. */
export function readSipHead(bytes: Buffer, at: number, end: number): SipHead {
  const head: SipHead = {};
  const firstStop = lineEnd(bytes, at, end);
  readFirstLine(bytes, at, firstStop, head);
  let line = lineNext;
  while (line < end) {
    let stop = lineEnd(bytes, line, end);
    if (stop === line) return head;
    while (lineNext < end && isBlank(bytes[lineNext])) stop = lineEnd(bytes, lineNext, end);
    const next = lineNext;
    if (!readHeader(bytes, line, stop, at, head)) return head;
    line = next;
  }
  head.malformed ??= { offset: end - at, reason: 'the head does not end with an empty line' };
  return head;
}

const isBlank = (code: number | undefined): boolean => code === codes.space || code === codes.tab;

function readFirstLine(bytes: Buffer, at: number, stop: number, head: SipHead): void {
  const space = bytes.indexOf(codes.space, at);
  const word = bytes.toString('latin1', at, space);
  if (word === version) head.statusCode = Number(bytes.toString('latin1', space + 1, space + 4));
  else {
    head.method = utf8(bytes, at, space);
    head.requestUri = utf8(bytes, space + 1, stop - version.length - 1);
  }
}

/** False: what follows cannot be read (a CSeq without a method is the end for tshark, and so here). */
function readHeader(bytes: Buffer, line: number, stop: number, base: number, head: SipHead): boolean {
  const colon = bytes.indexOf(codes.colon, line);
  if (colon < 0 || colon >= stop) {
    head.malformed ??= { offset: line - base, reason: 'a header line without a colon' };
    return true;
  }
  if (colon - line > 10) return true;
  const field = headers.get(bytes.toString('latin1', line, colon).toLowerCase());
  if (field === undefined) return true;
  let valueAt = colon + 1;
  while (valueAt < stop && isWhite(bytes[valueAt])) valueAt++;
  const value = utf8(bytes, valueAt, stop);
  switch (field) {
    case 'expires':
      head.expires ??= leadingNumber(value);
      return true;
    case 'contact':
      head.contact = [...(head.contact ?? []), value];
      return true;
    case 'via':
      head.via = [...(head.via ?? []), value];
      return true;
    case 'cseq':
      head.cseq ??= value;
      if (hasMethod(value)) return true;
      head.malformed ??= { offset: valueAt - base, reason: 'CSeq without a method' };
      return false;
    default:
      head[field] ??= value;
      return true;
  }
}

const isWhite = (code: number | undefined): boolean =>
  code === codes.space || code === codes.tab || code === codes.cr || code === codes.lf;

/** As strtoul reads it: what is no number is 0, what is too large is the largest. */
function leadingNumber(value: string): number {
  const digits = /^\s*[+]?(\d+)/.exec(value)?.[1];
  return digits === undefined ? 0 : Number(digits) % 2 ** 32;
}

function hasMethod(cseq: string): boolean {
  const letter = cseq.replace(/^\d*/, '').search(/[a-z]/i);
  return letter >= 0 && cseq.length - cseq.search(/\D/) - letter <= longestMethod;
}

/** Length of the whole message at `at`, by its Content-Length; undefined: its head does not end before `end`. */
export function sipMessageLength(bytes: Buffer, at: number, end: number): number | undefined {
  let line = at;
  let contentLength = 0;
  while (line < end) {
    const stop = lineEnd(bytes, line, end);
    const next = lineNext;
    // A CR at the very end may be half of a line's end.
    if (next === end && bytes[end - 1] !== codes.lf) return undefined;
    if (stop === line) return next - at + contentLength;
    const told = /^(?:content-length|l)\s*:\s*(\d+)/i.exec(bytes.toString('latin1', line, Math.min(stop, line + 64)));
    if (told !== null) contentLength = Number(told[1]);
    line = next;
  }
  return undefined;
}

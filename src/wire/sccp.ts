/** SCCP (Skinny): messages over TCP, every number little-endian but for addresses. Layouts are in sccp.table.ts. */
import { BenchError } from '../errors.js';
import { ByteReader, ByteWriter, type Malformed, malformedOf } from './cursor.js';
import type { SccpFields } from './sccp.fields.js';
import { type SccpLayout, sccpLayouts, sccpMessageName, sccpMessages } from './sccp.table.js';

export { sccpMessageName, sccpMessages, wideAddressBytes } from './sccp.table.js';

export interface SccpMessage {
  /** Bytes from the message id on: 4 and the payload. */
  readonly length: number;
  /** Unreliable (real CallManagers send 0 or the negotiated protocol version): never check it. */
  readonly headerVersion: number;
  readonly messageId: number;
  readonly messageName: string;
  /** Register: deviceName, deviceType, protocolVersion, stationAddress, loadName?; RegisterAck: keepaliveSeconds, secondaryKeepaliveSeconds?, dateTemplate,
   * protocolVersion?; RegisterReject: text; LineStat: line, directoryNumber, name, label; LineStatReq: line; Alarm: severity, text; Reset: type; Unregister: reason?; IpPort: port;
   * CapabilitiesRes: count; ConfigStat: deviceName, serverName, lines, speedDials; DefineTimeDate: year..., unixTime; DisplayPromptStatus: text, ... (sccp.table.ts has all) */
  readonly fields: Readonly<Record<string, string | number>>;
  readonly payload: Uint8Array;
  readonly malformed?: Malformed;
}

const littleEndian = true;
const lengthFieldSize = 4;
/** Length and header version, which the length does not count. */
const uncounted = 8;
const messageIdSize = 4;
const payloadMultiple = 4;
/** The longest known message is an XMLAlarm of 2 KiB; a length above this is no length. */
const longestMessage = 8192;
/** The highest seen is 22. */
const highestHeaderVersion = 0xff;

/** One whole message, header included. Never throws. Bytes behind what a layout knows are only in `payload`. */
export function decodeSccp(bytes: Uint8Array): SccpMessage {
  const reader = new ByteReader(bytes, { littleEndian });
  const header = { length: 0, headerVersion: 0, messageId: 0, messageName: 'unknown' };
  const fields: Record<string, string | number> = {};
  let payload: Uint8Array = new Uint8Array();
  let malformedPayload: Malformed | undefined;
  const malformedFrame = malformedOf(() => {
    header.length = reader.u32('length');
    header.headerVersion = reader.u32('header version');
    if (header.length < messageIdSize) reader.fail(`length ${header.length} leaves no room for a message id`);
    header.messageId = reader.u32('message id');
    header.messageName = sccpMessageName(header.messageId);
    const missing = header.length - messageIdSize - reader.remaining;
    const base = reader.offset;
    payload = reader.bytes(header.length - messageIdSize - Math.max(missing, 0), 'payload');
    const known = sccpLayouts[header.messageName];
    const parts = new ByteReader(payload, { littleEndian, base });
    if (known) malformedPayload = malformedOf(() => readParts(known, parts, fields));
    if (missing > 0) reader.fail(`${missing} bytes of the payload are missing`);
  });
  const malformed = malformedPayload ?? malformedFrame;
  return { ...header, fields, payload, ...(malformed && { malformed }) };
}

/** Does a message of this id exist, and can it be so long? `length` as in the header: bytes from the id on. */
export function sccpCanBe(messageId: number, length: number): boolean {
  const name = sccpMessageName(messageId);
  const known = sccpLayouts[name];
  const payload = length - messageIdSize;
  if (name === 'unknown' || payload < (known?.least ?? 0) || length > longestMessage - uncounted) return false;
  return payload === 0 || known === undefined || known.parts.length > 0;
}

function readParts({ least, parts }: SccpLayout, reader: ByteReader, fields: Record<string, string | number>): void {
  const leastEnd = reader.offset + least;
  for (const part of parts) {
    if (reader.remaining < part.size && reader.offset >= leastEnd) return;
    part.read(reader, fields);
  }
}

/**
 * Encoders for what we send on either side. `fields` as decode tells them; what is not given takes the layout's
 * value; `headerVersion` 0 by default. Throws only for a message with no encoder (programmer's error).
 */
export function encodeSccp(name: string, fields: SccpFields = {}, headerVersion = 0): Uint8Array {
  const known = sccpLayouts[name];
  const messageId = sccpMessages[name];
  if (!known || messageId === undefined) throw new BenchError('INTERNAL', `no encoder for the SCCP message ${name}`);
  const payload = new ByteWriter({ littleEndian });
  const lastGiven = known.parts.findLastIndex(({ field }) => field !== undefined && fields[field] !== undefined);
  known.parts.forEach((part, index) => {
    if (payload.length < known.written || index <= lastGiven) part.write(payload, fields);
  });
  payload.padToMultiple(payloadMultiple);
  return new ByteWriter({ littleEndian })
    .u32(messageIdSize + payload.length)
    .u32(headerVersion)
    .u32(messageId)
    .bytes(payload.finish())
    .finish();
}

interface SccpFramerOptions {
  /**
   * For an observer, whose capture may lack bytes: what follows a header that cannot be true is dropped to the end of
   * its chunk, and the next chunk is taken to begin a message, as senders do with segments. Without it the stream's
   * rest is dropped, as a party to the connection must.
   */
  readonly resume?: boolean;
}

/**
 * Cuts a TCP stream into messages; holds at most 8 KiB. SCCP has nothing to find the next message by, so a length
 * that cannot be true (for an observer: or a header version of more than a byte) ends the stream or the chunk; it is
 * reported once as a malformed message.
 */
export class SccpFramer {
  readonly #resume: boolean;
  #held: Uint8Array = new Uint8Array();
  #lost = false;

  constructor({ resume = false }: SccpFramerOptions = {}) {
    this.#resume = resume;
  }

  get buffered(): number {
    return this.#held.length;
  }

  /** A length that cannot be true has come: the stream cannot be read any further. */
  get lost(): boolean {
    return this.#lost;
  }

  push(chunk: Uint8Array): SccpMessage[] {
    if (this.#lost) return [];
    const messages: SccpMessage[] = [];
    let rest = new ByteWriter().bytes(this.#held).bytes(chunk).finish();
    while (rest.length >= lengthFieldSize) {
      const reason = this.#whyImpossible(rest);
      if (reason !== undefined) {
        const malformed = { offset: 0, reason };
        messages.push({ ...decodeSccp(rest.subarray(0, uncounted)), malformed });
        this.#lost = !this.#resume;
        rest = new Uint8Array();
        break;
      }
      const size = uncounted + new ByteReader(rest, { littleEndian }).u32('length');
      if (rest.length < size) break;
      messages.push(decodeSccp(rest.subarray(0, size)));
      rest = rest.subarray(size);
    }
    this.#held = rest.slice();
    return messages;
  }

  #whyImpossible(header: Uint8Array): string | undefined {
    const reader = new ByteReader(header, { littleEndian });
    const length = reader.u32('length');
    if (length < messageIdSize || length > longestMessage - uncounted) {
      return `length ${length} cannot be true; what follows is dropped`;
    }
    if (!this.#resume || header.length < uncounted) return undefined;
    const version = reader.u32('header version');
    return version > highestHeaderVersion
      ? `header version ${version} cannot be true; what follows is dropped`
      : undefined;
  }
}

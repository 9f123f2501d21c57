import type { Layers } from './layers.js';
import { isSipStart, sipMessageLength } from './sip.js';

const ports = { sccp: 2000, sip: 5060 } as const;
const bounds = {
  /** Directions followed at a time; the one silent longest is forgotten for a new one. */
  flows: 8192,
  sccpMessage: 64 * 1024,
  sipMessage: 1 << 20,
  /** Held back of one direction while an earlier segment is missing. */
  waitingSegments: 64,
  waitingBytes: 128 * 1024,
  /** Held in all. */
  heldBytes: 16 << 20,
  /** A segment so far ahead is of another connection, or damage. */
  windowBytes: 1 << 24,
  /** Segments of a connection on another port that are looked at before it is left alone. */
  tries: 4,
} as const;

/** SCCP's header: length, version and id. Versions that were ever used; longer chains only need their lengths. */
const sccp = { header: 12, leastLength: 4 } as const;
const sccpVersions: ReadonlySet<number> = new Set([0, 10, 11, 15, 16, 17, 18, 19, 20, 21, 22]);

interface Waiting {
  readonly sequence: number;
  readonly length: number;
  /** Absent: its messages were told when it came. */
  readonly payload?: Buffer;
  readonly number: number;
  readonly timestampUs: number;
}

/** One direction of a connection. */
interface Flow {
  readonly source: string;
  readonly destination: string;
  readonly port: 'sccp' | 'sip' | 'other';
  speaks: 'unknown' | 'sccp' | 'sip' | 'nothing';
  next: number | undefined;
  /** Start of a message whose rest has not come yet. */
  held: Buffer | undefined;
  waiting: Waiting[];
  tries: number;
}

export interface StreamMessages {
  /** `missing`: so many bytes of the message's end are not in the capture. */
  sccp(flow: { source: string; destination: string }, bytes: Buffer, at: number, end: number, missing: number): void;
  sip(flow: { source: string; destination: string }, bytes: Buffer, at: number, end: number, missing: number): void;
  /** Does this id belong to a known SCCP message? */
  isSccpMessage(id: number): boolean;
  /** Can that message be so long, counted in bytes from the id on? */
  canBeSccp(id: number, length: number): boolean;
  /** Of the innermost addresses, with these ports. */
  ends(sourcePort: number, destinationPort: number): { source: string; destination: string };
}

/** Sequence numbers count modulo 2^32: the difference as a signed number. */
const distance = (from: number, to: number): number => (to - from) | 0;

/**
 * TCP streams put in order (RFC 9293 3.4) and cut into messages. Bytes seen before count once. A segment ahead of its turn
 * waits, unless it holds whole messages only: those are told in the frame they came in. What the other side has
 * acknowledged and the capture does not hold is not waited for.
 */
export class TcpStreams {
  readonly #layers: Layers;
  readonly #messages: StreamMessages;
  readonly #flows = new Map<string, Flow>();
  #heldBytes = 0;

  constructor(layers: Layers, messages: StreamMessages) {
    this.#layers = layers;
    this.#messages = messages;
  }

  /** The capture has ended: what waits for a segment that never came is told. */
  end(): void {
    for (const flow of this.#flows.values()) while (flow.waiting.length > 0) this.#skip(flow);
  }

  segment(bytes: Buffer, at: number, payloadAt: number, end: number, missing: number): void {
    const { addresses, addressesAt, addressLength } = this.#layers;
    const flags = bytes[at + 13] ?? 0;
    const bits = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;
    const address = addresses.toString('latin1', addressesAt, addressesAt + 2 * addressLength);
    const key = address + bytes.toString('latin1', at, at + 4);
    let flow = this.#flows.get(key);
    if (flags & bits.syn) {
      if (flow !== undefined) this.#forget(key, flow);
      flow = this.#open(key, bytes, at);
      flow.next = (bytes.readUInt32BE(at + 4) + 1) >>> 0;
      return;
    }
    if (flags & bits.ack) this.#acknowledge(address, bytes, at);
    if (end + missing <= payloadAt) return;
    flow ??= this.#open(key, bytes, at);
    if (flow.speaks === 'nothing') return;
    this.#take(flow, bytes.readUInt32BE(at + 4), bytes, payloadAt, end, missing);
    if (flags & bits.rst) this.#forget(key, flow);
    if (this.#heldBytes > bounds.heldBytes) this.#forgetOldest();
  }

  #open(key: string, bytes: Buffer, at: number): Flow {
    if (this.#flows.size >= bounds.flows) this.#forgetOldest();
    const sourcePort = bytes.readUInt16BE(at);
    const destinationPort = bytes.readUInt16BE(at + 2);
    const isOn = (port: number) => sourcePort === port || destinationPort === port;
    const flow: Flow = {
      ...this.#messages.ends(sourcePort, destinationPort),
      port: isOn(ports.sccp) ? 'sccp' : isOn(ports.sip) ? 'sip' : 'other',
      speaks: 'unknown',
      next: undefined,
      held: undefined,
      waiting: [],
      tries: 0,
    };
    this.#flows.set(key, flow);
    return flow;
  }

  #forget(key: string, flow: Flow): void {
    this.#hold(flow, undefined);
    for (const { payload } of flow.waiting) this.#heldBytes -= payload?.length ?? 0;
    flow.waiting = [];
    this.#flows.delete(key);
  }

  /** An eighth of them at once, so that a capture of many connections does not pay for each. */
  #forgetOldest(): void {
    let count = bounds.flows / 8;
    for (const [key, flow] of this.#flows) {
      if (count-- <= 0) return;
      this.#forget(key, flow);
    }
  }

  #hold(flow: Flow, bytes: Buffer | undefined): void {
    this.#heldBytes += (bytes?.length ?? 0) - (flow.held?.length ?? 0);
    flow.held = bytes;
  }

  /** What the other side has, the capture will not bring any more. */
  #acknowledge(address: string, bytes: Buffer, at: number): void {
    const half = address.length / 2;
    const back = address.slice(half) + address.slice(0, half);
    const flow = this.#flows.get(
      back + bytes.toString('latin1', at + 2, at + 4) + bytes.toString('latin1', at, at + 2),
    );
    if (flow === undefined) return;
    const acknowledged = bytes.readUInt32BE(at + 8);
    while (flow.waiting.length > 0 && distance(flow.next ?? 0, acknowledged) > 0) this.#skip(flow);
  }

  #take(flow: Flow, sequence: number, bytes: Buffer, from: number, end: number, missing: number): void {
    const length = end + missing - from;
    flow.next ??= sequence;
    const gap = distance(flow.next, sequence);
    if (gap > bounds.windowBytes || gap < -bounds.windowBytes) {
      // Another connection between the same ends, whose start the capture does not hold.
      this.#hold(flow, undefined);
      flow.next = sequence;
      this.#deliver(flow, sequence, length, bytes, from, end, missing);
    } else if (gap <= 0) {
      if (-gap >= length) return;
      this.#deliver(flow, sequence, length, bytes, Math.min(from - gap, end), end, missing);
      this.#drain(flow, false);
    } else this.#wait(flow, sequence, length, bytes, from, end, missing);
  }

  #deliver(
    flow: Flow,
    sequence: number,
    length: number,
    bytes: Buffer,
    from: number,
    end: number,
    missing: number,
  ): void {
    flow.next = (sequence + length) >>> 0;
    const held = flow.held;
    if (held === undefined) this.#read(flow, bytes, from, end, missing, true);
    else {
      this.#hold(flow, undefined);
      const joined = Buffer.concat([held, bytes.subarray(from, end)]);
      // A few bytes that turn out to begin nothing: the segment is looked at by itself.
      const isStray =
        held.length < 8 &&
        flow.speaks !== 'sip' &&
        (this.#isWhole(flow, bytes, from, end) || !this.#isKnownStart(flow, joined));
      if (isStray) this.#read(flow, bytes, from, end, missing, true);
      else this.#read(flow, joined, 0, joined.length, missing, false);
    }
  }

  #wait(flow: Flow, sequence: number, length: number, bytes: Buffer, from: number, end: number, missing: number): void {
    if (flow.waiting.some((other) => other.sequence === sequence && other.length >= length)) return;
    const { number, timestampUs } = this.#layers;
    const goesOn = flow.waiting.some((other) => other.payload && distance(other.sequence, sequence) === other.length);
    if (missing > 0 || (!goesOn && this.#isWhole(flow, bytes, from, end))) {
      this.#read(flow, bytes, from, end, missing, true, true);
      flow.waiting.push({ sequence, length, number, timestampUs });
    } else {
      // A copy: the frame's buffer is used again.
      const payload = Buffer.from(bytes.subarray(from, end));
      this.#heldBytes += payload.length;
      flow.waiting.push({ sequence, length, payload, number, timestampUs });
    }
    const size = flow.waiting.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0);
    if (flow.waiting.length > bounds.waitingSegments || size > bounds.waitingBytes) this.#skip(flow);
  }

  /** Goes on behind the gap. What waited is told with the frame it came in. */
  #skip(flow: Flow): void {
    const base = flow.next ?? 0;
    const nearest = flow.waiting.reduce((best, each) =>
      distance(base, each.sequence) < distance(base, best.sequence) ? each : best,
    );
    this.#hold(flow, undefined);
    flow.next = nearest.sequence;
    this.#drain(flow, true);
  }

  #drain(flow: Flow, inTheirFrames: boolean): void {
    for (;;) {
      const next = flow.next ?? 0;
      const place = flow.waiting.findIndex(({ sequence }) => distance(next, sequence) <= 0);
      const [ready] = place < 0 ? [] : flow.waiting.splice(place, 1);
      if (ready === undefined) return;
      const known = -distance(next, ready.sequence);
      this.#heldBytes -= ready.payload?.length ?? 0;
      if (known >= ready.length) continue;
      if (ready.payload === undefined) {
        this.#hold(flow, undefined);
        flow.next = (ready.sequence + ready.length) >>> 0;
        continue;
      }
      const layers = this.#layers;
      const { number, timestampUs } = layers;
      if (inTheirFrames) Object.assign(layers, { number: ready.number, timestampUs: ready.timestampUs });
      this.#deliver(flow, ready.sequence, ready.length, ready.payload, known, ready.payload.length, 0);
      Object.assign(layers, { number, timestampUs });
    }
  }

  /** Does a segment begin and end with messages? */
  #isWhole(flow: Flow, bytes: Buffer, from: number, end: number): boolean {
    let at = from;
    if (flow.port === 'sip' || flow.speaks === 'sip') {
      while (at < end && isSipStart(bytes, at, end)) {
        const length = sipMessageLength(bytes, at, end);
        if (length === undefined) return false;
        at += length;
      }
    } else {
      if (!this.#isSccpStart(flow, bytes, at, end)) return false;
      while (end - at >= sccp.header) at += 8 + bytes.readUInt32LE(at);
    }
    return at === end;
  }

  #isKnownStart(flow: Flow, bytes: Buffer): boolean {
    if (!this.#isSccpStart(flow, bytes, 0, bytes.length)) return false;
    return bytes.length < sccp.header || this.#messages.isSccpMessage(bytes.readUInt32LE(8));
  }

  #isSccpStart(flow: Flow, bytes: Buffer, at: number, end: number): boolean {
    const isOurs = flow.port === 'sccp' || flow.speaks === 'sccp';
    // Too little to tell: on SCCP's port the rest is waited for.
    if (end - at < 8) return isOurs;
    const length = bytes.readUInt32LE(at);
    if (length < sccp.leastLength || length > bounds.sccpMessage) return false;
    if (!sccpVersions.has(bytes.readUInt32LE(at + 4))) return false;
    return isOurs || this.#areSccpMessages(bytes, at, end);
  }

  /** On any other port: messages that can be so long, up to the last byte; one that is alone may go on behind it. */
  #areSccpMessages(bytes: Buffer, from: number, end: number): boolean {
    let at = from;
    while (at < end) {
      if (end - at < sccp.header) return false;
      const length = bytes.readUInt32LE(at);
      if (!this.#messages.canBeSccp(bytes.readUInt32LE(at + 8), length)) return false;
      at += 8 + length;
      if (at > end && at - from > 8 + length) return false;
    }
    return true;
  }

  /** `isStart`: nothing of these bytes was held, so that they may begin with anything. */
  #read(
    flow: Flow,
    bytes: Buffer,
    from: number,
    end: number,
    missing: number,
    isStart: boolean,
    isAhead = false,
  ): void {
    if (flow.port !== 'sccp' && isStart) {
      let at = from;
      // Keep-alives of SIP: empty lines.
      while (at < end && (bytes[at] === 13 || bytes[at] === 10)) at++;
      if (isSipStart(bytes, at, end)) flow.speaks = 'sip';
    }
    if (flow.speaks === 'sip') this.#readSip(flow, bytes, from, end, missing, isAhead);
    else if (flow.port !== 'sip') this.#readSccp(flow, bytes, from, end, missing, isStart, isAhead);
  }

  #readSccp(
    flow: Flow,
    bytes: Buffer,
    from: number,
    end: number,
    missing: number,
    isStart: boolean,
    isAhead: boolean,
  ): void {
    if (isStart && !this.#isSccpStart(flow, bytes, from, end)) {
      if (flow.port === 'other' && ++flow.tries >= bounds.tries && flow.speaks === 'unknown') flow.speaks = 'nothing';
      return;
    }
    flow.speaks = 'sccp';
    let at = from;
    let read = 0;
    while (at < end) {
      const left = end - at;
      // What is no length is no message: the rest of the segment is not looked at, the next one begins anew.
      if (left >= 4 && bytes.readUInt32LE(at) < sccp.leastLength) return;
      // Behind the message that was held the segment begins anew, too.
      if (!isStart && at > from && left >= 8 && read++ === 0 && !this.#isSccpStart(flow, bytes, at, end)) return;
      const size = left >= 4 ? 8 + bytes.readUInt32LE(at) : sccp.header;
      if (size > bounds.sccpMessage) return;
      if (left < size) {
        if (missing > 0) this.#messages.sccp(flow, bytes, at, end, size - left);
        else if (!isAhead) this.#hold(flow, Buffer.from(bytes.subarray(at, end)));
        return;
      }
      this.#messages.sccp(flow, bytes, at, at + size, 0);
      at += size;
    }
  }

  #readSip(flow: Flow, bytes: Buffer, from: number, end: number, missing: number, isAhead: boolean): void {
    let at = from;
    while (at < end) {
      while (at < end && (bytes[at] === 13 || bytes[at] === 10)) at++;
      if (at >= end) return;
      const isCut = end - at < 256 && !bytes.subarray(at, end).includes(10);
      const isStart = isSipStart(bytes, at, end);
      if (!isStart && !isCut) return;
      const length = isStart ? sipMessageLength(bytes, at, end) : undefined;
      if (length === undefined || at + length > end) {
        const isLong = end - at > bounds.sipMessage || (length ?? 0) > bounds.sipMessage;
        if (isStart && (missing > 0 || isLong)) this.#messages.sip(flow, bytes, at, end, missing);
        else if (!isAhead) this.#hold(flow, Buffer.from(bytes.subarray(at, end)));
        return;
      }
      this.#messages.sip(flow, bytes, at, at + length, 0);
      at += length;
    }
  }
}

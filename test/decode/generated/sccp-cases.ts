/** SCCP: every message id of protocol-facts 7.2 in every size, over TCP in every shape. */
import { Chance, ethernet, Hosts, ipv4, ipv6, joined, le32, type MadeFrame, tcp, u8 } from './made.js';

const ids = [
  ...[
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x12, 0x20, 0x22,
    0x25, 0x26, 0x27, 0x28, 0x29,
  ],
  ...[
    0x2c, 0x2d, 0x33, 0x34, 0x48, 0x49, 0x81, 0x82, 0x83, 0x85, 0x86, 0x88, 0x8a, 0x8b, 0x8f, 0x90, 0x91, 0x92, 0x93,
    0x94, 0x95, 0x97, 0x98,
  ],
  ...[
    0x99, 0x9a, 0x9b, 0x9d, 0x9e, 0x9f, 0x100, 0x105, 0x106, 0x108, 0x109, 0x110, 0x111, 0x112, 0x113, 0x116, 0x118,
    0x11a, 0x11b, 0x11f, 0x142,
  ],
  ...[0x145, 0x147, 0x149, 0x14a, 0x15a],
];
const versions = [0, 0, 0, 0x0a, 0x0b, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16];

const framed = (id: number, payload: Uint8Array, version: number): Buffer =>
  joined(le32(4 + payload.length), le32(version), le32(id), payload);
const padded = (text: string, size: number): Buffer =>
  Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(size)]).subarray(0, size);

function register(chance: Chance): Buffer {
  const head = joined(
    padded(chance.one(['SEP001122334455', 'SEP0011223344550', 'VGC1', '']), 16),
    le32(0),
    le32(1),
    chance.bytes(4),
    le32(chance.one([7, 8, 30018, 308, 309, 497, 9999])),
    le32(0),
    le32(0),
    u8(chance.one([3, 4, 11, 15, 17, 20, 22]), 0),
    chance.bytes(2),
  );
  const tail = joined(
    le32(0),
    le32(0),
    chance.bytes(6),
    Buffer.alloc(6),
    le32(0),
    le32(2),
    Buffer.alloc(16),
    le32(0),
    padded('SCCP41.8-5-3S', 32),
    padded('{0}', 48),
  );
  return joined(head, tail.subarray(0, chance.one([24, 80, tail.length])));
}

function payloadOf(chance: Chance, id: number): Buffer {
  switch (id) {
    case 0x00:
    case 0x100:
    case 0x9b:
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x0f:
    case 0x25:
    case 0x28:
      return u8();
    case 0x01:
      return register(chance);
    case 0x81: {
      const ack = joined(
        le32(30),
        padded(chance.one(['M/D/YA', 'D.M.YA', 'Unused']), 6),
        chance.bytes(2),
        le32(60),
        u8(chance.one([3, 11, 18, 20, 22]), 0x20, 0xf1, 0xff),
      );
      return ack;
    }
    case 0x9d:
      return padded(chance.one(['Bench: not allowed', 'Error: DB Config', '']), chance.one([32, 33, 36]));
    case 0x92:
      return joined(
        le32(1 + chance.number(6)),
        padded(`${1000 + chance.number(9000)}`, 24),
        padded('Lab', 40),
        padded('1000', 40),
        le32(15),
      );
    case 0x0b:
    case 0x0a:
    case 0x09:
    case 0x9f:
    case 0x02:
    case 0x118:
    case 0x11b:
      return le32(chance.number(5));
    case 0x94:
      return joined([2026, 6, 4, 4, 11, 37, 17, 0, 1780573037].map((value) => le32(value)));
    case 0x10:
      return joined(
        le32(3),
        Array.from({ length: 18 }, () => joined(le32(4), le32(20), Buffer.alloc(8))),
      );
    case 0x20:
      return joined(le32(2), padded('25: Name=SEP001122334455 Load=8.1', 80), le32(0), le32(0));
    case 0x15a:
      return Buffer.from('<x-cisco-alarm><Alarm Name="LastOutOfServiceInformation"/></x-cisco-alarm> ');
    default:
      // Long enough for whatever tshark reads of it, with lists of nothing.
      return Buffer.alloc(4 * (220 + chance.number(10)));
  }
}

export const sccpMessage = (chance: Chance): Buffer => {
  const id = chance.one(ids);
  return framed(id, payloadOf(chance, id), chance.one(versions));
};

interface Piece {
  readonly sequence: number;
  readonly bytes: Buffer;
}

/** The stream cut into segments: at its messages or anywhere but inside a message's first eight bytes. */
function pieces(chance: Chance, messages: readonly Buffer[], sequence: number): Piece[] {
  const found: Piece[] = [];
  let at = sequence;
  let held: Buffer = u8();
  const flush = () => {
    if (held.length > 0) found.push({ sequence: at, bytes: held });
    at = (at + held.length) >>> 0;
    held = u8();
  };
  for (const message of messages) {
    const cut = chance.once(4) && message.length > 12 ? 9 + chance.number(message.length - 9) : 0;
    if (cut > 0) {
      held = joined(held, message.subarray(0, cut));
      flush();
    }
    held = joined(held, message.subarray(cut));
    if (!chance.once(3)) flush();
  }
  flush();
  return found;
}

/** What happens to segments on their way. */
function travelled(chance: Chance, list: readonly Piece[], way: Way): Piece[] {
  const on: Piece[] = [];
  for (const [index, piece] of list.entries()) {
    const last = list[index - 1];
    const next = list[index + 1];
    if (way === 'swap' && next !== undefined && chance.once(4)) on.push(next);
    if (way === 'gap' && chance.once(6)) continue;
    if (way === 'overlap' && last !== undefined && chance.once(3)) {
      const extra = last.bytes.subarray(chance.number(last.bytes.length));
      on.push({ sequence: (piece.sequence - extra.length) >>> 0, bytes: joined(extra, piece.bytes) });
    } else on.push(piece);
    if (way !== 'repeat') continue;
    if (chance.once(10)) on.push(piece);
    if (chance.once(12) && last !== undefined) on.push(last);
    if (chance.once(15) && index > 0) on.push({ sequence: (piece.sequence - 1) >>> 0, bytes: u8(0) });
  }
  return on;
}

/** `swap`: a segment ahead of its turn, which comes once more behind it. */
export type Way = 'none' | 'repeat' | 'overlap' | 'swap' | 'gap';

export function sccpCases(seed: number, count: number, way: Way = 'repeat'): MadeFrame[] {
  const chance = new Chance(seed);
  const hosts = new Hosts();
  const frames: MadeFrame[] = [];
  while (frames.length < count) {
    const { phone, server, number } = hosts.pair();
    const isIpv6 = chance.once(6);
    const push = (isUp: boolean, segment: Buffer) =>
      frames.push({
        bytes: isIpv6
          ? ethernet(
              0x86dd,
              isUp ? ipv6(2 * number, 2 * number + 1, 6, segment) : ipv6(2 * number + 1, 2 * number, 6, segment),
            )
          : ethernet(0x0800, ipv4({ from: isUp ? phone : server, to: isUp ? server : phone, protocol: 6 }, segment)),
      });
    // Over the wrap of sequence numbers tshark takes what follows a repeated segment for repeated, too.
    const wraps = chance.once(4);
    const starts = { up: wraps ? 0xffffff80 : chance.number(1e9), down: chance.number(1e9) };
    if (!chance.once(4)) {
      push(true, tcp({ from: 49152, to: 2000, sequence: starts.up - 1, flags: 'S' }, u8()));
      push(
        false,
        tcp({ from: 2000, to: 49152, sequence: starts.down - 1, acknowledged: starts.up, flags: 'SA' }, u8()),
      );
    }
    const talk = (isUp: boolean) => {
      const messages = Array.from({ length: 1 + chance.number(6) }, () => sccpMessage(chance));
      const start = isUp ? starts.up : starts.down;
      for (const { sequence, bytes } of travelled(
        chance,
        pieces(chance, messages, start),
        wraps && way === 'repeat' ? 'none' : way,
      ))
        push(
          isUp,
          isUp
            ? tcp({ from: 49152, to: 2000, sequence, acknowledged: starts.down }, bytes)
            : tcp({ from: 2000, to: 49152, sequence, acknowledged: starts.up }, bytes),
        );
      const size = messages.reduce((sum, message) => sum + message.length, 0);
      if (isUp) starts.up = (starts.up + size) >>> 0;
      else starts.down = (starts.down + size) >>> 0;
      const ack = isUp
        ? tcp({ from: 2000, to: 49152, sequence: starts.down, acknowledged: starts.up, flags: 'A' }, u8())
        : tcp({ from: 49152, to: 2000, sequence: starts.up, acknowledged: starts.down, flags: 'A' }, u8());
      push(!isUp, ack);
    };
    for (let turn = chance.number(4); turn >= 0; turn--) {
      talk(true);
      talk(false);
    }
  }
  return frames;
}

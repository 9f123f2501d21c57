/** CDP: every TLV of protocol-facts 3.3, whole and broken. */
import { Chance, ethernet, joined, type MadeFrame, snap, u8, u16, u32 } from './made.js';

const tlv = (type: number, value: Uint8Array, length = 4 + value.length): Buffer =>
  joined(u16(type), u16(length), value);

/** Cisco's sum (protocol-facts 3.2). */
function ciscoSum(bytes: Buffer): number {
  let sum = 0;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) {
    const last = bytes[even] ?? 0;
    sum += last >= 0x80 ? 0xff00 + last - 1 : last;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function message(version: number, tlvs: readonly Uint8Array[], sumIsRight = true): Buffer {
  const bytes = joined(u8(version, 180), u16(0), ...tlvs);
  bytes.writeUInt16BE(sumIsRight ? ciscoSum(bytes) : 0x1234, 2);
  return bytes;
}

const address = (kind: number, protocol: Uint8Array, value: Uint8Array, length = value.length): Buffer =>
  joined(u8(kind, protocol.length), protocol, u16(length), value);
const ipv4Protocol = u8(0xcc);
const ipv6Protocol = Buffer.from('aaaa0300000086dd', 'hex');

function addressValue(chance: Chance): Buffer {
  const kinds = [
    () => address(1, ipv4Protocol, chance.bytes(4)),
    () => address(1, ipv4Protocol, chance.bytes(4)),
    () => address(2, ipv6Protocol, chance.bytes(16)),
    () => address(1, u8(0x81), chance.bytes(chance.number(20))),
    () => address(1, ipv4Protocol, chance.bytes(chance.number(8))),
    () => address(2, chance.bytes(8), chance.bytes(6)),
    () => address(2, ipv6Protocol, chance.bytes(chance.number(18))),
    () => address(chance.number(4), chance.bytes(chance.number(9)), chance.bytes(chance.number(20))),
    () => address(2, Buffer.from('aaaa03000000809b', 'hex'), chance.bytes(3)),
    () => address(1, ipv4Protocol, chance.bytes(4), chance.number(300)),
  ];
  const list = Array.from({ length: chance.number(4) }, () => chance.one(kinds)());
  const count = chance.once(8)
    ? chance.one([0, list.length + 1, Math.max(list.length - 1, 0), 0x10000000])
    : list.length;
  return joined(u32(count), list, chance.once(10) ? chance.bytes(chance.number(6)) : u8());
}

function anyTlv(chance: Chance): Buffer {
  const type = chance.once(8)
    ? chance.one([0, 0x0c, 0x0d, 0x1c, 0x1e, 0x20, 0x21, 0x22, 0x1000, 0x1003, 0x100d, 0x2000, 0xffff])
    : 1 + chance.number(0x1f);
  return chance.once(10) && type !== 5
    ? tlv(type, chance.bytes(chance.number(40)))
    : tlv(type, usualValue(type, chance));
}

function usualValue(type: number, chance: Chance): Uint8Array {
  switch (type) {
    case 0x01:
    case 0x03:
    case 0x05:
    case 0x06:
    case 0x09:
    case 0x14:
      return chance.text(type === 5 ? 200 : 30);
    case 0x02:
    case 0x16:
      return addressValue(chance);
    case 0x04:
    case 0x11:
      return chance.bytes(4);
    case 0x07:
      return chance.bytes(chance.one([4, 5, 10, 15, 0]));
    case 0x08:
      return joined(u8(0, 0, 0x0c), u16(chance.one([0x0112, 0x0112, 5])), chance.bytes(27));
    case 0x0a:
      return u16(chance.number(4097));
    case 0x0b:
    case 0x12:
    case 0x13:
      return u8(chance.one([0, 1, 2, 255]));
    case 0x0e:
      return joined(
        u8(chance.one([1, 0, 0x20])),
        chance.one([u16(110), u16(0), u16(4095), u16(4096)]),
        chance.once(5) ? chance.bytes(2) : u8(),
      );
    case 0x0f:
      return chance.one([u8(0x20, 2, 0, 1), u8(0x20, 0), u8(1, 0, 110), u8(0x20)]);
    case 0x10:
      return u16(chance.number(65536));
    case 0x15:
      return Buffer.from('060a2b0601040109010203', 'hex');
    case 0x17:
      return joined(u8(0), chance.text(20));
    case 0x19:
    case 0x1a:
      return joined(
        u16(chance.number(65536)),
        u16(chance.number(65536)),
        Array.from({ length: chance.number(6) }, () => u32(chance.one([15400, 6300, 0xffffffff, 0]))),
        chance.once(8) ? chance.bytes(chance.number(4)) : u8(),
      );
    case 0x1d:
      return energyWise(chance);
    case 0x1b:
    case 0x1f:
      return chance.bytes(1);
    default:
      return chance.bytes(chance.number(24));
  }
}

function energyWise(chance: Chance): Buffer {
  const entry = (kind: number, value: Buffer) => joined(u32(kind), u32(8 + value.length), value);
  const kinds = [
    () => entry(7, chance.text(20)),
    () => entry(8, chance.text(20)),
    () => entry(9, chance.text(20)),
    () => entry(0x17, chance.bytes(14)),
    () => entry(chance.number(64), chance.bytes(chance.number(9))),
  ];
  const entries = Array.from({ length: chance.number(4) }, () => chance.one(kinds)());
  const table = joined(entries);
  return joined(chance.bytes(68), u16(table.length), u16(entries.length), table);
}

/** One of each TLV alone, with its length some bytes short and long. */
function lengths(): MadeFrame[] {
  const chance = new Chance(7);
  const frames: MadeFrame[] = [];
  for (let type = 0; type <= 0x21; type++)
    for (let length = 0; length <= 12; length++)
      for (const behind of [tlv(0x06, Buffer.from('Cisco')), u8()])
        frames.push({
          bytes: snap(
            0x00000c,
            0x2000,
            message(2, [
              tlv(1, Buffer.from('SEP1')),
              tlv(type, type === 5 ? chance.text(length) : chance.bytes(length)),
              behind,
            ]),
          ),
        });
  return frames;
}

function wrapped(chance: Chance, payload: Buffer): MadeFrame {
  const whole = snap(0x00000c, 0x2000, payload);
  switch (chance.number(10)) {
    case 0:
      return { bytes: ethernet(0x8100, joined(u16(100), whole.subarray(12))) };
    case 1:
      return { bytes: joined(u8(0x8f, 0, 0x20, 0), payload), linkType: 104 };
    case 2: {
      const kept = chance.number(whole.length);
      return { bytes: whole.subarray(0, kept), missing: whole.length - kept };
    }
    default:
      return { bytes: whole };
  }
}

export function cdpCases(seed: number, count: number): MadeFrame[] {
  const chance = new Chance(seed);
  const frames: MadeFrame[] = lengths();
  for (let index = 0; index < count; index++) {
    const tlvs = Array.from({ length: chance.number(10) }, () => anyTlv(chance));
    const payload = message(chance.one([2, 2, 1, 3]), tlvs, !chance.once(8));
    if (chance.once(6)) payload.writeUInt8(chance.number(256), chance.number(payload.length));
    const cut = chance.once(8) ? payload.subarray(0, chance.number(payload.length)) : payload;
    frames.push(wrapped(chance, cut));
  }
  return frames;
}

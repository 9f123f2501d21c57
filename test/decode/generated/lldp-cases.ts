/** LLDP and LLDP-MED: every TLV of protocol-facts 4, whole and broken. */
import { Chance, ethernet, joined, type MadeFrame, padded, u8, u16, u32 } from './made.js';

const tlv = (type: number, value: Uint8Array, length = value.length): Buffer =>
  joined(u16((type << 9) | (length & 0x1ff)), value);
const organisation = (oui: number, subtype: number, value: Uint8Array): Buffer =>
  tlv(127, joined(u8(oui >>> 16, (oui >>> 8) & 0xff, oui & 0xff, subtype), value));
const ouis = { ieee8021: 0x0080c2, ieee8023: 0x00120f, med: 0x0012bb } as const;

const ids = (chance: Chance, address: number, mac: number): Buffer => {
  const subtype = chance.number(9);
  if (chance.once(8)) return joined(u8(subtype), chance.bytes(chance.number(20)));
  if (subtype === mac) return joined(u8(subtype), chance.bytes(6));
  if (subtype === address)
    return chance.one([
      () => joined(u8(subtype, 1), chance.bytes(4)),
      () => joined(u8(subtype, 2), chance.bytes(16)),
      () => joined(u8(subtype, chance.number(256)), chance.bytes(chance.number(8))),
    ])();
  return joined(u8(subtype), chance.text(20));
};

function managementAddress(chance: Chance): Buffer {
  const [family, address] = chance.one([
    [1, chance.bytes(4)],
    [2, chance.bytes(16)],
    [6, chance.bytes(6)],
    [chance.number(256), chance.bytes(1 + chance.number(8))],
  ] as const);
  const oid = chance.bytes(chance.once(3) ? chance.number(12) : 0);
  return joined(
    u8(address.length + 1, family),
    address,
    u8(chance.number(4)),
    u32(chance.number(1000)),
    u8(oid.length),
    oid,
  );
}

function med(chance: Chance): Buffer {
  const subtype = chance.once(12) ? chance.number(256) : 1 + chance.number(11);
  const { med: oui } = ouis;
  switch (subtype) {
    case 1:
      return organisation(oui, 1, joined(u16(chance.number(64)), u8(chance.number(6))));
    case 2:
      return organisation(oui, 2, joined(u8(1 + chance.number(9)), chance.bytes(3)));
    case 3:
      return organisation(
        oui,
        3,
        chance.one([
          () => joined(u8(1), chance.bytes(16)),
          () => joined(u8(2), civic(chance)),
          () => joined(u8(3), Buffer.from('4915112345678')),
          () => chance.bytes(chance.number(20)),
        ])(),
      );
    case 4:
      return organisation(oui, 4, joined(u8(chance.number(256)), u16(chance.number(1024))));
    default:
      return organisation(oui, subtype, chance.text(36));
  }
}

function civic(chance: Chance): Buffer {
  const parts = Array.from({ length: chance.number(4) }, () => {
    const text = chance.text(12);
    return joined(u8(chance.one([0, 1, 3, 6, 19, 25, 128]), text.length), text);
  });
  const all = joined(u8(chance.number(3)), Buffer.from('DE'), parts);
  return joined(u8(all.length), all);
}

function ieee8023(chance: Chance): Buffer {
  const { ieee8023: oui } = ouis;
  const mdi = joined(u8(chance.number(16), chance.number(4), chance.number(6)));
  return chance.one([
    () => organisation(oui, 1, joined(u8(chance.number(4)), u16(chance.number(65536)), u16(chance.number(40)))),
    () => organisation(oui, 2, mdi),
    () => organisation(oui, 2, joined(mdi, u8(chance.number(256)), u16(chance.number(1000)), u16(chance.number(1000)))),
    () => organisation(oui, 2, joined(mdi, chance.bytes(22))),
    () => organisation(oui, 2, joined(mdi, chance.bytes(chance.number(25)))),
    () => organisation(oui, 3, joined(u8(3), u32(7))),
    () => organisation(oui, 4, u16(1522)),
    () => organisation(oui, 5, chance.bytes(8 + chance.number(6))),
    () => organisation(oui, chance.number(12), chance.bytes(chance.number(30))),
  ])();
}

function ieee8021(chance: Chance): Buffer {
  const { ieee8021: oui } = ouis;
  return chance.one([
    () => organisation(oui, 1, u16(chance.number(4096))),
    () => organisation(oui, 2, joined(u8(6), u16(chance.number(4096)))),
    () => {
      const name = chance.text(32);
      return organisation(oui, 3, joined(u16(chance.number(4096)), u8(name.length), name));
    },
    () => {
      const identity = chance.bytes(chance.number(9));
      return organisation(oui, 4, joined(u8(identity.length), identity));
    },
    () => organisation(oui, 7, joined(u8(3), u32(7))),
    () => organisation(oui, 9, joined(u8(0), chance.bytes(20))),
    () => organisation(oui, 0xb, chance.bytes(2)),
    () => organisation(oui, 0xc, joined(u8(0), chance.bytes(3 * chance.number(4)))),
    () => organisation(oui, chance.number(16), chance.bytes(chance.number(30))),
  ])();
}

function anyTlv(chance: Chance): Buffer {
  // Not 7 and 8: behind those tshark goes on at a place of its own, whatever length they tell.
  if (chance.once(15))
    return tlv(chance.one([0, 1, 2, 3, 4, 5, 6, 9 + chance.number(119)]), chance.bytes(chance.number(24)));
  return chance.one([
    () => tlv(4, chance.text(40)),
    () => tlv(5, chance.text(40)),
    () => tlv(6, chance.text(200)),
    () => tlv(7, joined(u16(chance.number(1024)), u16(chance.number(1024)))),
    () => tlv(8, managementAddress(chance)),
    () => med(chance),
    () => med(chance),
    () => med(chance),
    () => ieee8023(chance),
    () => ieee8021(chance),
    () => organisation(chance.one([0x0026ff, 0x123456]), chance.number(10), chance.bytes(chance.number(24))),
  ])();
}

export function lldpCases(seed: number, count: number): MadeFrame[] {
  const chance = new Chance(seed);
  const frames: MadeFrame[] = [];
  for (let index = 0; index < count; index++) {
    const mandatory = [
      tlv(1, ids(chance, 5, 4)),
      tlv(2, ids(chance, 4, 3)),
      tlv(3, u16(chance.one([120, 180, 0, 65535]))),
    ];
    if (chance.once(40)) mandatory.splice(chance.number(3), 1);
    const payload = joined(
      mandatory,
      Array.from({ length: chance.number(12) }, () => anyTlv(chance)),
      chance.once(10) ? u8() : u16(0),
    );
    if (chance.once(8)) payload.writeUInt8(chance.number(256), chance.number(Math.min(payload.length, 12)));
    const cut = chance.once(10) ? payload.subarray(0, chance.number(payload.length)) : payload;
    const tags = chance.once(10)
      ? ([[0x8100, 100]] as const)
      : chance.once(10)
        ? ([
            [0x88a8, 5],
            [0x8100, 6],
          ] as const)
        : [];
    const frame = ethernet(0x88cc, chance.once(20) ? joined(cut, chance.bytes(6)) : cut, tags);
    if (chance.once(10)) {
      const kept = chance.number(frame.length);
      frames.push({ bytes: frame.subarray(0, kept), missing: frame.length - kept });
    } else frames.push({ bytes: padded(frame) });
  }
  return frames;
}

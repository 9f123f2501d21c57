/** One TFTP request in every wrapping that a capture may have: link types, tags, IPv4 and IPv6 with all that they allow. */
import {
  Chance,
  ethernet,
  type Ip4,
  ipv4,
  ipv6,
  ipv6Bytes,
  joined,
  type MadeFrame,
  snap,
  u8,
  u16,
  u32,
  udp,
} from './made.js';

const ipTypes = { 4: 0x0800, 6: 0x86dd } as const;
type Version = keyof typeof ipTypes;
type Wrap = (packet: Buffer, version: Version, chance: Chance) => { readonly bytes: Buffer; readonly linkType: number };

const mac = u8(0, 0x1b, 0x54, 0, 0, 9);
const wraps: readonly Wrap[] = [
  (packet, version) => ({ linkType: 1, bytes: ethernet(ipTypes[version], packet) }),
  (packet, version) => ({ linkType: 1, bytes: joined(ethernet(ipTypes[version], packet), u32(0x12345678)) }),
  (packet, version) => ({ linkType: 1, bytes: ethernet(ipTypes[version], packet, [[0x8100, 0xa06e]]) }),
  (packet, version) => ({
    linkType: 1,
    bytes: ethernet(ipTypes[version], packet, [
      [0x88a8, 5],
      [0x8100, 6],
    ]),
  }),
  (packet, version) => ({
    linkType: 1,
    bytes: ethernet(ipTypes[version], packet, [
      [0x9100, 5],
      [0x8100, 6],
    ]),
  }),
  (packet, version) => ({
    linkType: 1,
    bytes: ethernet(ipTypes[version], packet, [
      [0x8100, 5],
      [0x8100, 6],
      [0x8100, 7],
    ]),
  }),
  (packet, version) => ({ linkType: 1, bytes: snap(0, ipTypes[version], packet) }),
  (packet, version) => ({ linkType: 1, bytes: snap(0x0000f8, ipTypes[version], packet) }),
  (packet, version) => ({
    linkType: 1,
    bytes: ethernet(
      0x8864,
      joined(u8(0x11, 0), u16(7), u16(packet.length + 2), u16(version === 4 ? 0x21 : 0x57), packet),
    ),
  }),
  (packet) => ({ linkType: 1, bytes: ethernet(0x8847, joined(u32((100 << 12) | 0x140), packet)) }),
  (packet, version, chance) => ({
    linkType: 113,
    bytes: joined(u16(chance.number(5)), u16(1), u16(6), mac, u16(0), u16(ipTypes[version]), packet),
  }),
  (packet, version) => ({
    linkType: 113,
    bytes: joined(u16(0), u16(772), u16(6), Buffer.alloc(8), u16(ipTypes[version]), packet),
  }),
  (packet, version) => ({
    linkType: 113,
    bytes: joined(u16(0), u16(1), u16(6), mac, u16(0), u16(0x8100), u16(110), u16(ipTypes[version]), packet),
  }),
  (packet, version) => ({
    linkType: 276,
    bytes: joined(u16(ipTypes[version]), u16(0), u32(3), u16(1), u8(0, 6), mac, u16(0), packet),
  }),
  (packet) => ({ linkType: 101, bytes: packet }),
  (packet, version) => ({ linkType: version === 4 ? 228 : 229, bytes: packet }),
  (packet) => ({ linkType: 12, bytes: packet }),
  (packet, version, chance) => {
    const family = version === 4 ? 2 : chance.one([10, 24, 28, 30]);
    return { linkType: 0, bytes: joined(chance.once(2) ? u32(family) : Buffer.from(u32(family)).reverse(), packet) };
  },
  (packet, version, chance) => ({
    linkType: 108,
    bytes: joined(u32(version === 4 ? 2 : chance.one([24, 28, 30])), packet),
  }),
  (packet, version) => ({ linkType: 9, bytes: joined(u8(0xff, 3), u16(version === 4 ? 0x21 : 0x57), packet) }),
  (packet, version) => ({ linkType: 9, bytes: joined(u16(version === 4 ? 0x21 : 0x57), packet) }),
  (packet, version) => ({ linkType: 50, bytes: joined(u8(0xff, 3), u16(version === 4 ? 0x21 : 0x57), packet) }),
  (packet, version) => ({ linkType: 104, bytes: joined(u8(0x0f, 0), u16(ipTypes[version]), packet) }),
  (packet, version) => ({
    linkType: 51,
    bytes: joined(u8(0x11, 0), u16(7), u16(packet.length + 2), u16(version === 4 ? 0x21 : 0x57), packet),
  }),
];

const requestOf = (chance: Chance): Buffer =>
  joined(u16(1), Buffer.from(`file${chance.number(10000)}.cnf.xml`), u8(0), Buffer.from('octet'), u8(0));

/** What stands before a UDP datagram in IPv4. */
function inIpv4(chance: Chance, number: number, datagram: Buffer): Buffer[] {
  const ends: Ip4 = {
    from: `10.3.${number >>> 8}.${number & 0xff}`,
    to: `10.4.${number >>> 8}.${number & 0xff}`,
    protocol: 17,
    id: 1 + chance.number(60000),
  };
  const part = (from: number, to: number, bytes = datagram.subarray(from, to)) =>
    ipv4({ ...ends, offset: from, more: to < datagram.length }, bytes);
  const half = 8 * Math.floor(datagram.length / 16);
  return chance.one<() => Buffer[]>([
    () => [ipv4(ends, datagram)],
    () => [ipv4({ ...ends, options: Buffer.from('94040000', 'hex') }, datagram)],
    () => [ipv4({ ...ends, options: joined(u8(7, 35, 4), Buffer.alloc(32), u8(0)) }, datagram)],
    () => [ipv4({ ...ends, options: u8(1, 1, 1, 0) }, datagram)],
    () => [joined(ipv4(ends, datagram), chance.bytes(chance.number(12)))],
    () => [ipv4({ ...ends, totalLength: 0 }, datagram)],
    () => [ipv4({ ...ends, totalLength: 20 + datagram.length + 40 }, datagram)],
    () => [part(0, half), part(half, datagram.length)],
    () => [part(half, datagram.length), part(0, half)],
    () => [part(0, half), part(0, half), part(half, datagram.length)],
    () => [part(0, half + 8), part(half, datagram.length)],
    () => [part(half, datagram.length), part(0, half + 8)],
    () => [part(8, 16), part(16, datagram.length), part(0, 8)],
    () => [part(0, half), part(half, datagram.length), part(half, datagram.length)],
    () => [part(half, datagram.length)],
    () => [part(0, half)],
    () => [ipv4({ ...ends, protocol: 4 }, ipv4(ends, datagram))],
    () => [ipv4({ ...ends, protocol: 47 }, joined(u16(0), u16(0x0800), ipv4(ends, datagram)))],
    () => [ipv4({ ...ends, protocol: 41 }, ipv6(number, number + 1, 17, datagram))],
    () => [ipv4({ ...ends, protocol: 51 }, joined(u8(17, 4), u16(0), u32(1), u32(2), Buffer.alloc(12), datagram))],
  ])();
}

function inIpv6(chance: Chance, number: number, datagram: Buffer): Buffer[] {
  const [a, b] = [0x4000 + 2 * number, 0x4001 + 2 * number];
  const options = (next: number) => joined(u8(next, 0, 1, 4), u32(0));
  const routing = (next: number) => joined(u8(next, 2, 0, 0), u32(0), ipv6Bytes(b));
  const id = 1 + chance.number(60000);
  const part = (from: number, to: number) =>
    ipv6(a, b, 44, joined(u8(17, 0), u16(from | (to < datagram.length ? 1 : 0)), u32(id), datagram.subarray(from, to)));
  const half = 8 * Math.floor(datagram.length / 16);
  return chance.one<() => Buffer[]>([
    () => [ipv6(a, b, 17, datagram)],
    () => [ipv6(a, b, 0, joined(options(17), datagram))],
    () => [ipv6(a, b, 60, joined(options(17), datagram))],
    () => [ipv6(a, b, 43, joined(routing(17), datagram))],
    () => [ipv6(a, b, 0, joined(options(43), routing(60), options(17), datagram))],
    () => [ipv6(a, b, 44, joined(u8(17, 0), u16(0), u32(id), datagram))],
    () => [part(0, half), part(half, datagram.length)],
    () => [part(half, datagram.length), part(0, half)],
    () => [ipv6(a, b, 17, datagram, 0)],
    () => [joined(ipv6(a, b, 17, datagram), chance.bytes(5))],
    () => [ipv6(a, b, 51, joined(u8(17, 4), u16(0), u32(1), u32(2), Buffer.alloc(12), datagram))],
    () => [
      ipv6(a, b, 4, ipv4({ from: '10.5.0.1', to: `10.6.${number >>> 8}.${number & 0xff}`, protocol: 17 }, datagram)),
    ],
    () => [ipv6(a, b, 59, datagram)],
  ])();
}

/** Tunnels in UDP. */
function tunnelled(chance: Chance, packet: Buffer, version: Version): readonly [number, Buffer] {
  const frame = ethernet(ipTypes[version], packet);
  return chance.one<() => readonly [number, Buffer]>([
    () => [4789, joined(u32(0x08000000), u32(0x100), frame)],
    () => [6081, joined(u16(0), u16(0x6558), u32(0x100), frame)],
    () => [2152, joined(u8(0x30, 0xff), u16(packet.length), u32(1), packet)],
    () => [5247, joined(u8(0, 0x10), u16(0), u32(0), frame)],
    () => [37008, joined(u8(1, 0), u16(1), u8(1), frame)],
  ])();
}

export function linkCases(seed: number, count: number): MadeFrame[] {
  const chance = new Chance(seed);
  const frames: MadeFrame[] = [];
  for (let number = 1; frames.length < count; number++) {
    const payload = requestOf(chance);
    const length = chance.once(20)
      ? chance.one([0, 4, 8 + payload.length + 20, 8 + payload.length - 4])
      : 8 + payload.length;
    const datagram = udp(40000 + chance.number(9000), 69, payload, length);
    const version: Version = chance.once(3) ? 6 : 4;
    let packets = version === 4 ? inIpv4(chance, number, datagram) : inIpv6(chance, number, datagram);
    if (packets.length === 1 && chance.once(10)) {
      const [port, inner] = tunnelled(chance, packets[0] as Buffer, version);
      const outer = udp(50000, port, inner);
      packets = [
        version === 4 ? ipv4({ from: '10.7.0.1', to: '10.7.0.2', protocol: 17 }, outer) : ipv6(7, 8, 17, outer),
      ];
    }
    const wrap = chance.one(wraps);
    for (const packet of packets) {
      const { bytes, linkType } = wrap(packet, version, chance);
      // tshark shows nothing of what the capture cut behind an IPv6 fragment header.
      const isCut = chance.once(25) && linkType !== 51 && !(version === 6 && packet[6] === 44);
      const kept = isCut ? chance.number(bytes.length) : bytes.length;
      frames.push({ bytes: bytes.subarray(0, kept), linkType, missing: bytes.length - kept });
    }
  }
  return frames;
}

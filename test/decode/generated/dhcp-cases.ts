/** DHCP and BOOTP: options of protocol-facts 5 and others, split, overloaded, broken. */
import { Chance, ethernet, Hosts, ipv4, joined, type MadeFrame, u8, u16, u32, udp } from './made.js';

const option = (code: number, value: Uint8Array, length = value.length): Buffer =>
  joined(u8(code, length & 0xff), value);
const addresses = (chance: Chance, most = 3): Buffer => chance.bytes(4 * (1 + chance.number(most)));

const usual: Readonly<Record<number, (chance: Chance) => Uint8Array>> = {
  1: (chance) => chance.one([u8(255, 255, 255, 0), u8(255, 255, 0, 0)]),
  3: (chance) => addresses(chance),
  6: (chance) => addresses(chance),
  12: (chance) => chance.text(20),
  15: (chance) => chance.text(20),
  28: (chance) => chance.bytes(4),
  35: (chance) => u32(chance.number(1000)),
  42: (chance) => addresses(chance),
  43: (chance) =>
    chance.one([() => chance.bytes(1 + chance.number(20)), () => joined(u8(1, 4), chance.bytes(4), u8(255))])(),
  50: (chance) => chance.bytes(4),
  51: (chance) => u32(chance.one([3600, 86400, 0xffffffff, 0])),
  53: (chance) => u8(chance.once(10) ? chance.number(20) : 1 + chance.number(8)),
  54: (chance) => chance.bytes(4),
  55: (chance) => chance.one([u8(1, 66, 6, 3, 15, 150, 35), chance.bytes(1 + chance.number(12))]),
  56: (chance) => chance.text(30),
  57: (chance) => u16(576 + chance.number(1000)),
  58: () => u32(1800),
  59: () => u32(3150),
  60: (chance) =>
    chance.one([
      Buffer.from('Cisco Systems, Inc. IP Phone CP-7911G\0'),
      Buffer.from('MSFT 5.0'),
      chance.text(30),
      Buffer.from('udhcp 1.35.0\0\0'),
    ]),
  61: (chance) =>
    chance.one([
      () => joined(u8(1), chance.bytes(6)),
      () => joined(u8(255), chance.bytes(16)),
      () => joined(u8(0), chance.text(12)),
    ])(),
  66: (chance) => chance.one([Buffer.from('10.110.0.1'), Buffer.from('tftp.example.com\0'), chance.text(20)]),
  67: (chance) => chance.text(20),
  77: (chance) => option(4, chance.bytes(4)).subarray(1),
  81: () => joined(u8(0, 0, 0), Buffer.from('phone.example.com')),
  82: (chance) => joined(option(1, chance.text(8)), option(2, chance.bytes(6))),
  93: () => u16(0),
  116: () => u8(1),
  119: () => Buffer.from('076578616d706c6503636f6d00', 'hex'),
  120: (chance) => joined(u8(1), addresses(chance)),
  121: () => Buffer.from('180a0a0a0a0a0a01', 'hex'),
  125: () => Buffer.from('0000000904010203 04'.replace(' ', ''), 'hex'),
  149: (chance) => addresses(chance),
  150: (chance) =>
    chance.one([
      () => addresses(chance),
      () => addresses(chance),
      () => Buffer.from('10.110.0.1'),
      () => chance.bytes(chance.number(14)),
    ])(),
  151: (chance) => chance.bytes(1 + chance.number(8)),
  252: () => Buffer.from('http://wpad/wpad.dat'),
};
const codes = Object.keys(usual).map(Number);

/** Values that fit into one option: tshark does not join the parts of others. */
const joinable: readonly number[] = [3, 6, 12, 15, 55, 60, 66, 67, 150];
const fixed = codes.filter((code) => !joinable.includes(code));
/** Options that may come twice and are no parts: the first one counts. */
const repeated: readonly number[] = [1, 28, 35, 50, 51, 53, 54, 57, 58, 59];
/** Which options a place may hold: tshark shows those of sname and file where option 52 stands, RFC 3396 joins them behind. */
type Kind = 'any' | 'fixed';

function anyOption(chance: Chance, kind: Kind, used: Set<number>): Buffer {
  if (chance.once(12)) return u8(0);
  if (chance.once(20)) return option(230 + chance.number(19), chance.bytes(chance.number(20)));
  const code = chance.one(kind === 'any' ? codes : fixed);
  if (used.has(code) && !repeated.includes(code)) return u8(0);
  used.add(code);
  const value = usual[code]?.(chance) ?? u8();
  if (fixed.includes(code) || value.includes(0) || !chance.once(10)) return option(code, value);
  const at = 4 * chance.number(1 + Math.floor(value.length / 4));
  const between = chance.once(2) ? anyOption(chance, 'fixed', used) : u8();
  return joined(option(code, value.subarray(0, at)), between, option(code, value.subarray(at)));
}

const filled = (bytes: Buffer, size: number): Buffer =>
  joined(bytes.subarray(0, size), Buffer.alloc(Math.max(size - bytes.length, 0)));

/** Fills a field with options as a server does that runs out of room: whole ones, and an end. */
function optionsField(chance: Chance, kind: Kind, used: Set<number>, size: number): Buffer {
  let field: Buffer = u8();
  for (let count = 0; count < 6; count++) {
    const one = anyOption(chance, kind, used);
    if (field.length + one.length + 1 <= size) field = joined(field, one);
  }
  return filled(chance.once(4) ? field : joined(field, u8(255)), size);
}

export function dhcpMessage(chance: Chance): Buffer {
  const overload = chance.once(6) ? chance.number(4) : 0;
  const used = new Set<number>();
  const kinds =
    overload === 0
      ? (['any', 'fixed', 'fixed'] as const)
      : chance.one([
          ['fixed', 'any', 'fixed'],
          ['fixed', 'fixed', 'any'],
        ] as const);
  const [hardware, length] = chance.once(8)
    ? chance.one([
        [6, 6],
        [1, 6],
        [0, 0],
        [32, 0],
        [1, 5],
        [7, 1],
        [8, 8],
        [1, 16],
      ] as const)
    : ([1, 6] as const);
  const address = () => (chance.once(2) ? u32(0) : chance.bytes(4));
  const sname =
    overload & 2
      ? optionsField(chance, kinds[1], used, 64)
      : chance.once(3)
        ? chance.bytes(64)
        : filled(chance.text(40), 64);
  const file =
    overload & 1
      ? optionsField(chance, kinds[2], used, 128)
      : chance.once(3)
        ? chance.bytes(128)
        : filled(chance.text(40), 128);
  const head = joined(
    u8(chance.once(30) ? chance.number(5) : 1 + chance.number(2), hardware, length, chance.number(3)),
    chance.bytes(4),
    chance.one([u16(0), u16(1), u16(0x0200), u16(0x0102), u16(300)]),
    u16(chance.one([0, 0x8000, 0x0001])),
    address(),
    address(),
    address(),
    address(),
    chance.bytes(6),
    chance.once(3) ? chance.bytes(10) : Buffer.alloc(10),
    sname,
    file,
  );
  if (chance.once(25))
    return joined(
      head,
      chance.one([Buffer.alloc(64), chance.bytes(64), u8(), u32(0), joined(u32(0x63825364), Buffer.alloc(60))]),
    );
  const options = Array.from({ length: chance.number(10) }, () => anyOption(chance, kinds[0], used));
  if (overload > 0 || chance.once(40)) options.splice(chance.number(options.length + 1), 0, option(52, u8(overload)));
  if (!chance.once(6)) options.splice(0, 0, option(53, u8(1 + chance.number(8))));
  const whole = joined(head, u32(0x63825363), options);
  // Without an end, and with one that is cut.
  if (chance.once(12)) return joined(whole, chance.one([u8(), u8(12), option(18, Buffer.from('SEP'), 9)]));
  return joined(
    whole,
    u8(255),
    chance.once(3) ? Buffer.alloc(chance.number(60)) : u8(),
    chance.once(20) ? chance.bytes(9) : u8(),
  );
}

export function dhcpCases(seed: number, count: number): MadeFrame[] {
  const chance = new Chance(seed);
  const hosts = new Hosts();
  const frames: MadeFrame[] = [];
  for (let index = 0; index < count; index++) {
    const { phone, server } = hosts.pair();
    const message = dhcpMessage(chance);
    // Not among options: damage in one that tshark takes apart ends all that it shows.
    if (chance.once(12)) message.writeUInt8(chance.number(256), 3 + chance.number(41));
    const cut = chance.once(12) ? message.subarray(0, chance.number(message.length)) : message;
    const isUp = chance.once(2);
    const [from, to] = chance.once(20)
      ? chance.one([
          [67, 67],
          [68, 68],
          [1067, 67],
          [4011, 68],
          [68, 4011],
          [67, 5000],
        ] as const)
      : isUp
        ? ([68, 67] as const)
        : ([67, 68] as const);
    const packet = ipv4(
      { from: isUp ? '0.0.0.0' : server, to: isUp ? '255.255.255.255' : phone, protocol: 17 },
      udp(from, to, cut),
    );
    const tags = chance.once(6)
      ? chance.one([
          [[0x8100, 110]],
          [
            [0x88a8, 5],
            [0x8100, 6],
          ],
          [
            [0x9100, 5],
            [0x8100, 0xa06e],
          ],
        ] as const)
      : [];
    const frame = ethernet(0x0800, packet, tags);
    if (chance.once(12)) {
      const kept = chance.number(frame.length);
      frames.push({ bytes: frame.subarray(0, kept), missing: frame.length - kept });
    } else frames.push({ bytes: frame });
  }
  return frames;
}

/** TFTP: whole transfers of every kind, and datagrams that are damaged. */
import { Chance, ethernet, Hosts, ipv4, ipv6, joined, type MadeFrame, padded, u8, u16, udp } from './made.js';

const text = (words: string): Buffer => joined(Buffer.from(words), u8(0));
const request = (
  opcode: 1 | 2,
  file: string,
  mode: string,
  options: readonly (readonly [string, string])[] = [],
): Buffer =>
  joined(
    u16(opcode),
    text(file),
    text(mode),
    options.map(([name, value]) => joined(text(name), text(value))),
  );
const oack = (options: readonly (readonly [string, string])[]): Buffer =>
  joined(
    u16(6),
    options.map(([name, value]) => joined(text(name), text(value))),
  );
const data = (block: number, bytes: Uint8Array): Buffer => joined(u16(3), u16(block & 0xffff), bytes);
const ack = (block: number): Buffer => joined(u16(4), u16(block & 0xffff));
const error = (code: number, words: string): Buffer => joined(u16(5), u16(code), text(words));

const files = [
  'SEP001122334455.cnf.xml',
  'CTLSEP001122334455.tlv',
  'XMLDefault.cnf.xml',
  'OS79XX.TXT',
  'a/b c.bin',
  'x',
  'term61.default.loads',
];
const optionSets: readonly (readonly (readonly [string, string])[])[] = [
  [],
  [],
  [['blksize', '1468']],
  [
    ['BLKSIZE', '1024'],
    ['Tsize', '0'],
  ],
  [
    ['tsize', '0'],
    ['timeout', '5'],
    ['windowsize', '4'],
  ],
  [['multicast', '']],
  [
    ['rollover', '0'],
    ['utimeout', '500000'],
  ],
  [['msftwindow', '31416']],
];

/** One talk of a client and a server; `send` puts a datagram on the wire. */
type Send = (isUp: boolean, ports: readonly [number, number], payload: Uint8Array) => void;

function talk(chance: Chance, send: Send, client: number, serverPort: number): void {
  // From the request's own port only where that is 69: tshark loses such a transfer on any other.
  const tid = chance.once(4) && serverPort === 69 ? serverPort : 32768 + chance.number(20000);
  const up = (payload: Uint8Array, port = tid) => send(true, [client, port], payload);
  const down = (payload: Uint8Array) => send(false, [tid, client], payload);
  const file = chance.one(files);
  const options = chance.one(optionSets);
  const mode = chance.one(['octet', 'octet', 'OCTET', 'mail', 'Octet', 'netascii', 'NetASCII']);
  const isRead = !chance.once(3);
  up(request(isRead ? 1 : 2, file, mode, options), serverPort);
  if (chance.once(6)) up(request(isRead ? 1 : 2, file, mode, options), serverPort);
  if (chance.once(4)) {
    down(error(chance.number(9), chance.one(['File not found', '', 'Access violation'])));
    return;
  }
  const [from, to] = isRead ? [down, up] : [up, down];
  if (options.length > 0 && !chance.once(4)) {
    down(oack(options.map(([name, value]) => [name, value === '0' ? '4711' : value])));
    if (isRead) up(ack(0));
  } else if (!isRead) down(ack(0));
  const start = chance.once(8) ? 65533 : 1;
  const blocks = 1 + chance.number(4);
  for (let block = start; block < start + blocks; block++) {
    const isLast = block === start + blocks - 1;
    const bytes = chance.bytes(isLast ? chance.number(20) : 512);
    from(data(block, bytes));
    if (chance.once(8)) from(data(block, bytes));
    if (!chance.once(8)) to(ack(block));
    if (chance.once(20)) to(error(chance.number(9), 'stop'));
  }
}

function oddDatagram(chance: Chance): Buffer {
  return chance.one([
    () => request(1, 'a', 'octet').subarray(0, 3 + chance.number(6)),
    () => joined(u16(chance.number(12)), chance.bytes(chance.number(20))),
    () => joined(request(1, 'a', 'octet'), Buffer.from('blksize\0' + '512')),
    () => joined(request(1, 'a', 'octet'), Buffer.from('blksize')),
    () => joined(u16(5), u16(1), Buffer.from('no end')),
    () => joined(u16(5), u16(1)),
    () => u8(0, 3, 0),
    () => u8(0, 4),
    () => joined(ack(3), chance.bytes(3)),
    () => request(1, '', 'octet'),
    () => request(2, 'file', 'binary'),
    () => joined(u16(6)),
    () => joined(u16(7), Buffer.from('INFO\0x\0')),
    () => request(1, 'caf\u00e9', 'octet'),
    () => data(1, chance.bytes(5)),
  ])();
}

const fragmentAt = 512;

export function tftpCases(seed: number, count: number): MadeFrame[] {
  const chance = new Chance(seed);
  const hosts = new Hosts();
  const frames: MadeFrame[] = [];
  while (frames.length < count) {
    const { phone, server, number } = hosts.pair();
    const isIpv6 = chance.once(5);
    const tags = chance.once(8) ? ([[0x8100, 110]] as const) : [];
    let id = 1;
    let serverPort = 69;
    const push = (bytes: Buffer, missing = 0) => frames.push({ bytes, missing });
    const send: Send = (isUp, [from, to], payload) => {
      const datagram = udp(from, to, payload);
      if (isIpv6) {
        const [a, b] = isUp ? [2 * number, 2 * number + 1] : [2 * number + 1, 2 * number];
        push(ethernet(0x86dd, ipv6(a, b, 17, datagram), tags));
        return;
      }
      const ends = { from: isUp ? phone : server, to: isUp ? server : phone, protocol: 17, id: id++ };
      const isFragmented = datagram.length > fragmentAt && chance.once(4);
      const parts = isFragmented ? [0, 256] : [0];
      for (const offset of chance.once(2) ? parts : [...parts].reverse()) {
        const end = isFragmented && offset === 0 ? 256 : datagram.length;
        push(
          ethernet(
            0x0800,
            ipv4({ ...ends, offset, more: end < datagram.length }, datagram.subarray(offset, end)),
            tags,
          ),
        );
      }
      const last = frames.at(-1);
      if (last !== undefined && !isFragmented && serverPort === 69 && chance.once(25)) {
        const kept = 42 + chance.number(Math.max(last.bytes.length - 42, 1));
        frames[frames.length - 1] = { bytes: last.bytes.subarray(0, kept), missing: last.bytes.length - kept };
      }
    };
    const talks = 1 + chance.number(3);
    for (let index = 0; index < talks; index++) {
      serverPort = chance.once(6) ? chance.one([1069, 10069, 7169]) : 69;
      talk(chance, send, chance.once(4) ? 49152 : 49152 + chance.number(9000), serverPort);
    }
    if (chance.once(2)) send(true, [50000, 69], oddDatagram(chance));
    if (chance.once(8)) send(false, [69, 50000], oddDatagram(chance));
    if (chance.once(5) && !isIpv6) {
      const quoted = ipv4({ from: server, to: phone, protocol: 17 }, udp(69, 50001, data(1, chance.bytes(12))));
      const icmp = joined(u8(3, 3), u16(0), Buffer.alloc(4), quoted);
      push(padded(ethernet(0x0800, ipv4({ from: phone, to: server, protocol: 1 }, icmp))));
    }
  }
  return frames;
}

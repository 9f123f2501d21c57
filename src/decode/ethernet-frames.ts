import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BenchError } from '../errors.js';
import { CaptureReader } from '../wire/capture-reader.js';
import { MalformedBytes } from '../wire/cursor.js';
import { packetOptionsOf } from '../wire/pcapng.js';

/** One frame of a capture as the observer wants it. */
export interface EthernetFrame {
  readonly bytes: Uint8Array;
  readonly timestampUs: number;
  /** 1-based, in the file. */
  readonly number: number;
  /** Where the file says it. */
  readonly direction: 'in' | 'out' | undefined;
}

const chunkBytes = 1 << 20;
const linkTypes = {
  null: 0,
  ethernet: 1,
  raw: new Set([12, 14, 101, 228, 229]),
  loop: 108,
  cooked: 113,
  cooked2: 276,
} as const;
const mostNeighbours = 1024;
const dhcp = { udp: 17, header: 8, bootp: { server: 67, client: 68 }, yourAddressAt: 16, clientMacAt: 28 } as const;

/**
 * The frames of a capture file, in its order; of link types without MACs (Linux cooked, raw IP, loopback) as Ethernet
 * frames: a MAC that the capture shows somewhere stands wherever its IPv4 address does, an address nobody showed one for
 * has a made-up one (02:00 and the address); DHCP shows its client's. A damaged end of the file is the end. Throws BenchError CAPTURE_UNREADABLE.
 */
export function* ethernetFrames(path: string): Generator<EthernetFrame> {
  const neighbours = new Map<string, Buffer>();
  let number = 0;
  let ready: EthernetFrame[] = [];
  const reader = new CaptureReader((record) => {
    const { bytes, start, end, linkType, timestampUs } = record;
    number = record.number;
    // A copy: the window is used again.
    const frame = asEthernet(linkType, Buffer.from(bytes.subarray(start, end)), neighbours);
    if (frame !== undefined)
      ready.push({ bytes: frame, timestampUs, number, direction: packetOptionsOf(record).direction });
  });
  for (const window of windowsOf(path, reader)) {
    try {
      window();
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      if (number === 0) throw new BenchError('CAPTURE_UNREADABLE', `${path}: ${error.message}`);
      yield* ready;
      return;
    }
    yield* ready;
    ready = [];
  }
}

/** Each step reads one more piece of the file. */
function* windowsOf(path: string, reader: CaptureReader): Generator<() => void> {
  const gzip = 0x1f8b;
  const descriptor = opened(path);
  try {
    let rest: Buffer = Buffer.alloc(0);
    const take = (chunk: Buffer) => {
      const window = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      rest = window.subarray(reader.read(window));
    };
    for (let isFirst = true; ; isFirst = false) {
      const chunk = Buffer.alloc(chunkBytes);
      const size = readSync(descriptor, chunk);
      if (size === 0) break;
      if (isFirst && size > 2 && chunk.readUInt16BE(0) === gzip) {
        yield () => take(gunzipSync(readFileSync(path)));
        break;
      }
      yield () => take(chunk.subarray(0, size));
    }
    yield () => reader.end(rest);
  } finally {
    closeSync(descriptor);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new BenchError('CAPTURE_UNREADABLE', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function asEthernet(linkType: number, bytes: Buffer, neighbours: Map<string, Buffer>): Buffer | undefined {
  if (linkType === linkTypes.ethernet) return bytes;
  if (linkTypes.raw.has(linkType)) return fromIp(bytes, undefined, neighbours);
  if (linkType === linkTypes.null || linkType === linkTypes.loop)
    return fromIp(bytes.subarray(4), undefined, neighbours);
  if (linkType === linkTypes.cooked && bytes.length >= 16)
    return fromCooked(bytes.readUInt16BE(14), bytes.subarray(6, 12), bytes.subarray(16), neighbours);
  if (linkType === linkTypes.cooked2 && bytes.length >= 20)
    return fromCooked(bytes.readUInt16BE(0), bytes.subarray(12, 18), bytes.subarray(20), neighbours);
  return undefined;
}

function fromCooked(type: number, mac: Buffer, payload: Buffer, neighbours: Map<string, Buffer>): Buffer {
  if (type === 0x0800) return fromIp(payload, mac, neighbours) ?? framed(broadcast, mac, type, payload);
  return framed(broadcast, mac, type, payload);
}

const broadcast = Buffer.alloc(6, 0xff);

function framed(destination: Buffer, source: Buffer, type: number, payload: Buffer): Buffer {
  // Below 1536 stands a length: what Linux calls LLC.
  const field = type < 0x0600 ? payload.length : type;
  return Buffer.concat([destination, source, Buffer.of(field >>> 8, field & 0xff), payload]);
}

function fromIp(packet: Buffer, mac: Buffer | undefined, neighbours: Map<string, Buffer>): Buffer | undefined {
  if (packet.length < 20 || (packet[0] ?? 0) >>> 4 !== 4) return undefined;
  const [source, destination] = [packet.subarray(12, 16), packet.subarray(16, 20)];
  const key = source.toString('hex');
  const client = mac === undefined ? dhcpClient(packet, neighbours) : undefined;
  if (mac !== undefined && neighbours.size < mostNeighbours) neighbours.set(key, mac);
  return framed(macOf(destination, neighbours), mac ?? client ?? macOf(source, neighbours), 0x0800, packet);
}

/**
 * DHCP names its client's MAC (RFC 2131: chaddr) and the address that it gets. Where no MAC stands in the frames that is
 * what makes one phone of the client without an address and of the one with it. The sender's MAC, where it is the client.
 */
function dhcpClient(packet: Buffer, neighbours: Map<string, Buffer>): Buffer | undefined {
  const { udp, header, bootp, yourAddressAt, clientMacAt } = dhcp;
  const udpAt = ((packet[0] ?? 0) & 0xf) * 4;
  const at = udpAt + header;
  if (packet[9] !== udp || packet.length < at + clientMacAt + 6 || packet[at + 2] !== 6) return undefined;
  const mac = Buffer.from(packet.subarray(at + clientMacAt, at + clientMacAt + 6));
  const [from, to] = [packet.readUInt16BE(udpAt), packet.readUInt16BE(udpAt + 2)];
  if (from === bootp.client && to === bootp.server) return mac;
  const isAnswer = from === bootp.server && to === bootp.client;
  if (isAnswer && neighbours.size < mostNeighbours)
    neighbours.set(packet.toString('hex', at + yourAddressAt, at + yourAddressAt + 4), mac);
  return undefined;
}

function macOf(address: Buffer, neighbours: Map<string, Buffer>): Buffer {
  const key = address.toString('hex');
  if (key === 'ffffffff') return broadcast;
  return neighbours.get(key) ?? Buffer.concat([Buffer.of(2, 0), address]);
}

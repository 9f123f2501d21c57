import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { decodeIpv4, decodeTcp, decodeUdp, ipProtocols } from '../../src/wire/ipv4.js';
import { type CapturedFrame, readCapture } from '../../src/wire/pcapng.js';
import { SccpFramer, type SccpMessage } from '../../src/wire/sccp.js';
import { capturesFolder } from './outside.js';

/** tshark's JSON repeats keys of one object, which JSON.parse would drop: an object here is a list of pairs. */
export type Json = string | null | Json[] | Pairs;
export class Pairs {
  readonly pairs: [string, Json][] = [];
}

export function parseJson(text: string): Json {
  let at = 0;
  const blank = () => {
    while (' \n\r\t'.includes(text[at] ?? 'x')) at++;
  };
  const string = (): string => {
    const start = at;
    for (at++; text[at] !== '"'; at++) if (text[at] === '\\') at++;
    at++;
    return JSON.parse(text.slice(start, at));
  };
  const value = (): Json => {
    blank();
    if (text[at] === '{') return object();
    if (text[at] === '[') return array();
    if (text[at] === '"') return string();
    const word = /[^,\]}\s]+/y;
    word.lastIndex = at;
    const found = word.exec(text)?.[0] ?? '';
    at += found.length;
    return found === 'null' ? null : found;
  };
  const object = (): Pairs => {
    const made = new Pairs();
    for (at++, blank(); text[at] !== '}'; blank()) {
      if (text[at] === ',') at++;
      blank();
      const key = string();
      blank();
      at++;
      made.pairs.push([key, value()]);
    }
    at++;
    return made;
  };
  const array = (): Json[] => {
    const made: Json[] = [];
    for (at++, blank(); text[at] !== ']'; blank()) {
      if (text[at] === ',') at++;
      made.push(value());
    }
    at++;
    return made;
  };
  return value();
}

/** Every value of that name at any depth, in order. */
export function all(node: Json | undefined, name: string): Json[] {
  if (Array.isArray(node)) return node.flatMap((each) => all(each, name));
  if (!(node instanceof Pairs)) return [];
  return node.pairs.flatMap(([key, value]) => [...(key === name ? [value] : []), ...all(value, name)]);
}

export const texts = (node: Json | undefined, name: string): string[] =>
  all(node, name).filter((value): value is string => typeof value === 'string');
export const first = (node: Json | undefined, name: string): string | undefined => texts(node, name)[0];
export const last = (node: Json | undefined, name: string): string | undefined => texts(node, name).at(-1);
export const numbers = (node: Json | undefined, name: string): number[] => texts(node, name).map(Number);
export const firstNumber = (node: Json | undefined, name: string): number | undefined => numbers(node, name)[0];

export interface OracleFrame {
  readonly file: string;
  /** 1-based, in the file. */
  readonly number: number;
  readonly frame: CapturedFrame;
  readonly layers: Json;
}

/** The frames of every capture of a protocol that tshark found it in, beside tshark's reading. */
export function oracleFrames(protocol: string): OracleFrame[] {
  return readdirSync(join(capturesFolder, protocol)).flatMap((name) => {
    const { frames } = readCapture(readFileSync(join(capturesFolder, protocol, name)));
    const read = parseJson(oracleText(protocol, name.replace(/\.[^.]*$/, '.json')));
    return all(read, 'layers').flatMap((layers): OracleFrame[] => {
      const number = firstNumber(layers, 'frame.number') ?? 0;
      const frame = frames[number - 1];
      if (!frame) throw new Error(`${name} has no frame ${number}`);
      return [{ file: `${protocol}/${name}`, number, frame, layers }];
    });
  });
}

export function oracleText(protocol: string, name: string): string {
  const path = join(capturesFolder, 'oracle', protocol, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : gunzipSync(readFileSync(`${path}.gz`)).toString('utf8');
}

const linkTypes = { null: 0, ethernet: 1, tokenRing: 6, hdlc: 104 };
const greProtocol = 47;

/** The CDP payload of a frame, out of the wrappings that the captures have. */
export function cdpPayload({ bytes, linkType }: CapturedFrame): Uint8Array | undefined {
  if (linkType === linkTypes.hdlc) return bytes.subarray(4);
  const frame = decodeEthernet(bytes);
  if (frame?.body.kind === 'snap' && frame.body.protocol === 0x2000) return frame.payload;
  const gre = frame && decodeIpv4(frame.payload);
  if (gre?.protocol !== greProtocol) return undefined;
  const view = Buffer.from(gre.payload);
  const optional = [0x8000, 0x2000, 0x1000].filter((flag) => view.readUInt16BE(0) & flag).length;
  const inner = view.subarray(4 + 4 * optional);
  const erspanHeader = 8;
  return view.readUInt16BE(2) === 0x2000
    ? inner
    : cdpPayload({ bytes: inner.subarray(erspanHeader), linkType: 1, timestampUs: 0 });
}

/** The IPv4 packet of a frame of any link type the captures have. */
const ipv4Of = ({ bytes, linkType }: CapturedFrame) => {
  if (linkType === linkTypes.null) return decodeIpv4(bytes.subarray(4));
  if (linkType === linkTypes.tokenRing)
    return decodeIpv4(bytes.subarray(bytes.findIndex((_, at) => bytes[at] === 0x45)));
  const frame = decodeEthernet(bytes);
  return frame?.body.kind === 'ethertype' && frame.body.etherType === etherTypes.ipv4
    ? decodeIpv4(frame.payload)
    : undefined;
};

export function udpPayload(frame: CapturedFrame): Uint8Array | undefined {
  const packet = ipv4Of(frame);
  return packet?.protocol === ipProtocols.udp ? decodeUdp(packet.payload)?.payload : undefined;
}

/** Feeds TCP payloads to one framer per direction in the order of the file; repeated bytes are left out. */
export class SccpStreams {
  readonly #streams = new Map<string, { framer: SccpFramer; next: number | undefined }>();

  push(frame: CapturedFrame): SccpMessage[] {
    const packet = ipv4Of(frame);
    const segment = packet?.protocol === ipProtocols.tcp ? decodeTcp(packet.payload) : undefined;
    if (!packet || !segment) return [];
    const key = `${packet.source}:${segment.sourcePort}>${packet.destination}:${segment.destinationPort}`;
    const known = segment.flags.syn ? undefined : this.#streams.get(key);
    const stream = known ?? { framer: new SccpFramer({ resume: true }), next: undefined };
    this.#streams.set(key, stream);
    const isRepeat = stream.next !== undefined && segment.payload.length > 0 && segment.sequence !== stream.next;
    if (isRepeat) return [];
    stream.next = segment.sequence + segment.payload.length + (segment.flags.syn ? 1 : 0);
    return stream.framer.push(segment.payload);
  }
}

/** Collects what differs, so that one run shows all of it. */
export class Agreement {
  compared = 0;
  readonly differences: string[] = [];

  check({ file, number }: OracleFrame, field: string, ours: unknown, theirs: unknown): void {
    this.compared += 1;
    const [our, their] = [JSON.stringify(ours), JSON.stringify(theirs)];
    if (our !== their) this.differences.push(`${file} frame ${number} ${field}: ours ${our}, tshark's ${their}`);
  }
}

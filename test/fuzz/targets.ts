/** Every reader of strangers' bytes: each row is one campaign of `npm run fuzz`. */
import { Decoder } from '../../src/decode/decoder.js';
import { jsonLine } from '../../src/decode/json-line.js';
import { createObserver } from '../../src/observe/observer.js';
import { PhoneList, sideOf } from '../../src/observe/phones.js';
import { CaptureReader } from '../../src/wire/capture-reader.js';
import { decodeCdp } from '../../src/wire/cdp.js';
import { readConfig } from '../../src/wire/cnf-xml.js';
import { MalformedBytes } from '../../src/wire/cursor.js';
import { decodeDhcp } from '../../src/wire/dhcp.js';
import { addVlanTag, decodeEthernet, stripVlanTag } from '../../src/wire/ethernet.js';
import { decodeBurst } from '../../src/wire/flp.js';
import { decodeInjectorMessage, injectorBody, packSysex } from '../../src/wire/injector.js';
import { completeChecksum, decodeArp, decodeIpv4, decodeTcp, decodeUdp } from '../../src/wire/ipv4.js';
import { decodeLldp } from '../../src/wire/lldp.js';
import { packetOptionsOf, readCapture } from '../../src/wire/pcapng.js';
import { decodeSccp, SccpFramer } from '../../src/wire/sccp.js';
import { decodeSip, SipFramer } from '../../src/wire/sip.js';
import {
  readCseq,
  readDigest,
  readSipAddress,
  readSipUri,
  readSipVia,
  splitSipList,
} from '../../src/wire/sip.values.js';
import { decodeTftp } from '../../src/wire/tftp.js';
import type { Target } from './fuzzer.js';
import type { Input } from './input.js';
import { planted } from './planted.js';
import {
  captureSeeds,
  cdpSeeds,
  configSeeds,
  dhcpSeeds,
  fileSeeds,
  injectorSeeds,
  lldpSeeds,
  sccpSeeds,
  sipSeeds,
  tftpSeeds,
} from './seeds.js';

const message = { mostParts: 1, mostBytes: 2048 } as const;
const stream = { mostParts: 12, mostBytes: 16_384 } as const;
const frames = { mostParts: 40, mostBytes: 16_384 } as const;
const inWire = (...files: string[]): RegExp => new RegExp(`/src/wire/(${files.join('|')}|cursor)\\.js$`);

const one =
  (read: (bytes: Uint8Array) => unknown) =>
  ([bytes = new Uint8Array()]: Input): void => {
    read(bytes);
  };

const must = (holds: boolean, words: string): void => {
  if (!holds) throw new Error(words);
};

/** Only what a capture's reader may throw. */
const damaged = (read: () => void): void => {
  try {
    read();
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    must(Number.isInteger(error.offset) && error.offset >= 0, `damage at ${error.offset}`);
  }
};

const readWholeFile = (file: Uint8Array, chunkBytes: number): string[] => {
  const lines: string[] = [];
  const decoder = new Decoder((told) => lines.push(jsonLine(told)));
  let number = 0;
  const reader = new CaptureReader((record) => {
    must(record.start <= record.end && record.end <= record.bytes.length, 'a frame outside its window');
    damaged(() => void packetOptionsOf(record));
    decoder.frame(record, ++number);
  });
  damaged(() => {
    let rest: Buffer = Buffer.alloc(0);
    for (let at = 0; at < file.length; at += chunkBytes) {
      const window = Buffer.concat([rest, file.subarray(at, at + chunkBytes)]);
      rest = window.subarray(reader.read(window));
    }
    reader.end(rest);
  });
  return lines;
};

const frameOf = (part: Uint8Array): { readonly linkType: number; readonly bytes: Buffer } => {
  const bytes = Buffer.from(part);
  return bytes.length < 2 ? { linkType: 1, bytes } : { linkType: bytes.readUInt16BE(0), bytes: bytes.subarray(2) };
};

/** Ethernet frames of a capture input, checksums and IPv4 length put right. */
const repairFrames = (input: Input): Input =>
  input.map((part) => {
    const bytes = Buffer.from(part);
    const ipv4At = [16, 20].find((at) => bytes.length >= at + 20 && bytes.readUInt16BE(at - 2) === 0x0800);
    if (ipv4At === undefined) return bytes;
    const length = bytes.length - ipv4At;
    bytes.writeUInt16BE(Math.min(length, 0xffff), ipv4At + 2);
    const header = ((bytes[ipv4At] ?? 0) & 0xf) * 4;
    if (bytes[ipv4At + 9] === 17 && length >= header + 8) bytes.writeUInt16BE(length - header, ipv4At + header + 4);
    return Buffer.concat([bytes.subarray(0, 2), completeChecksum(bytes.subarray(2))]);
  });

const decodeFrames = (input: Input): void => {
  const decoder = new Decoder((told) => {
    const line = jsonLine(told);
    must(/^[\x20-\x7e]*$/.test(line), 'a line that is not ASCII');
    JSON.parse(line);
  });
  for (const [index, part] of input.entries()) {
    const { linkType, bytes } = frameOf(part);
    const originalLength = bytes.length + (index % 7 === 6 ? 9 : 0);
    decoder.frame({ bytes, start: 0, end: bytes.length, originalLength, timestampUs: index, linkType }, index + 1);
  }
};

const observeFrames = (input: Input): void => {
  const observer = createObserver();
  const phones = new PhoneList();
  for (const [index, part] of input.entries()) {
    const { linkType, bytes } = frameOf(part);
    const direction = ([undefined, 'in', 'out'] as const)[linkType % 3];
    phones.note(bytes);
    // Steps long enough that transfers time out.
    for (const fact of observer.frame({ bytes, direction, atUs: index * 400_000, number: index + 1 }))
      must(JSON.stringify(fact).length < 16_384, `a fact of ${JSON.stringify(fact).length} characters`);
  }
  observer.end();
  const [first] = phones.phones;
  if (first !== undefined) for (const part of input) sideOf(frameOf(part).bytes, first.mac, new Set());
};

const readValues = (text: string): void => {
  splitSipList(text);
  readSipAddress(text);
  readSipUri(text);
  readSipVia(text);
  readCseq(text);
  readDigest(text);
};

export const targets: readonly Target[] = [
  { name: 'cdp', ...message, scope: inWire('cdp', 'ipv6'), seeds: cdpSeeds, run: one(decodeCdp) },
  { name: 'lldp', ...message, scope: inWire('lldp', 'ipv6'), seeds: lldpSeeds, run: one(decodeLldp) },
  {
    name: 'dhcp',
    ...message,
    scope: inWire('dhcp'),
    seeds: dhcpSeeds,
    run: one((bytes) => [decodeDhcp(bytes), decodeDhcp(bytes, { bootp: true })]),
  },
  { name: 'tftp', ...message, scope: inWire('tftp'), seeds: tftpSeeds, run: one(decodeTftp) },
  {
    name: 'sccp',
    ...stream,
    scope: inWire('sccp.*'),
    seeds: sccpSeeds,
    run: (input) => {
      decodeSccp(input[0] ?? new Uint8Array());
      for (const resume of [false, true]) {
        const framer = new SccpFramer({ resume });
        for (const part of input) framer.push(part);
        must(framer.buffered <= 8192, `${framer.buffered} bytes held`);
      }
    },
  },
  {
    name: 'sip',
    ...stream,
    scope: inWire('sip'),
    seeds: sipSeeds,
    run: (input) => {
      decodeSip(input[0] ?? new Uint8Array());
      for (const resume of [false, true]) {
        const framer = new SipFramer({ resume });
        for (const part of input) framer.push(part);
        must(framer.buffered <= 128 * 1024, `${framer.buffered} bytes held`);
      }
    },
  },
  {
    name: 'sip-values',
    ...message,
    scope: inWire('sip.values'),
    seeds: () =>
      sipSeeds().flatMap(([bytes]) =>
        Buffer.from(bytes ?? [])
          .toString('latin1')
          .split(/[\r\n]+[\w-]+: ?/)
          .map((line) => [Buffer.from(line, 'latin1')]),
      ),
    run: one((bytes) => readValues(Buffer.from(bytes).toString('utf8'))),
  },
  {
    name: 'config-file',
    ...message,
    mostBytes: 8192,
    scope: inWire('cnf-xml'),
    seeds: configSeeds,
    run: one((bytes) => readConfig(Buffer.from(bytes).toString('utf8'), 7)),
    slowMs: 400,
  },
  {
    name: 'layers',
    ...message,
    scope: inWire('ethernet', 'ipv4'),
    seeds: () => captureSeeds().flatMap((input) => input.map((part) => [part.subarray(2)])),
    run: one((bytes) => {
      const frame = decodeEthernet(bytes);
      const packet = decodeIpv4(frame?.payload ?? bytes);
      decodeUdp(packet?.payload ?? bytes);
      decodeTcp(packet?.payload ?? bytes);
      decodeArp(frame?.payload ?? bytes);
      completeChecksum(bytes);
      if (frame === undefined) return;
      addVlanTag(bytes, { id: 110, priority: 5 });
      stripVlanTag(bytes);
    }),
  },
  {
    name: 'injector',
    ...message,
    mostBytes: 160,
    scope: inWire('injector.*'),
    seeds: injectorSeeds,
    run: one((bytes) => decodeInjectorMessage(bytes)),
    // Its CRC put right: behind it stand the fields.
    repair: ([content = new Uint8Array()]) => {
      const body = Uint8Array.from(
        { length: Math.min(content.length >> 1, 60) },
        (_, at) => (content[2 * at] ?? 0) | ((content[2 * at + 1] ?? 0) << 7),
      );
      return [packSysex(injectorBody(body[0] ?? 0, body[1] ?? 0, body.subarray(2, -2)))];
    },
  },
  {
    name: 'flp',
    ...message,
    scope: inWire('flp'),
    seeds: () => [[Uint8Array.from({ length: 17 }, () => 124)], [Uint8Array.from({ length: 33 }, () => 62)]],
    run: one((bytes) => {
      let at = 0;
      decodeBurst(
        [...bytes].map((gap) => (at += gap)),
        1,
      );
    }),
  },
  {
    name: 'capture-file',
    ...message,
    mostBytes: 8192,
    scope: /\/src\/(wire\/(capture-reader|pcapng|cursor)|decode\/.*)\.js$/,
    seeds: fileSeeds,
    run: one((bytes) => {
      readCapture(bytes);
      const [whole, inPieces] = [readWholeFile(bytes, 1 << 20), readWholeFile(bytes, 97)];
      must(whole.join() === inPieces.join(), 'the file read in pieces tells something else');
    }),
  },
  {
    name: 'decode',
    ...frames,
    scope: /\/src\/(decode|wire)\/.*\.js$/,
    seeds: captureSeeds,
    run: decodeFrames,
    repair: repairFrames,
  },
  {
    name: 'observe',
    ...frames,
    scope: /\/src\/(observe|wire)\/.*\.js$/,
    seeds: captureSeeds,
    run: observeFrames,
    repair: repairFrames,
  },
  ...planted,
];

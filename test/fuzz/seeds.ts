/** Known inputs to begin with: messages of our own making and, where they are at hand, the captures of LINKPULSE_SHARED. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createLayers } from '../../src/decode/layers.js';
import { LinkWalker } from '../../src/decode/link-walker.js';
import { encodeCdp } from '../../src/wire/cdp.js';
import { buildDefaultConfig, buildDeviceConfig } from '../../src/wire/cnf-xml.js';
import { dhcpOption, encodeDhcp } from '../../src/wire/dhcp.js';
import { injectorBody, packSysex } from '../../src/wire/injector.js';
import { injectorMessages } from '../../src/wire/injector-messages.js';
import { encodeLldp, lldpTlv } from '../../src/wire/lldp.js';
import { pcapngHeader, pcapngPacket, readCapture } from '../../src/wire/pcapng.js';
import { encodeSccp } from '../../src/wire/sccp.js';
import { sccpLayouts } from '../../src/wire/sccp.table.js';
import { encodeSip } from '../../src/wire/sip.js';
import { encodeTftp, type TftpPacket } from '../../src/wire/tftp.js';
import { startUp } from '../benchmarks/start-up-capture.js';
import { classicFile } from '../decode/classic-file.js';
import { keepAlive, phoneCdp, register } from '../observe/wire.js';
import type { Input } from './input.js';

const ethernet = 1;
const framesOfStart = 24;

/** A frame as the targets of whole captures take it: two bytes of link type, then the frame. */
export const linkFrame = (linkType: number, frame: Uint8Array): Uint8Array =>
  Uint8Array.from([linkType >> 8, linkType & 0xff, ...frame]);

/** Frames of the first phone of a start-up, without most of its image. */
const ownFrames = (): Uint8Array[] => {
  const all = startUp(1);
  return [...all.slice(0, framesOfStart), ...all.slice(-20)];
};

/** Files of the shared captures, by protocol folder; none where there are none. */
function* sharedFiles(): Generator<Buffer> {
  const folder = join(resolve(process.env.LINKPULSE_SHARED ?? '../shared'), 'captures');
  if (!existsSync(folder)) return;
  for (const protocol of ['cdp', 'lldp', 'dhcp', 'tftp', 'sccp', 'sip'])
    for (const name of existsSync(join(folder, protocol)) ? readdirSync(join(folder, protocol)) : []) {
      const bytes = readFileSync(join(folder, protocol, name));
      yield bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
    }
}

const framesPerSeed = 16;
const seedsPerFile = 4;

/** Whole captures in pieces of a few frames. */
export const captureSeeds = (): Input[] => {
  const own = ownFrames().map((frame) => linkFrame(ethernet, frame));
  const seeds: Input[] = [own.slice(0, 8), own.slice(8, framesOfStart), own.slice(framesOfStart)];
  for (const bytes of sharedFiles()) {
    const frames = readCapture(bytes).frames.map(({ linkType, bytes: frame }) => linkFrame(linkType, frame));
    for (let at = 0; at < frames.length && at < framesPerSeed * seedsPerFile; at += framesPerSeed)
      seeds.push(frames.slice(at, at + framesPerSeed));
  }
  return seeds;
};

/** Capture files as they stand on a disk, small ones. */
export const fileSeeds = (): Input[] => {
  const [frame = new Uint8Array()] = ownFrames();
  const packet = pcapngPacket({ bytes: frame, timestampUs: 1, direction: 'in', comment: 'one' });
  const header = pcapngHeader({ interfaceName: 'eth0', application: 'Linkpulse', comment: 'c' });
  const seeds: Input[] = [
    [Buffer.concat([header, packet, packet])],
    [classicFile(ethernet, [{ bytes: frame, timestampUs: 5 }])],
  ];
  for (const bytes of sharedFiles()) if (bytes.length <= 8192) seeds.push([bytes]);
  return seeds;
};

interface Payloads {
  readonly cdp: Input[];
  readonly lldp: Input[];
  readonly udp: Input[];
  readonly tcp: Input[];
}

let found: Payloads | undefined;

/** What stands inside the frames of all captures, cut out by our own walker. */
const payloads = (): Payloads => {
  if (found !== undefined) return found;
  const made: Payloads = { cdp: [], lldp: [], udp: [], tcp: [] };
  const most = 1500;
  const keep = (list: Input[], bytes: Buffer, at: number, end: number) => {
    if (list.length < most && end > at) list.push([Uint8Array.from(bytes.subarray(at, end))]);
  };
  const walker = new LinkWalker(createLayers(), {
    cdp: (bytes, at, end) => keep(made.cdp, bytes, at, end),
    lldp: (bytes, at, end) => keep(made.lldp, bytes, at, end),
    udp: (_source, _destination, bytes, at, end) => keep(made.udp, bytes, at, end),
    tcp: (bytes, _at, payloadAt, end) => keep(made.tcp, bytes, payloadAt, end),
  });
  for (const input of captureSeeds())
    for (const part of input) {
      const bytes = Buffer.from(part);
      walker.walk(bytes.readUInt16BE(0), bytes, 2, bytes.length, 0);
    }
  found = made;
  return made;
};

const fits =
  (first: (bytes: Uint8Array) => boolean) =>
  ([bytes = new Uint8Array()]: Input): boolean =>
    first(bytes);

export const cdpSeeds = (): Input[] => [
  [phoneCdp().subarray(22)],
  [encodeCdp({ ttlSeconds: 1, tlvs: [] })],
  ...payloads().cdp,
];

export const lldpSeeds = (): Input[] => [
  [
    encodeLldp({
      tlvs: [
        lldpTlv.chassisAddress('10.0.0.1'),
        lldpTlv.portLocal('P1'),
        lldpTlv.ttl(180),
        lldpTlv.systemName('SEP000F245A7960'),
        lldpTlv.capabilities(0x24, 0x24),
        lldpTlv.managementAddress('10.0.0.1'),
        lldpTlv.portVlan(110),
        lldpTlv.macPhy({ autoNegotiation: 3, advertised: 0x6c01, mau: 0x10 }),
        lldpTlv.mdiPower({ support: 7, pairs: 1, class: 2, typeSourcePriority: 3, requestedDeciwatts: 65 }),
        lldpTlv.medCapabilities(0x33, 3),
        lldpTlv.medPolicy({ application: 1, unknown: false, tagged: true, vlan: 50, priority: 6, dscp: 46 }),
        lldpTlv.medPower({ type: 1, source: 3, priority: 0, deciwatts: 63 }),
        lldpTlv.inventory('model', 'CP-7911G'),
      ],
    }),
  ],
  ...payloads().lldp,
];

export const dhcpSeeds = (): Input[] => [
  ...(['DISCOVER', 'REQUEST', 'DECLINE', 'RELEASE', 'INFORM'] as const).map((type) => [
    encodeDhcp({
      op: 1,
      xid: 7,
      clientMac: '00:0f:24:5a:79:60',
      clientAddress: '10.110.0.100',
      options: [
        dhcpOption.messageType(type),
        dhcpOption.addresses(50, ['10.110.0.100']),
        dhcpOption.bytes(55, Uint8Array.of(1, 3, 6, 15, 35, 66, 150)),
      ],
    }),
  ]),
  ...payloads().udp.filter(
    fits((bytes) => bytes.length >= 240 && (bytes[0] === 1 || bytes[0] === 2) && bytes[236] === 99),
  ),
];

const tftpPackets: readonly TftpPacket[] = [
  { opcode: 'RRQ', fileName: 'SEP000F245A7960.cnf.xml', mode: 'octet', options: { blksize: '1468', windowsize: '4' } },
  { opcode: 'RRQ', fileName: 'XMLDefault.cnf.xml', mode: 'netascii', options: { tsize: '0', timeout: '3' } },
  { opcode: 'WRQ', fileName: 'a', mode: 'octet', options: {} },
  { opcode: 'DATA', block: 1, data: new Uint8Array(8) },
  { opcode: 'ACK', block: 1 },
  { opcode: 'ERROR', errorCode: 1, errorMessage: 'none' },
  { opcode: 'OACK', options: { blksize: '1468' } },
];
export const tftpSeeds = (): Input[] => [
  ...tftpPackets.map((packet) => [encodeTftp(packet)]),
  ...payloads().udp.filter(fits((bytes) => bytes[0] === 0 && (bytes[1] ?? 9) < 7)),
];

const sccpVersions = [0, 11, 17, 22] as const;
export const sccpSeeds = (): Input[] => [
  [register, keepAlive],
  ...Object.keys(sccpLayouts).flatMap((name) => sccpVersions.map((version) => [encodeSccp(name, {}, version)])),
  ...payloads().tcp.filter(fits((bytes) => bytes.length >= 12 && bytes[2] === 0 && bytes[3] === 0)),
];

const sipText = (text: string): Input => [Buffer.from(text.replace(/\n/g, '\r\n'))];
export const sipSeeds = (): Input[] => [
  [
    encodeSip({ method: 'REGISTER', requestUri: 'sip:10.110.0.2' }, [
      ['Via', 'SIP/2.0/TCP 127.0.0.1:49154;branch=z9hG4bK1;rport'],
      ['From', '"A" <sip:1000@10.110.0.2>;tag=000f245a'],
      ['To', '<sip:1000@10.110.0.2>'],
      ['Call-ID', '000f245a-1@127.0.0.1'],
      ['CSeq', '101 REGISTER'],
      [
        'Contact',
        '<sip:1000@127.0.0.1:49154;transport=tcp>;expires=60;+u.sip!devicename.ccm.cisco.com="SEP000F245A7960"',
      ],
      [
        'Authorization',
        'Digest username="a", realm="b", nonce="c", uri="sip:x", response="d", qop=auth, nc=1, cnonce="e"',
      ],
      ['Expires', 3600],
    ]),
  ],
  sipText(
    'SIP/2.0 200 OK\nv: SIP/2.0/UDP a:1;received=b\nf: <sip:a@b>\nt: c\n d\ni: x\nCSeq: 1 OPTIONS\nm: *\nl: 3\n\nabc',
  ),
  sipText(
    'OPTIONS sip:a SIP/2.0\nContent-Length: 0\n\n\n\nREFER sip:a SIP/2.0\nRefer-To: <urn:X-cisco-remotecc:token-registration>\n\n',
  ),
  ...[...payloads().udp, ...payloads().tcp].filter(fits((bytes) => Buffer.from(bytes).includes('SIP/2.0'))),
];

export const configSeeds = (): Input[] => {
  const callManagers = [{ priority: 0, name: 'cm-a', address: '10.110.0.11', port: 2000 }];
  const loads = [{ deviceType: 7, model: 'Cisco 7960', load: 'P00308010200' }];
  const device = { loadInformation: 'P00308010200', callManagers, versionStamp: '1', dateTemplate: 'D/M/YA' };
  return [
    buildDeviceConfig(device),
    buildDeviceConfig({ ...device, protocol: 'SIP' }),
    buildDefaultConfig({ loads, callManagers }),
    '<device><x a="1">&amp;<![CDATA[<]]></x><!-- c --><?p i?></device>',
  ].map((text) => [Buffer.from(text)]);
};

export const injectorSeeds = (): Input[] => [
  ...Object.values(injectorMessages).map(({ type }) => [packSysex(injectorBody(type, 1, new Uint8Array(12)))]),
];

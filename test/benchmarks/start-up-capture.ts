/** A capture of many phones starting up one after another, each with addresses of its own: what a bench sees all day. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { type DhcpMessageType, dhcpOption, encodeDhcp } from '../../src/wire/dhcp.js';
import { encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeIpv4, encodeTcp, encodeUdp } from '../../src/wire/ipv4.js';
import { encodeSccp } from '../../src/wire/sccp.js';
import { encodeSip } from '../../src/wire/sip.js';
import { encodeTftp } from '../../src/wire/tftp.js';
import { classicFile } from '../decode/classic-file.js';

const bench = { mac: '02:00:00:00:00:01', address: '10.0.0.1' };
const ethernetLink = 1;
const frameGapUs = 997;
const imageBlocks = 60;
const keepAlives = 20;

interface Phone {
  readonly mac: string;
  readonly address: string;
  readonly number: number;
}

const phoneOf = (number: number): Phone => {
  const [high, low] = [(number >> 8) & 0xff, number & 0xff];
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return { mac: `00:0f:24:01:${hex(high)}:${hex(low)}`, address: `10.${1 + (high >> 4)}.${high}.${low}`, number };
};

const sent = (from: Phone | typeof bench, to: Phone | typeof bench, protocol: number, payload: Uint8Array) =>
  encodeEthernet({
    destination: to.mac,
    source: from.mac,
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ source: from.address, destination: to.address, protocol, payload }),
  });

const udp = (
  from: Phone | typeof bench,
  to: Phone | typeof bench,
  ports: readonly [number, number],
  payload: Uint8Array,
) =>
  sent(
    from,
    to,
    17,
    encodeUdp({
      source: from.address,
      destination: to.address,
      sourcePort: ports[0],
      destinationPort: ports[1],
      payload,
    }),
  );

const dora = (phone: Phone): Uint8Array[] => {
  const options = (type: DhcpMessageType) => [dhcpOption.messageType(type), dhcpOption.addresses(150, [bench.address])];
  const message = (op: 1 | 2, type: DhcpMessageType) =>
    encodeDhcp({ op, xid: phone.number, clientMac: phone.mac, options: options(type), padTo: 300 });
  return [
    udp(phone, bench, [68, 67], message(1, 'DISCOVER')),
    udp(bench, phone, [67, 68], message(2, 'OFFER')),
    udp(phone, bench, [68, 67], message(1, 'REQUEST')),
    udp(bench, phone, [67, 68], message(2, 'ACK')),
  ];
};

const file = (phone: Phone, fileName: string, blocks: number, port: number): Uint8Array[] => {
  const rrq = encodeTftp({ opcode: 'RRQ', fileName, mode: 'octet', options: {} });
  const data = new Uint8Array(512).fill(0x2a);
  const frames = [udp(phone, bench, [port, 69], rrq)];
  for (let block = 1; block <= blocks; block++) {
    const rest = block === blocks ? data.subarray(0, 100) : data;
    frames.push(udp(bench, phone, [port + 1, port], encodeTftp({ opcode: 'DATA', block, data: rest })));
    frames.push(udp(phone, bench, [port, port + 1], encodeTftp({ opcode: 'ACK', block })));
  }
  return frames;
};

const registration = (phone: Phone): Uint8Array[] => {
  const sequences = new Map<string, number>();
  const segment = (from: Phone | typeof bench, to: Phone | typeof bench, payload: Uint8Array, syn = false) => {
    const sequence = sequences.get(from.mac) ?? 1000;
    sequences.set(from.mac, sequence + payload.length + (syn ? 1 : 0));
    const acknowledgement = sequences.get(to.mac) ?? 0;
    const [sourcePort, destinationPort] = to === bench ? [49152, 2000] : [2000, 49152];
    const ends = { source: from.address, destination: to.address, sourcePort, destinationPort };
    const flags = { syn, ack: from === bench || !syn, psh: payload.length > 0 };
    return sent(from, to, 6, encodeTcp({ ...ends, sequence, acknowledgement, flags, window: 8192, payload }));
  };
  const name = `SEP${phone.mac.replaceAll(':', '').toUpperCase()}`;
  const none = new Uint8Array();
  const frames = [segment(phone, bench, none, true), segment(bench, phone, none, true), segment(phone, bench, none)];
  frames.push(segment(phone, bench, encodeSccp('Register', { deviceName: name, stationAddress: phone.address })));
  frames.push(segment(bench, phone, encodeSccp('RegisterAck', { keepAliveInterval: 30 })));
  for (let count = 0; count < keepAlives; count++) {
    frames.push(segment(phone, bench, encodeSccp('KeepAlive')));
    frames.push(segment(bench, phone, encodeSccp('KeepAliveAck')));
  }
  return frames;
};

const sipRegistration = (phone: Phone): Uint8Array[] => {
  const headers = (cseq: number) =>
    [
      ['Via', `SIP/2.0/UDP ${phone.address}:5060;branch=z9hG4bK${phone.number}${cseq}`],
      ['From', `<sip:${phone.number}@${bench.address}>;tag=${phone.number}`],
      ['To', `<sip:${phone.number}@${bench.address}>`],
      ['Call-ID', `${phone.number}@${phone.address}`],
      ['CSeq', `${cseq} REGISTER`],
      ['Contact', `<sip:${phone.number}@${phone.address}:5060>`],
    ] as const;
  const request = { method: 'REGISTER', requestUri: `sip:${bench.address}` };
  return [
    udp(phone, bench, [5060, 5060], encodeSip(request, headers(1))),
    udp(bench, phone, [5060, 5060], encodeSip({ statusCode: 100, reason: 'Trying' }, headers(1))),
    udp(bench, phone, [5060, 5060], encodeSip({ statusCode: 200, reason: 'OK' }, headers(1))),
  ];
};

export const startUp = (number: number): Uint8Array[] => {
  const phone = phoneOf(number);
  const cdp = cdpFrame(
    phone.mac,
    encodeCdp({ ttlSeconds: 180, tlvs: [cdpTlv.deviceId(`SEP${phone.mac.replaceAll(':', '').toUpperCase()}`)] }),
  );
  return [
    cdp,
    ...dora(phone),
    ...file(phone, 'SEP.cnf.xml', 4, 50_000),
    ...file(phone, 'P00308010200.bin', imageBlocks, 51_000),
    ...registration(phone),
    ...sipRegistration(phone),
    cdp,
  ];
};

/** Writes a classic pcap of exactly `frames` frames. */
export const writeStartUpCapture = (path: string, frames: number): void => {
  const descriptor = openSync(path, 'w');
  try {
    writeSync(descriptor, classicFile(ethernetLink, []));
    for (let written = 0, number = 1; written < frames; number++) {
      const some = startUp(number).slice(0, frames - written);
      const stamped = some.map((bytes, index) => ({ bytes, timestampUs: (written + index) * frameGapUs }));
      const head = classicFile(ethernetLink, []).length;
      writeSync(descriptor, classicFile(ethernetLink, stamped).subarray(head));
      written += some.length;
    }
  } finally {
    closeSync(descriptor);
  }
};

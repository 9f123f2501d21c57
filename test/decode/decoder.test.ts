import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DecodedMessage, Decoder } from '../../src/decode/decoder.js';
import { jsonLine } from '../../src/decode/json-line.js';
import { CaptureReader } from '../../src/wire/capture-reader.js';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { MalformedBytes } from '../../src/wire/cursor.js';
import { addVlanTag, encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeIpv4, encodeTcp, encodeUdp } from '../../src/wire/ipv4.js';
import { encodeLldp, lldpFrame, lldpTlv } from '../../src/wire/lldp.js';
import { encodeSccp } from '../../src/wire/sccp.js';
import { encodeTftp } from '../../src/wire/tftp.js';
import { classicFile } from './classic-file.js';

const phone = { mac: '00:11:22:33:44:55', address: '10.0.0.5' };
const server = { mac: '02:00:00:00:00:01', address: '10.0.0.1' };
const ethernet = 1;
const cdp = cdpFrame(phone.mac, encodeCdp({ ttlSeconds: 180, tlvs: [cdpTlv.deviceId('SEP001122334455')] }));
const lldp = lldpFrame(
  phone.mac,
  encodeLldp({ tlvs: [lldpTlv.chassisAddress(phone.address), lldpTlv.portLocal('x:P1'), lldpTlv.ttl(180)] }),
);
const ends = { source: phone.address, destination: server.address };
const inEthernet = (payload: Uint8Array): Uint8Array =>
  encodeEthernet({ destination: server.mac, source: phone.mac, etherType: etherTypes.ipv4, payload });
const udp = (sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array =>
  encodeIpv4({ ...ends, protocol: 17, payload: encodeUdp({ ...ends, sourcePort, destinationPort, payload }) });
const flags = { syn: false, ack: true, fin: false, rst: false, psh: true };
const tcp = (sequence: number, payload: Uint8Array, syn = false): Uint8Array => {
  const segment = {
    sourcePort: 49152,
    destinationPort: 2000,
    sequence: sequence >>> 0,
    acknowledgement: 0,
    window: 8192,
  };
  const payloads = { ...ends, ...segment, flags: { ...flags, syn, ack: !syn }, payload };
  return inEthernet(encodeIpv4({ ...ends, protocol: 6, payload: encodeTcp(payloads) }));
};

function decoded(frames: readonly Uint8Array[], linkType = ethernet, missing = 0): DecodedMessage[] {
  const messages: DecodedMessage[] = [];
  const decoder = new Decoder((message) => messages.push(message));
  frames.forEach((frame, index) => {
    const bytes = Buffer.from(frame);
    const originalLength = bytes.length + missing;
    decoder.frame(
      { bytes, start: 0, end: bytes.length, originalLength, timestampUs: 1_000_000 + index, linkType },
      index + 1,
    );
  });
  return messages;
}

describe('where messages are found', () => {
  it.each([0, 1, 2, 5])('CDP and LLDP behind %i tags', (depth) => {
    const ids = Array.from({ length: depth }, (_, index) => 100 + index);
    const tagged = [cdp, lldp].map((frame) =>
      [...ids].reverse().reduce((inner, id) => addVlanTag(inner, { id, priority: 0 }), frame),
    );
    const messages = decoded(tagged);
    expect(messages.map(({ protocol }) => protocol)).toEqual(['cdp', 'lldp']);
    for (const { vlan, source } of messages) {
      expect(vlan).toEqual(depth === 0 ? undefined : ids);
      expect(source).toBe(phone.mac);
    }
  });

  const request = encodeTftp({ opcode: 'RRQ', fileName: 'SEP.cnf.xml', mode: 'octet', options: {} });
  const packet = udp(50000, 69, request);
  const cooked = Buffer.from('0000000100060011223344550000', 'hex');
  const cooked2 = Buffer.from('08000000000000020001000600112233445500 00'.replace(' ', ''), 'hex');
  it.each([
    ['Linux cooked', 113, Buffer.concat([cooked, Buffer.of(8, 0), packet])],
    ['Linux cooked v2', 276, Buffer.concat([cooked2, packet])],
    ['raw IP', 101, packet],
    ['null, little-endian', 0, Buffer.concat([Buffer.of(2, 0, 0, 0), packet])],
    ['null, big-endian', 0, Buffer.concat([Buffer.of(0, 0, 0, 2), packet])],
    ['PPP', 9, Buffer.concat([Buffer.from('ff030021', 'hex'), packet])],
    ['Cisco HDLC', 104, Buffer.concat([Buffer.from('0f000800', 'hex'), packet])],
  ])('TFTP in %s', (_, linkType, bytes) => {
    expect(decoded([bytes], linkType)).toMatchObject([
      {
        protocol: 'tftp',
        opcode: 'RRQ',
        fileName: 'SEP.cnf.xml',
        source: '10.0.0.5:50000',
        destination: '10.0.0.1:69',
      },
    ]);
  });

  it('TFTP data on whatever port the server answers from, and not before the request', () => {
    const data = encodeIpv4({
      source: server.address,
      destination: phone.address,
      protocol: 17,
      payload: encodeUdp({
        source: server.address,
        destination: phone.address,
        sourcePort: 40123,
        destinationPort: 50000,
        payload: encodeTftp({ opcode: 'DATA', block: 1, data: new Uint8Array(10) }),
      }),
    });
    const opcodes = decoded([inEthernet(data), inEthernet(packet), inEthernet(data)]).map(({ opcode }) => opcode);
    expect(opcodes).toEqual(['RRQ', 'DATA']);
  });

  it('IPv4 fragments, in any order, at the frame that completes the packet', () => {
    const whole = Buffer.from(udp(50000, 69, request));
    const part = (from: number, to: number, more: boolean): Uint8Array => {
      const header = Buffer.from(whole.subarray(0, 20));
      header.writeUInt16BE(20 + to - from, 2);
      header.writeUInt16BE((more ? 0x2000 : 0) | (from / 8), 6);
      return inEthernet(Buffer.concat([header, whole.subarray(20 + from, 20 + to)]));
    };
    const size = whole.length - 20;
    expect(decoded([part(16, size, false), part(0, 8, true), part(8, 16, true)])).toMatchObject([
      { frame: 3, opcode: 'RRQ' },
    ]);
  });
});

describe('SCCP over TCP', () => {
  const keepAlive = encodeSccp('KeepAlive');
  const register = encodeSccp('Register', { deviceName: 'SEP001122334455', deviceType: 7 });
  const told = (frames: readonly Uint8Array[]) =>
    decoded(frames).map(({ frame, messageName }) => `${frame} ${String(messageName)}`);

  it('is told at the frame that completes it, over the wrap of sequence numbers', () => {
    const start = 0xfffffff0;
    const frames = [
      tcp(start - 1, new Uint8Array(), true),
      tcp(start, register.subarray(0, 40)),
      tcp(start + 40, register.subarray(40)),
    ];
    expect(told(frames)).toEqual(['3 Register']);
  });

  it('counts repeated and overlapping bytes once', () => {
    const both = Buffer.concat([keepAlive, register]);
    const frames = [
      tcp(0, new Uint8Array(), true),
      tcp(1, keepAlive),
      tcp(1, keepAlive),
      tcp(1, both),
      tcp(13, register),
    ];
    expect(told(frames)).toEqual(['2 KeepAlive', '4 Register']);
  });

  it('is put in order; whole messages ahead of their turn are told in their own frame', () => {
    const at = 1 + keepAlive.length;
    const cut = [register.subarray(0, 30), register.subarray(30)] as const;
    expect(told([tcp(0, new Uint8Array(), true), tcp(at, register), tcp(1, keepAlive)])).toEqual([
      '2 Register',
      '3 KeepAlive',
    ]);
    const late = [tcp(0, new Uint8Array(), true), tcp(at + 30, cut[1]), tcp(at, cut[0]), tcp(1, keepAlive)];
    expect(told(late)).toEqual(['4 KeepAlive', '4 Register']);
  });

  it('may be met half-way', () => {
    expect(told([tcp(1, register.subarray(20)), tcp(1 + register.length - 20, keepAlive)])).toEqual(['2 KeepAlive']);
  });
});

describe('damage', () => {
  it('is told with its offset, and what stood before it stays', () => {
    const tlvs = [cdpTlv.deviceId('SEP001122334455'), cdpTlv.portId('Port 1')];
    const payload = Buffer.from(encodeCdp({ ttlSeconds: 180, tlvs }));
    payload.writeUInt16BE(200, payload.length - 8);
    expect(decoded([cdpFrame(phone.mac, payload)])).toMatchObject([
      { deviceId: 'SEP001122334455', tlvTypes: [1], malformed: { offset: 23 } },
    ]);
  });

  it('by the snap length is told as such', () => {
    const message = decoded([lldp.subarray(0, 30)], ethernet, 30)[0];
    expect(message?.malformed).toBeDefined();
    expect(message).toMatchObject({ chassisId: phone.address });
  });

  it('never throws, whatever the bytes and the link type', () => {
    const linkTypes = [0, 1, 6, 9, 10, 50, 51, 100, 101, 104, 105, 107, 108, 113, 119, 127, 163, 204, 228, 229, 276];
    const seeds = [
      cdp,
      lldp,
      tcp(1, encodeSccp('KeepAlive')),
      inEthernet(udp(5060, 5060, Buffer.from('BYE sip:a SIP/2.0\r\n\r\n'))),
    ];
    const spoilt = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 8 }))
      .map(([seed, changes]) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    const anyFrame = fc.oneof(
      spoilt,
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...linkTypes),
        fc.array(anyFrame, { maxLength: 6 }),
        fc.nat(50),
        (linkType, frames, missing) => {
          for (const message of decoded(frames, linkType, missing)) JSON.parse(jsonLine(message));
        },
      ),
      { numRuns: process.env.LINKPULSE_LONG ? 50_000 : 1500 },
    );
  });

  it('of a file is told where it is, and never more', () => {
    const file = classicFile(ethernet, [
      { bytes: cdp, timestampUs: 1 },
      { bytes: lldp, timestampUs: 2 },
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(file.length),
        (changes, length) => {
          const spoilt = Buffer.from(file);
          for (const [at, value] of changes) spoilt[at] = value;
          const cut = spoilt.subarray(0, length);
          const decoder = new Decoder(() => {});
          const reader = new CaptureReader((record) => decoder.frame(record, 1));
          try {
            reader.end(cut.subarray(reader.read(cut)));
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedBytes);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});

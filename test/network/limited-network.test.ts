import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LinkFrame } from '../../src/network/frame-link.js';
import type { IpAttachment, PortNetwork } from '../../src/network/ip-attachment.js';
import { openLimitedNetwork } from '../../src/network/limited-network.js';
import { systemClock } from '../../src/timeline/clock.js';
import { decodeEthernet, encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import {
  completeChecksum,
  decodeIpv4,
  decodeTcp,
  decodeUdp,
  encodeIpv4,
  encodeUdp,
  ipProtocols,
} from '../../src/wire/ipv4.js';
import { hex, phoneFrame, phoneMac } from '../helpers/frames.js';
import { LimitedPhone } from '../helpers/limited-phone.js';

const macAddress = '02:00:00:00:00:01';
const vlan = 110;
const benchAddress = '10.110.0.1';
const secondAddress = '10.110.0.2';
const phoneAddress = '10.110.0.50';
const onLoopback = (address: string) => address.replace(/^10\./, '127.');
// Files run side by side: not the offset of another run.
const portOffset = 21_000 + (process.pid % 2000);

let folder: string;
let socketPath: string;
let network: PortNetwork;
let attachment: IpAttachment;
let phone: LimitedPhone;
let frames: LinkFrame[];

const carrierIs = async (wanted: boolean) => {
  let carrier: boolean | undefined;
  const unlisten = network.link.onCarrier((up) => {
    carrier = up;
  });
  await vi.waitFor(() => expect(carrier).toBe(wanted));
  unlisten();
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'linkpulse-limited-'));
  socketPath = join(folder, 'wire');
  network = await openLimitedNetwork({ socketPath, portOffset, macAddress, clock: systemClock });
  attachment = await network.attach({ vlan, addresses: [benchAddress, secondAddress], prefixLength: 24 });
  phone = await LimitedPhone.connect(socketPath);
  frames = [];
  network.link.onFrame((frame) => frames.push(frame));
  phone.setCarrier(true);
  phone.send(phoneFrame('here I am'));
  await vi.waitFor(() => expect(frames.length).toBe(1));
  frames.length = 0;
});
afterEach(async () => {
  phone.close();
  await network.close();
  rmSync(folder, { recursive: true });
});

const readPacket = (frame: LinkFrame) => {
  const ethernet = decodeEthernet(frame.bytes);
  const packet = ethernet && decodeIpv4(ethernet.payload);
  if (!ethernet || !packet) return undefined;
  return {
    direction: frame.direction,
    synthesised: frame.synthesised,
    vlan: ethernet.vlans[0]?.id ?? null,
    macs: `${ethernet.source} > ${ethernet.destination}`,
    addresses: `${packet.source} > ${packet.destination}`,
    udp: packet.protocol === ipProtocols.udp ? decodeUdp(packet.payload) : undefined,
    tcp: packet.protocol === ipProtocols.tcp ? decodeTcp(packet.payload) : undefined,
  };
};

const dhcpFromPhone = (tag: number | undefined, text: string): Uint8Array => {
  const ends = { source: '0.0.0.0', destination: '255.255.255.255' };
  const payload = encodeUdp({ ...ends, sourcePort: 68, destinationPort: 67, payload: Buffer.from(text) });
  return encodeEthernet({
    source: phoneMac,
    destination: 'ff:ff:ff:ff:ff:ff',
    ...(tag === undefined ? {} : { vlan: { id: tag, priority: 0 } }),
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ ...ends, protocol: ipProtocols.udp, payload }),
  });
};

test('it says in words what it does not prove', () => {
  expect(network.limited.length).toBeGreaterThan(3);
  expect(network.limited.join('\n')).toMatch(/voice VLAN/);
});

test('the socket belongs to this user alone and replaces one left over', async () => {
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  await network.close();
  writeFileSync(socketPath, 'left over');
  network = await openLimitedNetwork({ socketPath, portOffset, macAddress, clock: systemClock });
  (await LimitedPhone.connect(socketPath)).close();
});

test('DHCP travels as whole frames, tagged with the VLAN of its attachment', async () => {
  const heard: string[] = [];
  const server = attachment.bindUdp({ port: 67 });
  server.onMessage((data, peer) => {
    heard.push(`${Buffer.from(data)} from ${peer.address}:${peer.port}`);
    server.send(Buffer.from('offer'), { address: '255.255.255.255', port: 68 });
    server.send(Buffer.from('ack'), { address: phoneAddress, port: 68 });
  });
  const answers: LinkFrame[] = [];
  phone.onFrame((bytes) => answers.push({ bytes, atUs: 0, direction: 'out', synthesised: true }));
  phone.send(dhcpFromPhone(undefined, 'untagged, for somebody else'));
  phone.send(dhcpFromPhone(vlan, 'discover'));
  await vi.waitFor(() => expect(answers.length).toBe(2));
  expect(heard).toEqual(['discover from 0.0.0.0:68']);
  const [offer, ack] = answers.map(readPacket);
  expect(offer).toMatchObject({
    vlan,
    macs: `${macAddress} > ff:ff:ff:ff:ff:ff`,
    addresses: `${benchAddress} > 255.255.255.255`,
    udp: { sourcePort: 67, destinationPort: 68 },
  });
  expect(ack).toMatchObject({ macs: `${macAddress} > ${phoneMac}`, addresses: `${benchAddress} > ${phoneAddress}` });
  expect(frames.map(({ direction, synthesised }) => [direction, synthesised])).toEqual([
    ['in', false],
    ['in', false],
    ['out', true],
    ['out', true],
  ]);
  expect(frames.slice(2).map(({ bytes }) => hex(bytes))).toEqual(answers.map(({ bytes }) => hex(bytes)));
});

const phoneUdp = async (): Promise<DatagramSocket> => {
  const socket = createSocket('udp4');
  socket.bind(0, onLoopback(phoneAddress));
  await once(socket, 'listening');
  return socket;
};

test('datagrams run over loopback at shifted ports and are shown under their own addresses', async () => {
  const server = attachment.bindUdp({ port: 69 });
  server.onMessage((data, peer) => {
    expect(peer.address).toBe(phoneAddress);
    const transfer = attachment.bindUdp({ port: 0 });
    expect(transfer.port).toBeGreaterThanOrEqual(30_000);
    transfer.send(Buffer.concat([Buffer.from('block of '), data]), peer);
  });
  const client = await phoneUdp();
  const answer = once(client, 'message') as Promise<[Buffer, { address: string; port: number }]>;
  client.send('RRQ', 69 + portOffset, onLoopback(benchAddress));
  const [data, from] = await answer;
  expect(data.toString()).toBe('block of RRQ');
  expect(from.address).toBe(onLoopback(benchAddress));
  const shown = frames.map(readPacket);
  const phonePort = client.address().port;
  expect(shown).toMatchObject([
    {
      direction: 'in',
      synthesised: true,
      vlan,
      macs: `${phoneMac} > ${macAddress}`,
      addresses: `${phoneAddress} > ${benchAddress}`,
      udp: { sourcePort: phonePort, destinationPort: 69 },
    },
    {
      direction: 'out',
      synthesised: true,
      vlan,
      addresses: `${benchAddress} > ${phoneAddress}`,
      udp: { sourcePort: from.port, destinationPort: phonePort },
    },
  ]);
  for (const { bytes } of frames) expect(hex(completeChecksum(bytes))).toBe(hex(bytes));
  client.close();
});

const connectPhone = (address: string, port: number): Socket =>
  createConnection({ host: onLoopback(address), port: port + portOffset, localAddress: onLoopback(phoneAddress) });

/** Follows both directions as a receiver would: sequence numbers must add up without a gap. */
const follow = (seen: readonly LinkFrame[]) => {
  const next: { in?: number; out?: number } = {};
  const text = { in: '', out: '' };
  const flags: string[] = [];
  for (const packet of seen.map(readPacket)) {
    const { tcp, direction } = packet ?? {};
    if (!tcp || !direction) continue;
    flags.push(
      `${direction}:${Object.entries(tcp.flags)
        .flatMap(([name, set]) => (set && name !== 'psh' ? [name] : []))
        .join('+')}`,
    );
    if (next[direction] !== undefined) expect(tcp.sequence).toBe(next[direction]);
    if (tcp.flags.ack && !tcp.flags.rst) expect(tcp.acknowledgement).toBe(next[direction === 'in' ? 'out' : 'in']);
    next[direction] = tcp.sequence + tcp.payload.length + (tcp.flags.syn || tcp.flags.fin ? 1 : 0);
    text[direction] += Buffer.from(tcp.payload).toString();
  }
  return { flags, text };
};

test('a connection is shown whole: handshake, data with sequence numbers that add up, end', async () => {
  const question = 'register '.repeat(700);
  const answer = 'acknowledged '.repeat(700);
  await attachment.listenTcp({ address: secondAddress, port: 2000 }, (socket: Duplex, peer) => {
    expect(peer.address).toBe(phoneAddress);
    let got = '';
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString();
      if (got.length === question.length) socket.write(answer);
    });
  });
  const socket = connectPhone(secondAddress, 2000);
  socket.write(question);
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
    if (heard.length === answer.length) socket.end();
  });
  await once(socket, 'close');
  expect(heard).toBe(answer);
  await vi.waitFor(() =>
    expect(follow(frames).flags.filter((flag) => flag.endsWith('fin+ack') || flag.endsWith('ack+fin')).length).toBe(2),
  );
  const { flags, text } = follow(frames);
  expect(text).toEqual({ in: question, out: answer });
  expect(flags.slice(0, 3)).toEqual(['in:syn', 'out:syn+ack', 'in:ack']);
  for (const { bytes, synthesised } of frames) {
    expect(synthesised).toBe(true);
    expect(bytes.length).toBeLessThanOrEqual(1518);
    expect(hex(completeChecksum(bytes))).toBe(hex(bytes));
  }
});

test('a refusal is shown as RST to the SYN', async () => {
  await attachment.refuseTcp({ address: benchAddress, port: 2000 });
  const socket = connectPhone(benchAddress, 2000);
  const ended: string[] = [];
  socket.on('error', () => ended.push('reset'));
  socket.resume();
  await vi.waitFor(() => expect(ended).toEqual(['reset']));
  expect(follow(frames).flags).toEqual(['in:syn', 'out:ack+rst']);
});

test('a phone that resets is shown with RST, and its connection ends without harm', async () => {
  const ended: string[] = [];
  await attachment.listenTcp({ address: benchAddress, port: 2000 }, (socket) => {
    socket.on('close', () => ended.push('closed'));
    socket.resume();
  });
  const socket = connectPhone(benchAddress, 2000);
  await once(socket, 'connect');
  await vi.waitFor(() => expect(frames.length).toBe(3));
  socket.resetAndDestroy();
  await vi.waitFor(() => expect(ended).toEqual(['closed']));
  expect(follow(frames).flags.slice(3)).toEqual(['in:ack+rst']);
});

test('closing the attachment frees its ports and ends its connections', async () => {
  await attachment.listenTcp({ address: benchAddress, port: 2000 }, () => {});
  const socket = connectPhone(benchAddress, 2000);
  await once(socket, 'connect');
  await attachment.close();
  await once(socket.resume(), 'close');
  const again = await network.attach({ vlan, addresses: [benchAddress], prefixLength: 24 });
  await again.listenTcp({ address: benchAddress, port: 2000 }, () => {});
});

test('when the phone goes away its carrier goes, and another one may come', async () => {
  phone.close();
  await carrierIs(false);
  phone = await LimitedPhone.connect(socketPath);
  phone.setCarrier(true);
  await carrierIs(true);
});

test('a second phone on the same cable is turned away', async () => {
  const second = await LimitedPhone.connect(socketPath);
  await once(second.socket, 'close');
  phone.send(phoneFrame('still here'));
  await vi.waitFor(() => expect(frames.length).toBe(1));
});

test('a message cut at every byte is put together again', async () => {
  const frame = phoneFrame('piece by piece', vlan);
  const message = Buffer.concat([Buffer.from([1, frame.length >> 8, frame.length & 0xff]), frame]);
  for (const octet of message) {
    phone.socket.write(Buffer.from([octet]));
    await new Promise(setImmediate);
  }
  await vi.waitFor(() => expect(frames.map(({ bytes }) => hex(bytes))).toEqual([hex(frame)]));
});

test('a frame too long or too short for Ethernet is left out, counted, and what follows is heard', async () => {
  phone.send(new Uint8Array(65_535));
  phone.send(new Uint8Array(13));
  phone.send(phoneFrame('fit'));
  await vi.waitFor(() => expect(frames.length).toBe(1));
  expect(network.link.drops()).toBe(2);
});

test('garbage ends the connection and nothing else', async () => {
  attachment.bindUdp({ port: 67 });
  for (let seed = 1; seed <= 40; seed += 1) {
    const garbage = Buffer.alloc(2000);
    for (let at = 0, state = seed; at < garbage.length; at += 1) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      garbage[at] = state >> 16;
    }
    garbage[0] = seed % 2 ? 0xff : 1;
    phone.socket.end(garbage);
    await once(phone.socket, 'close');
    await carrierIs(false);
    phone = await LimitedPhone.connect(socketPath);
  }
  phone.setCarrier(true);
  await carrierIs(true);
  phone.send(phoneFrame('after the storm'));
  await vi.waitFor(() => expect(frames.at(-1)?.bytes).toEqual(phoneFrame('after the storm')));
});

test('DHCP frames broken at any place are no harm', async () => {
  const heard: Uint8Array[] = [];
  attachment.bindUdp({ port: 67 }).onMessage((data) => heard.push(data));
  const whole = dhcpFromPhone(vlan, 'discover');
  for (let length = 14; length < whole.length; length += 1) phone.send(whole.subarray(0, length));
  for (let at = 12; at < whole.length; at += 1) {
    const bent = whole.slice();
    bent[at] = 0xff - (bent[at] ?? 0);
    phone.send(bent);
  }
  phone.send(whole);
  await vi.waitFor(() => expect(heard.map((data) => Buffer.from(data).toString()).at(-1)).toBe('discover'));
});

test('a phone that does not read loses frames and grows no memory', async () => {
  phone.socket.pause();
  const frame = new Uint8Array(1514);
  for (let count = 0; count < 3000; count += 1) network.link.send(frame);
  expect(network.link.drops()).toBeGreaterThan(0);
});

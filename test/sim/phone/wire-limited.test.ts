import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PhoneWire } from '../../../src/sim/contracts.js';
import { createPhoneWire } from '../../../src/sim/phone/phone-wire.js';
import { systemClock } from '../../../src/timeline/clock.js';
import { until } from './counting-clock.js';
import { onLoopback, testNetwork } from './loopback-servers.js';
import { testPortOffset } from './memory-wire.js';
import { testMac } from './phone-under-test.js';

const frame = Uint8Array.from({ length: 60 }, (_, index) => index);
const record = (type: number, bytes: Uint8Array = new Uint8Array()): Buffer =>
  Buffer.from([type, bytes.length >> 8, bytes.length & 0xff, ...bytes]);

let folder: string;
let daemon: Server;
let peer: Socket | undefined;
let received: Buffer;
let wire: PhoneWire;

const openWire = async (): Promise<void> => {
  const socketPath = join(folder, 'frames.sock');
  const opening = createPhoneWire({ kind: 'limited', socketPath, portOffset: testPortOffset }, testMac, systemClock);
  // The daemon may come after the phone.
  daemon = createServer((socket) => {
    peer = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
  });
  await new Promise<void>((resolve) => daemon.listen(socketPath, resolve));
  wire = await opening;
  await until(() => peer !== undefined, 'accepted');
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'linkpulse-wire-'));
  peer = undefined;
  received = Buffer.alloc(0);
  await openWire();
});
afterEach(async () => {
  await wire.close();
  peer?.destroy();
  daemon.close();
  rmSync(folder, { recursive: true });
});

describe('the phone’s wire over a Unix socket', () => {
  it('tells carrier and frames as records, and drops frames while link is down', async () => {
    wire.sendFrame(frame);
    await wire.setLink(true);
    wire.sendFrame(frame);
    await wire.setLink(false);
    wire.sendFrame(frame);
    const expected = Buffer.concat([record(2), record(1, frame), record(3)]);
    await until(() => received.length >= expected.length, 'three records');
    expect(received).toEqual(expected);
  });

  it('hears frames whatever pieces they come in', async () => {
    const heard: Uint8Array[] = [];
    wire.onFrame((bytes) => heard.push(bytes));
    await wire.setLink(true);
    const bytes = Buffer.concat([record(1, frame), record(1, frame.subarray(0, 14))]);
    for (const byte of bytes) {
      peer?.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    await until(() => heard.length === 2, 'two frames');
    expect(heard.map((each) => each.length)).toEqual([60, 14]);
  });

  it('hangs up on a record longer than any frame', async () => {
    await wire.setLink(true);
    let hungUp = false;
    peer?.on('close', () => {
      hungUp = true;
    });
    peer?.write(Uint8Array.of(1, 0xff, 0xff, 0));
    await until(() => hungUp, 'hung up');
    wire.sendFrame(frame);
  });

  it('shifts service ports on loopback and shows logical addresses to the phone', async () => {
    const server = `${testNetwork}.71`;
    const service = createSocket('udp4');
    service.on('message', (data, from) => service.send(`${from.address} ${data}`, from.port, from.address));
    await new Promise<void>((resolve) => service.bind(69 + testPortOffset, onLoopback(server), resolve));
    const stack = await wire.attachIp({ vlan: 110, address: `${testNetwork}.72`, prefixLength: 24, router: null });
    const socket = await stack.udp(0);
    const answers: unknown[] = [];
    socket.onMessage((data, from) => answers.push([Buffer.from(data).toString(), from.address, from.port]));
    socket.send(Buffer.from('hello'), server, 69);
    await until(() => answers.length > 0, 'an answer');
    service.close();
    expect(answers).toEqual([[`${onLoopback(`${testNetwork}.72`)} hello`, server, 69]]);
  });

  it('rejects connections that are under way when the address is taken away', async () => {
    const stack = await wire.attachIp({ vlan: null, address: `${testNetwork}.72`, prefixLength: 24, router: null });
    const connecting = stack.connect(`${testNetwork}.71`, 2000, 5_000);
    await wire.detachIp();
    await expect(connecting).rejects.toThrow();
    await expect(stack.udp(0)).rejects.toThrow('no address');
  });
});

import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PhoneStack } from '../../../src/sim/contracts.js';
import { Lifetime } from '../../../src/sim/phone/lifetime.js';
import { fetchFile, type TftpOutcome } from '../../../src/sim/phone/tftp-client.js';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../../src/wire/tftp.js';
import { CountingClock, until } from './counting-clock.js';
import { onLoopback, startTftpServer, type TestTftpServer, testNetwork } from './loopback-servers.js';
import { MemoryWire, testPortOffset } from './memory-wire.js';

const server = `${testNetwork}.1`;
const phone = `${testNetwork}.20`;
const patient = 5_000;

let clock: CountingClock;
let wire: MemoryWire;
let life: Lifetime;
let stack: PhoneStack;
const closers: (() => void)[] = [];

beforeEach(async () => {
  clock = new CountingClock();
  wire = new MemoryWire(clock);
  life = new Lifetime(clock);
  stack = await wire.attachIp({ vlan: null, address: phone, prefixLength: 24, router: null });
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  life.end();
  await wire.close();
});

const fetchWith = (fileName: string, retryMs = patient): Promise<TftpOutcome> =>
  fetchFile({ stack, life, server, fileName, retryMs, log: () => {} });

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index * 7);

/** A TFTP server whose every answer the test writes; requests and acknowledgements are told in order. */
const script = (
  answer: (packet: TftpPacket, send: (packet: TftpPacket) => void, socket: Socket) => void,
): Promise<TftpPacket[]> =>
  new Promise((resolve) => {
    const heard: TftpPacket[] = [];
    const socket = createSocket('udp4');
    closers.push(() => socket.close());
    socket.on('message', (data, peer) => {
      const packet = decodeTftp(data);
      if (packet === undefined) return;
      heard.push(packet);
      answer(packet, (reply) => socket.send(encodeTftp(reply), peer.port, peer.address), socket);
    });
    socket.bind(69 + testPortOffset, onLoopback(server), () => resolve(heard));
  });

describe('the phone reading a file over TFTP', () => {
  it.each([0, 1, 511, 512, 513, 130_552])('gets %i bytes whole', async (length) => {
    const tftp: TestTftpServer = await startTftpServer(server, new Map([['a.bin', bytes(length)]]));
    closers.push(() => tftp.close());
    const outcome = await fetchWith('a.bin');
    expect(outcome.kind).toBe('complete');
    expect(outcome.kind === 'complete' && Buffer.compare(outcome.data, bytes(length))).toBe(0);
    await until(() => wire.openSockets === 0, 'the socket is closed');
    expect(clock.waiting).toBe(0);
  });

  it('asks in octet mode without options', async () => {
    const heard = await script((_packet, send) => send({ opcode: 'DATA', block: 1, data: bytes(3) }));
    await fetchWith('SEP0012DADBD34E.cnf.xml');
    expect(heard[0]).toMatchObject({ opcode: 'RRQ', fileName: 'SEP0012DADBD34E.cnf.xml', mode: 'octet', options: {} });
  });

  it('acknowledges the last block before it closes its socket', async () => {
    const heard = await script((packet, send) => {
      if (packet.opcode === 'RRQ') send({ opcode: 'DATA', block: 1, data: bytes(3) });
    });
    await fetchWith('a.bin');
    await until(() => heard.length > 1, 'the last acknowledgement');
    expect(heard[1]).toMatchObject({ opcode: 'ACK', block: 1 });
  });

  it('takes ERROR 1 as an answer, at once', async () => {
    const tftp = await startTftpServer(server, new Map());
    closers.push(() => tftp.close());
    expect(await fetchWith('missing')).toEqual({ kind: 'error', errorCode: 1, errorMessage: 'File not found' });
    expect(tftp.asked).toEqual(['missing']);
  });

  it('acknowledges a repeated block again and writes it once', async () => {
    const heard = await script((packet, send) => {
      if (packet.opcode === 'RRQ') send({ opcode: 'DATA', block: 1, data: bytes(512) });
      if (packet.opcode === 'ACK' && packet.block === 1) {
        if (heard.length === 2) send({ opcode: 'DATA', block: 1, data: bytes(512) });
        else send({ opcode: 'DATA', block: 2, data: bytes(2) });
      }
    });
    const outcome = await fetchWith('a.bin');
    expect(outcome.kind === 'complete' && outcome.data.length).toBe(514);
    expect(heard.map((packet) => (packet.opcode === 'ACK' ? packet.block : packet.opcode)).slice(0, 3)).toEqual([
      'RRQ',
      1,
      1,
    ]);
  });

  it('repeats its last packet on silence, then gives up', async () => {
    const heard = await script(() => {});
    expect(await fetchWith('a.bin', 20)).toEqual({ kind: 'given-up' });
    expect(heard.map(({ opcode }) => opcode)).toEqual(['RRQ', 'RRQ', 'RRQ', 'RRQ']);
  });

  it('answers a stranger’s transfer id with ERROR 5 and carries on', async () => {
    const strangerHeard: TftpPacket[] = [];
    await script((packet, send, socket) => {
      if (packet.opcode === 'RRQ') send({ opcode: 'DATA', block: 1, data: bytes(512) });
      if (packet.opcode !== 'ACK' || packet.block !== 1) return;
      const stranger = createSocket('udp4');
      closers.push(() => stranger.close());
      stranger.on('message', (data) => {
        const answer = decodeTftp(data);
        if (answer !== undefined) strangerHeard.push(answer);
        send({ opcode: 'DATA', block: 2, data: bytes(1) });
      });
      stranger.bind(0, socket.address().address, () => {
        const data = encodeTftp({ opcode: 'DATA', block: 2, data: bytes(9) });
        stranger.send(data, lastPhonePort, onLoopback(phone));
      });
    });
    let lastPhonePort = 0;
    const udp = stack.udp;
    stack = {
      ...stack,
      udp: async (port) => {
        const socket = await udp(port);
        lastPhonePort = socket.port;
        return socket;
      },
    };
    const outcome = await fetchWith('a.bin');
    expect(strangerHeard).toMatchObject([{ opcode: 'ERROR', errorCode: 5 }]);
    expect(outcome.kind === 'complete' && outcome.data.length).toBe(513);
  });

  it('leaves no timer and no socket when power goes in mid-transfer', async () => {
    await script((packet, send) => {
      if (packet.opcode === 'RRQ') send({ opcode: 'DATA', block: 1, data: bytes(512) });
      else life.end();
    });
    await expect(fetchWith('a.bin')).rejects.toThrow();
    await until(() => wire.openSockets === 0, 'the socket is closed');
    expect(clock.waiting).toBe(0);
  });
});

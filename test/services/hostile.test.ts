/** The running `linkpulse services` under attack: bounded memory, every other port as before, the attacked one back soon. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { openPacketLink } from '../../src/network/packet-link.js';
import { syntheticImage } from '../../src/services/generated-files.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { decodeTftp, encodeTftp } from '../../src/wire/tftp.js';
import { discover } from '../helpers/hostile-frames.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { openServedWire, type RunningServices, type ServedWire } from '../helpers/served-wire.js';
import { needs } from '../helpers/tools.js';

const image = 'P00308010200.bin';
const bench = '10.110.0.1';
const [primary, secondary] = ['10.110.0.11', '10.110.0.12'];
const mebibyte = 1024 * 1024;
/** What an attack may leave behind in memory: buffers of the sockets and what is not collected yet. */
const mostGrowth = 96 * mebibyte;

describeInNamespace(import.meta.url, 'the services under attack', () => {
  let wire: ServedWire;
  let services: RunningServices;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    wire = await openServedWire('hos');
    await wire.far.within(() => runIp('address', 'add', '10.110.0.50/24', 'dev', wire.phone));
    services = wire.services('--plan', wire.plan('quick-no-voice-vlan.yaml'));
    await services.reached('serving');
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    services?.child.kill('SIGTERM');
    const exitCode = await services?.exitCode;
    await wire?.close();
    expect(exitCode).toBe(0);
  });

  const residentBytes = (): number => {
    const status = readFileSync(`/proc/${services.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  };

  const opened = async (address: string, port: number, count: number, first: Uint8Array): Promise<Socket[]> => {
    const made: Socket[] = [];
    for (let index = 0; index < count; index += 1) {
      const socket = await wire.far.within(async () => {
        const each = connect(port, address);
        await once(each, 'connect');
        return each;
      });
      socket.on('error', () => {});
      socket.write(first);
      sockets.add(socket);
      made.push(socket);
    }
    return made;
  };
  const closeAll = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const boundUdp = (): Promise<UdpSocket> =>
    wire.far.within(async () => {
      const socket = createSocket('udp4');
      socket.bind(0, '10.110.0.50');
      await once(socket, 'listening');
      return socket;
    });
  const next = async (socket: UdpSocket) => {
    const [data, from] = (await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })) as [
      Buffer,
      { readonly port: number },
    ];
    return { packet: decodeTftp(data), port: from.port };
  };

  const http = (): Promise<{ readonly stdout: string }> =>
    wire.client('curl', [
      '-sS',
      '--noproxy',
      '*',
      '-m',
      '10',
      '-o',
      'got',
      '-w',
      '%{response_code}',
      `http://${bench}:6970/${image}`,
    ]);
  const tftp = async (): Promise<boolean> => {
    const { status } = await wire.client('curl', ['-sS', '-m', '15', '-o', 'got', `tftp://${bench}/${image}`]);
    return status === 0 && readFileSync(join(wire.directory, 'got')).equals(syntheticImage(image));
  };
  /** udhcpc alone, its lease not put on: 0 is a lease taken. */
  const dhcp = async (): Promise<number | null> =>
    (await wire.client('udhcpc', ['-i', wire.phone, '-f', '-n', '-q', '-t', '8', '-T', '1', '-s', '/bin/true'])).status;
  /** A whole KeepAlive is answered by KeepAliveAck. */
  const sccp = async (address: string): Promise<number> => {
    const [socket] = await opened(address, 2000, 1, Buffer.from('040000000000000000000000', 'hex'));
    const [answer] = (await once(socket as Socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
    socket?.destroy();
    return answer.readUInt32LE(8);
  };
  const keepAliveAck = 0x0100;

  const needsClients = (context: TestContext) => {
    needs(context, 'curl', 'curl');
    needs(context, 'udhcpc', 'udhcpc');
  };

  it('10,000 DISCOVERs from as many MACs', async (context) => {
    needsClients(context);
    const attacker = await wire.far.within(() => openPacketLink(wire.phone, systemClock));
    const flood = async (from: number) => {
      for (let number = from; number < from + 10_000; number += 1) {
        attacker.send(discover(number));
        if (number % 200 === 0) await sleep(systemClock, 5);
      }
    };
    await flood(0);
    expect((await http()).stdout).toBe('200');
    const before = residentBytes();
    const flooding = flood(20_000);
    expect((await http()).stdout).toBe('200');
    expect(await tftp()).toBe(true);
    expect(await sccp(primary)).toBe(keepAliveAck);
    await flooding;
    expect(await dhcp()).toBe(0);
    await flood(40_000);
    await attacker.close();
    expect(residentBytes() - before).toBeLessThan(mostGrowth);
  }, 60_000);

  it('slow requests on every connection of HTTP, then of a CallManager', async (context) => {
    needsClients(context);
    const before = residentBytes();
    await opened(bench, 6970, 200, Buffer.from('GET /P0030'));
    expect((await http()).stdout, 'who has not asked makes room').toBe('200');
    expect(await tftp()).toBe(true);
    expect(await sccp(primary)).toBe(keepAliveAck);
    closeAll();
    // The head of a message that says it is long, and never comes.
    await opened(primary, 2000, 1100, Buffer.from('ff0000000000000001', 'hex'));
    expect(await sccp(primary)).toBe(keepAliveAck);
    expect(await sccp(secondary)).toBe(keepAliveAck);
    expect((await http()).stdout).toBe('200');
    expect(await dhcp()).toBe(0);
    closeAll();
    expect(residentBytes() - before).toBeLessThan(mostGrowth);
  }, 60_000);

  it('transfers asked for and never acknowledged', async (context) => {
    needsClients(context);
    const before = residentBytes();
    const request = encodeTftp({ opcode: 'RRQ', fileName: image, mode: 'octet', options: {} });
    const halfOpen: UdpSocket[] = [];
    for (let index = 0; index < 300; index += 1) {
      const socket = await boundUdp();
      socket.send(request, 69, bench);
      halfOpen.push(socket);
    }
    expect(await tftp()).toBe(true);
    expect((await http()).stdout).toBe('200');
    expect(await sccp(primary)).toBe(keepAliveAck);
    for (const socket of halfOpen) socket.close();
    expect(residentBytes() - before).toBeLessThan(mostGrowth);
  }, 60_000);

  it('strangers who write to a transfer’s port', async () => {
    const [phone, stranger] = [await boundUdp(), await boundUdp()];
    phone.send(encodeTftp({ opcode: 'RRQ', fileName: image, mode: 'octet', options: {} }), 69, bench);
    const received: Uint8Array[] = [];
    for (;;) {
      const { packet, port } = await next(phone);
      if (packet?.opcode !== 'DATA') throw new Error(`${packet?.opcode}`);
      received.push(packet.data);
      if (received.length === 3) {
        for (const block of [3, 4, 200]) {
          stranger.send(encodeTftp({ opcode: 'ACK', block }), port, bench);
          // RFC 1350, section 4: an answer with error 5, and the transfer goes on.
          expect((await next(stranger)).packet).toMatchObject({ opcode: 'ERROR', errorCode: 5 });
        }
        stranger.send(encodeTftp({ opcode: 'ERROR', errorCode: 0, errorMessage: 'stop' }), port, bench);
      }
      phone.send(encodeTftp({ opcode: 'ACK', block: packet.block }), port, bench);
      if (packet.data.length < 512) break;
    }
    expect(Buffer.concat(received).equals(syntheticImage(image))).toBe(true);
    phone.close();
    stranger.close();
  }, 30_000);
});

/** Every attack at once on one wire, while a second instance of the services on another wire serves its phone as ever. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { openPacketLink } from '../../src/network/packet-link.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeIpv4, encodeUdp, ipProtocols } from '../../src/wire/ipv4.js';
import { encodeLldp, lldpFrame, lldpMedCapabilities, lldpTlv } from '../../src/wire/lldp.js';
import { encodeTftp } from '../../src/wire/tftp.js';
import { discover, randomMac } from '../helpers/hostile-frames.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { openServedWire, type RunningServices, type ServedWire } from '../helpers/served-wire.js';
import { needs } from '../helpers/tools.js';

const mebibyte = 1024 * 1024;
/** Whatever grows without bound ends the process, and the test with it. */
const heapOption = '--max-old-space-size=64';
const mostGrowth = 96 * mebibyte;
const long = Boolean(process.env.LINKPULSE_LONG);
const floodFrames = long ? 40_000 : 3_000;
const talks = long ? 1_100 : 300;
const roundsOnTheOtherWire = long ? 20 : 1;
const framesAtOnce = 200;

/** What a CallManager answers at once, and the words of a message that never ends. */
const managers = {
  sccp: {
    plan: 'quick-no-voice-vlan.yaml',
    replacements: [],
    port: 2000,
    image: 'P00308010200.bin',
    asks: Buffer.from('040000000000000000000000', 'hex'),
    answers: Buffer.from('040000000000000000010000', 'hex'),
    endless: Buffer.from('ff00000000000000', 'hex'),
  },
  sip: {
    plan: 'quick-sip.yaml',
    replacements: [['voiceVlan: 110', 'voiceVlan: none']],
    port: 5060,
    image: 'SIP41.8-3-3S.loads',
    asks: Buffer.from('\r\n\r\n'),
    answers: Buffer.from('\r\n'),
    endless: Buffer.from('REGISTER sip:x SIP/2.0\r\nX-Never: ends\r\n'),
  },
} as const;

interface Side {
  readonly manager: (typeof managers)[keyof typeof managers];
  readonly wire: ServedWire;
  readonly services: RunningServices;
  readonly net: string;
  /** Of the services' end. */
  readonly mac: string;
}

describeInNamespace(import.meta.url, 'all attacks at once', () => {
  let attacked: readonly Side[] = [];
  let other: Side;
  const sockets = new Set<Socket>();

  const side = async (name: string, net: string, kind: keyof typeof managers): Promise<Side> => {
    const manager = managers[kind];
    const wire = await openServedWire(name);
    await wire.far.within(() => runIp('address', 'add', `${net}.50/24`, 'dev', wire.phone));
    const path = wire.plan(manager.plan, ...manager.replacements, ['10.110.0.', `${net}.`]);
    const { NODE_OPTIONS } = process.env;
    process.env.NODE_OPTIONS = heapOption;
    const services = wire.services('--plan', path);
    process.env.NODE_OPTIONS = NODE_OPTIONS ?? '';
    await services.reached('serving');
    return { manager, wire, services, net, mac: networkInterfaces()[wire.bench]?.[0]?.mac ?? '' };
  };

  beforeAll(async () => {
    [other, ...attacked] = await Promise.all([
      side('hoa', '10.120.0', 'sccp'),
      side('hob', '10.121.0', 'sccp'),
      side('hoc', '10.122.0', 'sip'),
    ]);
  }, 60_000);
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    const sides = [...attacked, other];
    for (const { services } of sides) services.child.kill('SIGTERM');
    const codes = await Promise.all(sides.map(({ services }) => services.exitCode));
    for (const { wire } of sides) await wire.close();
    expect(codes).toEqual([0, 0, 0]);
  }, 30_000);

  const residentBytes = ({ services }: Side): number => {
    const status = readFileSync(`/proc/${services.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  };

  const opened = ({ wire }: Side, address: string, port: number): Promise<Socket> =>
    wire.far.within(async () => {
      const socket = connect(port, address);
      socket.on('error', () => {});
      sockets.add(socket);
      await new Promise((resolve) => {
        socket.once('connect', resolve);
        socket.once('close', resolve);
      });
      return socket;
    });

  /** What a phone needs of the services, by real clients; the words say what failed. */
  const isServed = async (of: Side): Promise<string[]> => {
    const { wire, net, manager } = of;
    const { image } = manager;
    const failures: string[] = [];
    const lease = await wire.client('udhcpc', [
      '-i',
      wire.phone,
      '-f',
      '-n',
      '-q',
      '-t',
      '8',
      '-T',
      '1',
      '-s',
      '/bin/true',
    ]);
    if (lease.status !== 0) failures.push(`dhcp: ${lease.stderr}`);
    for (const url of [`tftp://${net}.1/${image}`, `http://${net}.1:6970/${image}`]) {
      const { status, stderr } = await wire.client('curl', ['-sS', '--noproxy', '*', '-m', '15', '-o', 'got', url]);
      if (status !== 0 || readFileSync(join(wire.directory, 'got')).length < 100) failures.push(`${url}: ${stderr}`);
    }
    const socket = await opened(of, `${net}.11`, manager.port);
    socket.write(manager.asks);
    try {
      const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
      if (!answer.equals(manager.answers)) failures.push(`CallManager: ${answer.toString('hex')}`);
    } catch {
      failures.push('CallManager: no answer');
    }
    socket.destroy();
    return failures;
  };

  /** Connections that say nothing, or one byte a second. */
  const slowLoris = async (of: Side, address: string, port: number, count: number, words: Buffer): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const socket = await opened(of, address, port);
      if (index % 3 === 0) continue;
      let at = 0;
      const drip = setInterval(() => socket.write(words.subarray(at++ % words.length).subarray(0, 1)), 1000);
      socket.on('close', () => clearInterval(drip));
    }
  };

  const request = ({ mac, net, manager }: Side, number: number, opcode: 'RRQ' | 'WRQ'): Uint8Array => {
    // Of hosts that are not there, and of one that is.
    const source = number % 4 === 0 ? `${net}.50` : `${net}.${60 + (number % 30)}`;
    const addresses = { source, destination: `${net}.1` };
    const payload = encodeTftp({ opcode, fileName: manager.image, mode: 'octet', options: { blksize: '1468' } });
    const udp = encodeUdp({ sourcePort: 1024 + (number % 60_000), destinationPort: 69, payload, ...addresses });
    return encodeEthernet({
      destination: mac,
      source: randomMac(number),
      etherType: etherTypes.ipv4,
      payload: encodeIpv4({ ...addresses, protocol: ipProtocols.udp, ttl: 64, payload: udp }),
    });
  };

  const cdpQuery = (number: number): Uint8Array => {
    const words = 'x'.repeat(number % 3 === 0 ? 1300 : number % 7);
    const tlvs = [
      cdpTlv.deviceId(`SEP${number}`),
      cdpTlv.platform(words),
      cdpTlv.voiceVlanQuery(Uint8Array.of(0x20, 2, 0, 1)),
    ];
    return cdpFrame(randomMac(number), encodeCdp({ ttlSeconds: 180, tlvs }));
  };
  const lldpHello = (number: number): Uint8Array => {
    const mac = randomMac(number);
    const tlvs = [
      lldpTlv.chassisMac(mac),
      lldpTlv.portLocal(`${mac}:P1`),
      lldpTlv.ttl(number % 5 === 0 ? 65_535 : 180),
      lldpTlv.medCapabilities(lldpMedCapabilities.capabilities | lldpMedCapabilities.policy, 3),
      ...Array.from({ length: number % 3 }, () => lldpTlv.systemDescription('y'.repeat(400))),
    ];
    return lldpFrame(mac, encodeLldp({ tlvs }));
  };

  /** Of each kind so many, and until `isEnough`. */
  const flood = async (of: Side, isEnough: () => boolean): Promise<void> => {
    const attacker = await of.wire.far.within(() => openPacketLink(of.wire.phone, systemClock));
    for (let number = 0; number < floodFrames || !isEnough(); number++) {
      attacker.send(discover(number));
      attacker.send(request(of, number, 'RRQ'));
      attacker.send(request(of, number, 'WRQ'));
      attacker.send(cdpQuery(number));
      attacker.send(lldpHello(number));
      if (number % framesAtOnce === 0) await sleep(systemClock, 20);
    }
    await attacker.close();
  };

  it('leave the other wire’s phone alone, are survived in bounded memory, and the attacked wires serve again', async (context: TestContext) => {
    needs(context, 'curl', 'curl');
    needs(context, 'udhcpc', 'udhcpc');
    expect(await Promise.all([...attacked, other].map(isServed))).toEqual([[], [], []]);
    const before = attacked.map(residentBytes);
    let isEnough = false;
    const attacks = attacked.flatMap((of) => [
      flood(of, () => isEnough),
      slowLoris(of, `${of.net}.11`, of.manager.port, talks, of.manager.endless),
      slowLoris(of, `${of.net}.1`, 6970, talks, Buffer.from('GET / HTTP/1.1\r\nX-Never: ends\r\n')),
    ]);
    for (let round = 0; round < roundsOnTheOtherWire; round++)
      expect(await isServed(other), `round ${round}`).toEqual([]);
    isEnough = true;
    await Promise.all(attacks);
    const growth = attacked.map((of, index) => residentBytes(of) - (before[index] ?? 0));
    for (const bytes of growth) expect(bytes).toBeLessThan(mostGrowth);
    // The connections are still open.
    expect(await Promise.all(attacked.map(isServed))).toEqual([[], []]);
  }, 120_000);
});

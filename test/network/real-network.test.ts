import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LinkFrame } from '../../src/network/frame-link.js';
import type { IpAttachment } from '../../src/network/ip-attachment.js';
import { createVethTo, openRealNetwork } from '../../src/network/real-network.js';
import { setInterfaceUp } from '../../src/os/interface-control.js';
import { systemClock } from '../../src/timeline/clock.js';
import { decodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { completeChecksum, decodeIpv4, decodeTcp, decodeUdp, ipProtocols } from '../../src/wire/ipv4.js';
import { type Cable, interfaceExists, openCable } from '../helpers/cable.js';
import { hex } from '../helpers/frames.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';

const vlan = 110;
const prefixLength = 24;
const benchAddress = '10.110.0.1';
const secondAddress = '10.110.0.2';
const phoneAddress = '10.110.0.50';

interface SeenPacket {
  readonly direction: 'in' | 'out';
  readonly vlan: number | null;
  readonly source: string;
  readonly destination: string;
  readonly tcp: ReturnType<typeof decodeTcp>;
  readonly udp: ReturnType<typeof decodeUdp>;
}

const readPacket = ({ bytes, direction }: LinkFrame): SeenPacket | undefined => {
  const frame = decodeEthernet(bytes);
  if (frame?.body.kind !== 'ethertype' || frame.body.etherType !== etherTypes.ipv4) return undefined;
  const packet = decodeIpv4(frame.payload);
  if (packet === undefined) return undefined;
  return {
    direction,
    vlan: frame.vlans[0]?.id ?? null,
    source: packet.source,
    destination: packet.destination,
    tcp: packet.protocol === ipProtocols.tcp ? decodeTcp(packet.payload) : undefined,
    udp: packet.protocol === ipProtocols.udp ? decodeUdp(packet.payload) : undefined,
  };
};

describeInNamespace(import.meta.url, 'the real network', () => {
  const cables: Cable[] = [];
  const cable = async (name: string): Promise<Cable> => {
    const made = await openCable(name);
    cables.push(made);
    return made;
  };
  afterEach(async () => {
    for (const made of cables.splice(0)) await made.close();
  });

  const attachBoth = async (made: Cable, id: number | null) => {
    const bench = await made.bench.attach({ vlan: id, addresses: [benchAddress, secondAddress], prefixLength });
    const phone = await made.phoneNamespace.within(() =>
      made.phone.attach({ vlan: id, addresses: [phoneAddress], prefixLength }),
    );
    return { bench, phone };
  };

  const record = (made: Cable): LinkFrame[] => {
    const frames: LinkFrame[] = [];
    made.bench.link.onFrame((frame) => frames.push(frame));
    return frames;
  };
  const packets = (frames: readonly LinkFrame[]): SeenPacket[] => frames.flatMap((frame) => readPacket(frame) ?? []);

  const connect = (made: Cable, address: string, port: number): Promise<Socket> =>
    made.phoneNamespace.within(async () => {
      const socket = createConnection({ host: address, port, localAddress: phoneAddress });
      await once(socket, 'connect');
      return socket;
    });

  const echoUdp = (attachment: IpAttachment, port: number, sign: string): string[] => {
    const heard: string[] = [];
    const udp = attachment.bindUdp({ port });
    udp.onMessage((data, peer) => {
      heard.push(Buffer.from(data).toString());
      udp.send(Buffer.from(`${sign}:${data}`), peer);
    });
    return heard;
  };

  describe.each([
    ['tagged', vlan],
    ['untagged', null],
  ] as const)('%s', (title, id) => {
    test('datagrams go both ways and are seen once each on the wire, with right checksums', async () => {
      const made = await cable('lpu');
      const { bench, phone } = await attachBoth(made, id);
      const frames = record(made);
      echoUdp(bench, 69, 'bench');
      const answers: string[] = [];
      const client = await made.phoneNamespace.within(() => phone.bindUdp({ port: 0 }));
      client.onMessage((data, peer) => answers.push(`${Buffer.from(data)} from ${peer.address}:${peer.port}`));
      client.send(Buffer.from('hello'), { address: benchAddress, port: 69 });
      await vi.waitFor(() => expect(answers).toEqual([`bench:hello from ${benchAddress}:69`]));

      const datagrams = () => packets(frames).filter((packet) => packet.udp !== undefined);
      // The socket may be served before the listener on the wire is.
      await vi.waitFor(() => expect(datagrams().length).toBeGreaterThanOrEqual(2));
      const udp = datagrams();
      expect(udp.map(({ direction, vlan: tag }) => [direction, tag])).toEqual([
        ['in', id],
        ['out', id],
      ]);
      expect(udp.map((packet) => packet.udp?.sourcePort)).toEqual([client.port, 69]);
      for (const { bytes } of frames) expect(hex(completeChecksum(bytes))).toBe(hex(bytes));
    });

    test('large transfers arrive whole in both directions', async () => {
      const made = await cable('lpt');
      const { bench } = await attachBoth(made, id);
      const size = 6 * 1024 * 1024;
      const payload = Buffer.alloc(size, 'a voice VLAN carries more than voice. ');
      const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
      await bench.listenTcp({ address: secondAddress, port: 2000 }, (socket: Duplex, peer) => {
        expect(peer.address).toBe(phoneAddress);
        const got: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => got.push(chunk));
        socket.on('end', () => socket.end(Buffer.concat(got)));
      });
      const socket = await connect(made, secondAddress, 2000);
      const back: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => back.push(chunk));
      let longest = 0;
      made.bench.link.onFrame(({ bytes }) => {
        longest = Math.max(longest, bytes.length);
      });
      const startUs = systemClock.nowUs();
      socket.end(payload);
      await once(socket, 'close');
      const seconds = (systemClock.nowUs() - startUs) / 1e6;
      if (process.env.LINKPULSE_SHOW === '1')
        console.log(`${title}: ${((2 * size) / 1e6 / seconds).toFixed(1)} MB/s echoed`);
      const got = Buffer.concat(back);
      expect(got.length).toBe(size);
      expect(digest(got)).toBe(digest(payload));
      // Frames as a wire carries them, none glued together by the stack.
      expect(longest).toBe(id === null ? 1514 : 1518);
    });

    test('a refused connection is answered with RST on this wire', async () => {
      const made = await cable('lpr');
      const { bench } = await attachBoth(made, id);
      const frames = record(made);
      await bench.refuseTcp({ address: benchAddress, port: 2000 });
      await expect(connect(made, benchAddress, 2000)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      const segments = () =>
        packets(frames).flatMap(({ tcp, direction, vlan: tag }) => {
          return tcp ? [[direction, tag, tcp.flags.syn, tcp.flags.rst]] : [];
        });
      await vi.waitFor(() => {
        expect(segments()).toEqual([
          ['in', id, true, false],
          ['out', id, false, true],
        ]);
      });
    });

    test('a broadcast reaches the phone although it has no address', async () => {
      const made = await cable('lpd');
      const bench = await made.bench.attach({ vlan: id, addresses: [benchAddress], prefixLength });
      const heard: SeenPacket[] = [];
      made.phone.link.onFrame((frame) => {
        const packet = readPacket(frame);
        if (packet?.udp && frame.direction === 'in') heard.push(packet);
      });
      const server = bench.bindUdp({ port: 67 });
      server.send(Buffer.alloc(300, 1), { address: '255.255.255.255', port: 68 });
      await vi.waitFor(() => expect(heard.length).toBe(1));
      expect(heard[0]).toMatchObject({ vlan: id, source: benchAddress, destination: '255.255.255.255' });
      expect(heard[0]?.udp).toMatchObject({ sourcePort: 67, destinationPort: 68 });
    });
  });

  describe('two wires with equal addresses', () => {
    let first: Cable;
    let second: Cable;
    let ends: Awaited<ReturnType<typeof attachBoth>>[];
    beforeEach(async () => {
      first = await cable('lpx');
      second = await cable('lpy');
      ends = [await attachBoth(first, vlan), await attachBoth(second, vlan)];
    });

    test('each phone is heard and answered on its own wire', async () => {
      const heard = ends.map(({ bench }, index) => echoUdp(bench, 69, `wire ${index}`));
      const answers: string[][] = [];
      for (const [index, { phone }] of ends.entries()) {
        const got: string[] = [];
        const made = index === 0 ? first : second;
        const client = await made.phoneNamespace.within(() => phone.bindUdp({ port: 51_000 }));
        client.onMessage((data) => got.push(Buffer.from(data).toString()));
        client.send(Buffer.from(`phone ${index}`), { address: benchAddress, port: 69 });
        answers.push(got);
      }
      await vi.waitFor(() => expect(answers).toEqual([['wire 0:phone 0'], ['wire 1:phone 1']]));
      expect(heard).toEqual([['phone 0'], ['phone 1']]);
    });

    test('each connection stays on its own wire', async () => {
      for (const [index, { bench }] of ends.entries()) {
        await bench.listenTcp({ address: benchAddress, port: 2000 }, (socket) => socket.end(`wire ${index}`));
      }
      const said = await Promise.all(
        [first, second].map(async (made) => {
          const socket = await connect(made, benchAddress, 2000);
          const [chunk] = (await once(socket, 'data')) as [Buffer];
          socket.destroy();
          return chunk.toString();
        }),
      );
      expect(said).toEqual(['wire 0', 'wire 1']);
    });

    test('each refusal comes back on its own wire', async () => {
      for (const { bench } of ends) await bench.refuseTcp({ address: benchAddress, port: 2000 });
      for (const made of [first, second]) {
        await expect(connect(made, benchAddress, 2000)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      }
    });
  });

  test('closing takes addresses and interfaces away again', async () => {
    const made = await cable('lpc');
    const tagged = await made.bench.attach({ vlan, addresses: [benchAddress], prefixLength });
    const untagged = await made.bench.attach({ vlan: null, addresses: [secondAddress], prefixLength });
    expect(interfaceExists(tagged.interfaceName)).toBe(true);
    await tagged.close();
    await untagged.close();
    expect(interfaceExists(tagged.interfaceName)).toBe(false);
    expect(await runIp('address', 'show')).not.toContain('10.110.');
  });

  test('a VLAN interface left over from a killed process is replaced', async () => {
    const made = await cable('lpk');
    const { interfaceName, close } = await made.bench.attach({ vlan, addresses: [benchAddress], prefixLength });
    await close();
    await runIp('link', 'add', interfaceName, 'type', 'veth', 'peer', 'name', 'lpleftover');
    const again = await made.bench.attach({ vlan, addresses: [benchAddress], prefixLength });
    expect(again.interfaceName).toBe(interfaceName);
    expect(interfaceExists('lpleftover')).toBe(false);
  });

  test('a foreign address is refused', async () => {
    const made = await cable('lpf');
    const bench = await made.bench.attach({ vlan: null, addresses: [benchAddress], prefixLength });
    const refusal = expect.objectContaining({ code: 'NETWORK_FAILED' });
    expect(() => bench.bindUdp({ address: '192.0.2.1', port: 69 })).toThrow(refusal);
    await expect(bench.listenTcp({ address: '192.0.2.1', port: 2000 }, () => {})).rejects.toEqual(refusal);
    await expect(bench.refuseTcp({ address: '192.0.2.1', port: 2000 })).rejects.toEqual(refusal);
  });

  test('a reset by the phone ends its connection and nothing else', async () => {
    const made = await cable('lpz');
    const { bench } = await attachBoth(made, vlan);
    const ended: string[] = [];
    await bench.listenTcp({ address: benchAddress, port: 2000 }, (socket) => {
      socket.on('close', () => ended.push('closed'));
      socket.resume();
    });
    (await connect(made, benchAddress, 2000)).resetAndDestroy();
    await vi.waitFor(() => expect(ended).toEqual(['closed']));
    (await connect(made, benchAddress, 2000)).destroy();
    await vi.waitFor(() => expect(ended).toEqual(['closed', 'closed']));
  });

  test('the interface of the default route is refused', async () => {
    await runIp('link', 'add', 'lpoffice', 'type', 'veth', 'peer', 'name', 'lpwall');
    try {
      await runIp('address', 'add', '192.0.2.2/24', 'dev', 'lpoffice');
      setInterfaceUp('lpoffice', true);
      await runIp('route', 'add', 'default', 'via', '192.0.2.1');
      await expect(openRealNetwork({ interface: 'lpoffice', clock: systemClock })).rejects.toMatchObject({
        code: 'INTERFACE_FORBIDDEN',
      });
    } finally {
      await runIp('link', 'delete', 'dev', 'lpoffice');
    }
  });

  test('the loopback is refused, whatever risk is taken', async () => {
    for (const isShared of [false, true])
      await expect(openRealNetwork({ interface: 'lo', clock: systemClock, isShared })).rejects.toMatchObject({
        code: 'INTERFACE_WITHOUT_WIRE',
      });
  });

  test('an unknown interface is refused', async () => {
    await expect(openRealNetwork({ interface: 'nosuch0', clock: systemClock })).rejects.toMatchObject({
      code: 'INTERFACE_UNKNOWN',
    });
  });

  test('a cable is laid into the namespace of another process, which is waited for', async () => {
    const other = spawn('unshare', ['-n', 'sh', '-c', 'sleep 30'], { stdio: 'ignore' });
    await once(other, 'spawn');
    try {
      const names = { bench: 'lpcable0', phone: 'lpcable1' };
      const veth = await createVethTo(other.pid ?? 0, { names, clock: systemClock, timeoutMs: 10_000 });
      expect(interfaceExists(names.bench)).toBe(true);
      expect(interfaceExists(names.phone)).toBe(false);
      await veth.close();
      expect(interfaceExists(names.bench)).toBe(false);
    } finally {
      other.kill('SIGKILL');
    }
    await expect(
      createVethTo(process.pid, { names: { bench: 'lpa', phone: 'lpb' }, clock: systemClock, timeoutMs: 20 }),
    ).rejects.toMatchObject({ code: 'SIMULATOR_FAILED' });
  });
});

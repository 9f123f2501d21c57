import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openPacketLink } from '../../src/network/packet-link.js';
import { quietInterface, setInterfaceUp, turnOffOffloads } from '../../src/os/interface-control.js';
import { openPacketSocket, type PacketSocket, type ReceivedPacket } from '../../src/os/packet-socket.js';
import { systemClock } from '../../src/timeline/clock.js';
import { decodeEthernet } from '../../src/wire/ethernet.js';
import { completeChecksum, decodeIpv4, decodeUdp } from '../../src/wire/ipv4.js';
import { hex, phoneFrame } from '../helpers/frames.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';

describeInNamespace(import.meta.url, 'a packet socket', () => {
  const here = 'lpone';
  const there = 'lptwo';
  const sockets: PacketSocket[] = [];
  beforeEach(async () => {
    await runIp('link', 'add', here, 'type', 'veth', 'peer', 'name', there);
    for (const end of [here, there]) {
      quietInterface(end);
      setInterfaceUp(end, true);
    }
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await runIp('link', 'delete', 'dev', here).catch(() => {});
  });
  const open = (
    interfaceName: string,
    onPacket: (packet: ReceivedPacket) => void,
    seeOutgoing = true,
  ): PacketSocket => {
    const socket = openPacketSocket({ interfaceName, clock: systemClock, onPacket, seeOutgoing });
    sockets.push(socket);
    return socket;
  };

  test('a tag keeps its identifier, priority and protocol, and a second tag stays behind it', async () => {
    const heard: string[] = [];
    open(here, ({ bytes }) => heard.push(hex(bytes)));
    const sender = open(there, () => {});
    const plain = phoneFrame('tags');
    const tagged = (...tags: readonly string[]) => {
      const macs = hex(plain.subarray(0, 12));
      return `${macs}${tags.join('')}${hex(plain.subarray(12))}`;
    };
    const frames = [
      tagged('8100e06e'),
      tagged('8100f06e'),
      tagged('88a8206e'),
      tagged('8100006e', '81000070'),
      tagged('81000000'),
    ];
    for (const frame of frames) sender.send(Buffer.from(frame, 'hex'));
    await vi.waitFor(() => expect(heard).toEqual(frames));
  });

  test('a checksum left to hardware is told, and the link finishes it', async () => {
    await runIp('address', 'add', '10.9.0.1/24', 'dev', there);
    const packets: ReceivedPacket[] = [];
    open(here, (packet) => packets.push(packet));
    const link = openPacketLink(here, systemClock);
    const told: Uint8Array[] = [];
    link.onFrame(({ bytes }) => told.push(bytes));
    await runIp('neighbour', 'add', '10.9.0.2', 'lladdr', '00:12:da:db:d3:4e', 'dev', there);
    const client = createSocket('udp4');
    const sent = () =>
      new Promise<void>((resolve, reject) =>
        client.send('checksum me', 69, '10.9.0.2', (failure) => (failure ? reject(failure) : resolve())),
      );
    await sent();
    await vi.waitFor(() => expect(told.length).toBe(1));
    // The kernel really left it undone here, or this test shows nothing.
    expect(packets.map(({ checksumNotReady }) => checksumNotReady)).toEqual([true]);
    expect(hex(packets[0]?.bytes ?? new Uint8Array())).not.toBe(hex(told[0] ?? new Uint8Array()));
    const frame = decodeEthernet(told[0] ?? new Uint8Array());
    const datagram = decodeUdp(decodeIpv4(frame?.payload ?? new Uint8Array())?.payload ?? new Uint8Array());
    expect(Buffer.from(datagram?.payload ?? []).toString()).toBe('checksum me');
    expect(hex(completeChecksum(told[0] ?? new Uint8Array()))).toBe(hex(told[0] ?? new Uint8Array()));

    expect(turnOffOffloads(there)).toEqual([]);
    await sent();
    await vi.waitFor(() => expect(told.length).toBe(2));
    expect(packets[1]?.checksumNotReady).toBe(false);
    expect(hex(packets[1]?.bytes ?? new Uint8Array())).toBe(hex(told[1] ?? new Uint8Array()));
    client.close();
    await link.close();
  });

  test('what the own stack sends is told as outgoing, what the socket itself sends is not told', async () => {
    const both: boolean[] = [];
    const incoming: boolean[] = [];
    const first = open(here, ({ outgoing }) => both.push(outgoing));
    open(here, ({ outgoing }) => incoming.push(outgoing), false);
    const far = open(there, () => {});
    first.send(phoneFrame('own'));
    await runIp('address', 'add', '10.9.0.1/24', 'dev', here);
    await runIp('neighbour', 'add', '10.9.0.2', 'lladdr', '00:12:da:db:d3:4e', 'dev', here);
    const client = createSocket('udp4');
    await new Promise((resolve) => client.send('stack', 69, '10.9.0.2', resolve));
    far.send(phoneFrame('from there'));
    await vi.waitFor(() => expect(both).toEqual([true, false]));
    await vi.waitFor(() => expect(incoming).toEqual([false]));
    client.close();
  });

  test('a flood is counted where it overruns, and the loop goes on', async () => {
    let heard = 0;
    const socket = open(here, () => {
      heard += 1;
    });
    const sender = open(there, () => {});
    const frame = phoneFrame('x'.repeat(1400));
    const total = 30_000;
    for (let count = 0; count < total; count += 1) sender.send(frame);
    await vi.waitFor(() => expect(heard + socket.drops()).toBe(total), { timeout: 10_000 });
    expect(socket.drops()).toBeGreaterThan(0);
    const drops = socket.drops();
    socket.close();
    expect(socket.drops()).toBe(drops);
  });

  test('one VLAN alone is let through by the kernel, with what it carries, by number and protocol', async () => {
    const heard: string[] = [];
    const socket = openPacketSocket({
      ...{ interfaceName: here, clock: systemClock, seeOutgoing: false, vlan: { id: 101, protocol: 0x8100 } },
      onPacket: ({ bytes }) => heard.push(hex(bytes)),
    });
    sockets.push(socket);
    const sender = open(there, () => {});
    const plain = phoneFrame('trunk');
    const tagged = (...tags: readonly string[]) =>
      Buffer.from(`${hex(plain.subarray(0, 12))}${tags.join('')}${hex(plain.subarray(12))}`, 'hex');
    const ours = [tagged('81000065'), tagged('8100e065', '8100606e')];
    for (const frame of [plain, tagged('81000066'), tagged('8100006e', '81000065'), tagged('88a80065'), ...ours])
      sender.send(frame);
    await vi.waitFor(() => expect(heard).toEqual(ours.map(hex)));
  });

  const hold = (us: number) => {
    for (const endUs = systemClock.nowUs() + us; systemClock.nowUs() < endUs; );
  };

  test('a flood whose packets are dear leaves another socket its turn', async () => {
    let dear = 0;
    let dearBefore = Number.POSITIVE_INFINITY;
    const packets = 60;
    const slow = openPacketSocket({
      ...{ interfaceName: here, clock: systemClock, seeOutgoing: false },
      onPacket: () => {
        dear += 1;
        hold(1_000);
      },
    });
    const other = openPacketSocket({
      ...{ interfaceName: there, clock: systemClock, seeOutgoing: false },
      onPacket: () => {
        dearBefore = dear;
      },
    });
    for (let count = 0; count < packets; count += 1) other.send(phoneFrame('flood'));
    slow.send(phoneFrame('the other wire'));
    // Until the kernel has brought both there.
    hold(50_000);
    await vi.waitFor(() => expect([dear, Number.isFinite(dearBefore)]).toEqual([packets, true]), { timeout: 10_000 });
    expect(dearBefore).toBeLessThan(packets / 4);
    slow.close();
    other.close();
  });

  test('an interface that goes down or away is survived', async () => {
    const heard: string[] = [];
    const socket = open(here, ({ bytes }) => heard.push(hex(bytes)));
    const sender = open(there, () => {});
    setInterfaceUp(here, false);
    expect(() => socket.send(phoneFrame('down'))).toThrow(expect.objectContaining({ code: 'SYSTEM_CALL' }));
    setInterfaceUp(here, true);
    const frame = phoneFrame('up again');
    await vi.waitFor(() => {
      sender.send(frame);
      expect(heard).toContain(hex(frame));
    });
    await runIp('link', 'delete', 'dev', here);
    expect(() => socket.send(phoneFrame('gone'))).toThrow(expect.objectContaining({ code: 'SYSTEM_CALL' }));
    socket.close();
    socket.close();
  });
});

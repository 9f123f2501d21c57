import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { startDhcpServer } from '../../src/services/dhcp-server.js';
import { openLeaseFile } from '../../src/services/lease-file.js';
import type { Service } from '../../src/services/service.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import {
  type DhcpMessage,
  type DhcpMessageType,
  type DhcpOption,
  decodeDhcp,
  dhcpOption,
  dhcpOptions,
  encodeDhcp,
} from '../../src/wire/dhcp.js';
import { benchPlan } from './bench-plan.js';
import { LoopbackAttachment } from './loopback-attachment.js';
import { ManualClock } from './manual-clock.js';
import { seededBytes } from './seeded-bytes.js';
import { UdpClient } from './udp-client.js';

const phoneMac = '00:12:da:db:d3:4e';
const otherMac = '00:12:da:db:d3:4f';
/** The last four octets of the MAC, as real phones have it, in every message. */
const phoneXid = 0xdadbd34e;
const garbage = (length: number): Uint8Array => seededBytes(7, length);

/** As 79x1 phones send it: broadcast flag, garbage in sname and file, 548 bytes. */
const fromPhone = (
  type: DhcpMessageType,
  options: readonly DhcpOption[] = [],
  header: { clientAddress?: string; clientMac?: string; broadcast?: boolean } = {},
): Uint8Array =>
  encodeDhcp({
    op: 1,
    xid: phoneXid,
    broadcast: true,
    clientMac: phoneMac,
    ...header,
    sname: garbage(64),
    file: garbage(128),
    options: [
      dhcpOption.messageType(type),
      dhcpOption.text(dhcpOptions.vendorClass, 'Cisco Systems, Inc. IP Phone CP-7960G\0'),
      dhcpOption.bytes(dhcpOptions.parameterRequestList, Uint8Array.of(1, 66, 6, 3, 15, 150, 35)),
      ...options,
    ],
    padTo: 548,
  });
const requested = (address: string): DhcpOption => dhcpOption.addresses(dhcpOptions.requestedAddress, [address]);
const server = (address: string): DhcpOption => dhcpOption.addresses(dhcpOptions.serverIdentifier, [address]);
const bench = '10.110.0.1';

describe('DHCP server', () => {
  let ip: LoopbackAttachment;
  let clock: ManualClock;
  let phone: UdpClient;
  let facts: ServiceFact[];
  let service: Service;
  let port: number;

  const start = async (plan: Plan = benchPlan(), faults: readonly string[] = []): Promise<void> => {
    service = startDhcpServer({ plan, ip, clock, faults: new Set(faults), tell: (fact) => facts.push(fact) });
    port = await ip.realPort('udp', undefined, 67);
  };
  const ask = async (message: Uint8Array): Promise<DhcpMessage> => {
    await phone.send(message, port);
    return decodeDhcp((await phone.next()).data);
  };
  /** A whole exchange; the address it ended with. */
  const lease = async (clientMac: string): Promise<string> => {
    const offer = await ask(fromPhone('DISCOVER', [], { clientMac }));
    const ack = await ask(fromPhone('REQUEST', [requested(offer.yourAddress), server(bench)], { clientMac }));
    expect(ack.messageType).toBe('ACK');
    return ack.yourAddress;
  };
  const actions = (): readonly string[] => facts.map((fact) => fact.action);

  beforeEach(async () => {
    ip = new LoopbackAttachment();
    clock = new ManualClock();
    facts = [];
    phone = await UdpClient.open();
    ip.phonePort = phone.port;
  });
  afterEach(async () => {
    await service.close();
    phone.close();
  });

  it('offers an address with everything a phone of any generation asks for', async () => {
    await start();
    const offer = await ask(fromPhone('DISCOVER'));
    expect(offer.malformed).toBeUndefined();
    expect(offer).toMatchObject({
      op: 2,
      xid: phoneXid,
      broadcast: true,
      messageType: 'OFFER',
      clientMac: phoneMac,
      clientAddress: '0.0.0.0',
      serverAddress: bench,
      serverIdentifier: bench,
      subnetMask: '255.255.255.0',
      routers: [bench],
      dnsServers: [bench],
      tftpServers: [bench],
      tftpServerName: bench,
      leaseSeconds: 3600,
    });
    const value = (code: number) => Buffer.from(offer.options.find((each) => each.code === code)?.value ?? []);
    expect(value(150).toString('hex')).toBe('0a6e0001');
    expect(value(58).readUInt32BE()).toBe(1800);
    expect(value(59).readUInt32BE()).toBe(3150);
    expect(offer.yourAddress).toMatch(/^10\.110\.0\.1[0-2]\d$/);
  });

  it('broadcasts to port 68 when the flag asks for it', async () => {
    await start();
    await ask(fromPhone('DISCOVER'));
    expect(ip.destinations).toEqual([{ address: '255.255.255.255', port: 68 }]);
  });

  it('acknowledges what it offered, tells the lease once and gives the MAC the same address again', async () => {
    await start();
    const address = await lease(phoneMac);
    expect(await lease(phoneMac)).toBe(address);
    expect(facts).toEqual([
      {
        kind: 'service',
        service: 'dhcp',
        action: 'lease-granted',
        detail: { mac: phoneMac, address, leaseSeconds: 3600 },
      },
    ]);
  });

  it('gives a MAC the same address in another run', async () => {
    await start();
    const address = await lease(phoneMac);
    await service.close();
    ip = new LoopbackAttachment();
    ip.phonePort = phone.port;
    await start();
    expect(await lease(phoneMac)).toBe(address);
  });

  it('keeps two phones apart that use one xid', async () => {
    await start();
    const first = await ask(fromPhone('DISCOVER'));
    const second = await ask(fromPhone('DISCOVER', [], { clientMac: otherMac }));
    expect(second.yourAddress).not.toBe(first.yourAddress);
    expect(second.clientMac).toBe(otherMac);
  });

  it('lets a phone keep the free address it remembers, and refuses one from elsewhere', async () => {
    await start();
    const kept = await ask(fromPhone('REQUEST', [requested('10.110.0.117')]));
    expect(kept).toMatchObject({ messageType: 'ACK', yourAddress: '10.110.0.117' });
    const refused = await ask(fromPhone('REQUEST', [requested('192.168.1.5')], { clientMac: otherMac }));
    expect(refused).toMatchObject({ messageType: 'NAK', yourAddress: '0.0.0.0', serverIdentifier: bench });
    expect(actions()).toContain('request-refused');
  });

  it('never grants an address that another phone holds', async () => {
    await start();
    const address = await lease(phoneMac);
    const refused = await ask(fromPhone('REQUEST', [requested(address)], { clientMac: otherMac }));
    expect(refused.messageType).toBe('NAK');
  });

  it('renews by unicast to the address the phone has', async () => {
    await start();
    const address = await lease(phoneMac);
    const ack = await ask(fromPhone('REQUEST', [], { clientAddress: address, broadcast: false }));
    expect(ack).toMatchObject({ messageType: 'ACK', yourAddress: address, clientAddress: address });
    expect(ip.destinations.at(-1)).toEqual({ address, port: 68 });
  });

  it('broadcasts a NAK whatever the flag says', async () => {
    await start();
    await ask(fromPhone('REQUEST', [], { clientAddress: '192.168.1.5', broadcast: false }));
    expect(ip.destinations.at(-1)?.address).toBe('255.255.255.255');
  });

  it('stays silent when the phone takes another server, and frees what it offered', async () => {
    await start(benchPlan({ network: { poolFirst: '10.110.0.100', poolLast: '10.110.0.100' } }));
    await ask(fromPhone('DISCOVER'));
    await phone.send(fromPhone('REQUEST', [requested('10.9.9.9'), server('10.9.9.1')]), port);
    // The only address goes to the next one who asks: the first answer heard is for the other phone.
    const offer = await ask(fromPhone('DISCOVER', [], { clientMac: otherMac }));
    expect(offer).toMatchObject({ messageType: 'OFFER', clientMac: otherMac, yourAddress: '10.110.0.100' });
  });

  it('answers INFORM without address and lease', async () => {
    await start();
    const ack = await ask(fromPhone('INFORM', [], { clientAddress: '10.110.0.77' }));
    expect(ack).toMatchObject({ messageType: 'ACK', yourAddress: '0.0.0.0', tftpServers: [bench] });
    expect(ack.leaseSeconds).toBeUndefined();
  });

  it('offers a declined address to nobody again', async () => {
    await start(benchPlan({ network: { poolFirst: '10.110.0.100', poolLast: '10.110.0.101' } }));
    const address = await lease(phoneMac);
    await phone.send(fromPhone('DECLINE', [requested(address), server(bench)]), port);
    const next = await lease(phoneMac);
    expect(next).not.toBe(address);
    expect(facts[1]).toMatchObject({ action: 'address-declined', detail: { mac: phoneMac, address } });
  });

  it('gives a released address away only when no other is left', async () => {
    await start(benchPlan({ network: { poolFirst: '10.110.0.100', poolLast: '10.110.0.101' } }));
    const address = await lease(phoneMac);
    await phone.send(fromPhone('RELEASE', [server(bench)], { clientAddress: address }), port);
    const second = await lease(otherMac);
    expect(second).not.toBe(address);
    expect(await lease('00:12:da:db:d3:50')).toBe(address);
    expect(actions()).toContain('lease-released');
  });

  it('tells once that the pool is exhausted, and serves again when a lease has run out', async () => {
    await start(benchPlan({ network: { poolFirst: '10.110.0.100', poolLast: '10.110.0.100', leaseSeconds: 60 } }));
    await lease(phoneMac);
    await phone.send(fromPhone('DISCOVER', [], { clientMac: otherMac }), port);
    await phone.send(fromPhone('DISCOVER', [], { clientMac: otherMac }), port);
    await lease(phoneMac);
    expect(actions().filter((action) => action === 'pool-exhausted')).toHaveLength(1);
    clock.advance(60_000);
    expect(await lease(otherMac)).toBe('10.110.0.100');
  });

  it('hands out none of the addresses the bench uses itself', async () => {
    await start(benchPlan({ network: { poolFirst: '10.110.0.0', poolLast: '10.110.0.5' } }));
    expect(await lease(phoneMac)).toBe('10.110.0.5');
  });

  it('hears and does not answer under dhcp-silent, and tells so once', async () => {
    await start(benchPlan(), ['dhcp-silent']);
    for (let count = 0; count < 5; count += 1) await phone.send(fromPhone('DISCOVER'), port);
    await expect.poll(() => facts.length).toBe(1);
    expect(facts[0]).toMatchObject({ service: 'dhcp', action: 'silent-on-purpose', detail: { fault: 'dhcp-silent' } });
    expect(ip.destinations).toEqual([]);
  });

  it('ignores replies, messages without type, odd hardware addresses and other nonsense', async () => {
    await start();
    const discover = fromPhone('DISCOVER');
    const changed = (offset: number, value: number): Uint8Array => {
      const copy = discover.slice();
      copy[offset] = value;
      return copy;
    };
    const noType = encodeDhcp({ op: 1, xid: 1, clientMac: phoneMac, options: [] });
    const nonsense = [
      changed(0, 2),
      changed(2, 0),
      changed(2, 16),
      changed(2, 5),
      changed(28, 0x01),
      changed(236, 0),
      noType,
      discover.subarray(0, 240),
      new Uint8Array(),
    ];
    for (const message of nonsense) await phone.send(message, port);
    // The first answer belongs to the first sensible message.
    const offer = await ask(fromPhone('DISCOVER', [], { clientMac: otherMac }));
    expect(offer.clientMac).toBe(otherMac);
    expect(ip.destinations).toHaveLength(1);
  });

  it('survives a thousand damaged messages and still serves', async () => {
    await start();
    const mac = '00:12:da:00:00:01';
    const answerTo = async (message: Uint8Array): Promise<DhcpMessage> => {
      await phone.send(message, port);
      for (;;) {
        const reply = decodeDhcp((await phone.next()).data);
        if (reply.clientMac === mac) return reply;
      }
    };
    const whole = fromPhone('DISCOVER');
    const noise = seededBytes(42, 6000);
    for (let round = 0; round < 1000; round += 1) {
      const message = whole.slice(0, 1 + (((noise[round] ?? 0) * 256 + (noise[round + 1] ?? 0)) % whole.length));
      for (let flip = 0; flip < 4; flip += 1) {
        const at = ((noise[round * 4 + flip] ?? 0) * 7 + flip * 61 + round) % message.length;
        message[at] = noise[round + flip] ?? 0;
      }
      await phone.send(message, port);
      // An answer now and then keeps the socket's buffer from running over.
      if (round % 50 === 49) {
        await answerTo(fromPhone('INFORM', [], { clientMac: mac, clientAddress: '10.110.0.77' }));
      }
    }
    expect(ip.destinations.length).toBeGreaterThan(100);
    // What the damaged MACs took runs out.
    clock.advance(2 * 3600 * 1000);
    expect(await answerTo(fromPhone('DISCOVER', [], { clientMac: mac }))).toMatchObject({ messageType: 'OFFER' });
  });

  const hexOf = ({ options }: DhcpMessage, code: number): string | undefined => {
    const found = options.find((option) => option.code === code);
    return found && Buffer.from(found.value).toString('hex');
  };
  const asking = (...codes: number[]): DhcpOption =>
    dhcpOption.bytes(dhcpOptions.parameterRequestList, Uint8Array.from(codes));
  const bare = (type: DhcpMessageType, options: readonly DhcpOption[], relayAddress = '0.0.0.0'): Uint8Array =>
    encodeDhcp({
      op: 1,
      xid: 7,
      broadcast: true,
      clientMac: phoneMac,
      relayAddress,
      options: [dhcpOption.messageType(type), ...options],
    });

  it('tells every option of the plan to whom asks, in the order asked for', async () => {
    const reserved = { mac: phoneMac, address: '10.110.0.50', hostName: 'lobby' };
    await start(
      benchPlan({
        dhcp: {
          reservations: [reserved],
          domain: 'example.org',
          arpTimeoutSeconds: 60,
          ntpServers: ['10.110.0.1'],
          vendorSpecific: '0102',
          bootFile: 'boot.bin',
          sipServers: ['10.110.0.2'],
          option149: ['10.110.0.1'],
          option151: ['10.110.0.1'],
          renewalSeconds: 100,
          rebindingSeconds: 200,
        },
      }),
    );
    const codes = [151, 150, 149, 120, 67, 66, 43, 42, 35, 28, 15, 12, 6, 3, 1];
    const offer = await ask(bare('DISCOVER', [asking(...codes)]));
    expect(offer.yourAddress).toBe('10.110.0.50');
    expect(offer.options.map(({ code }) => code)).toEqual([53, 54, 51, 58, 59, ...codes]);
    expect(hexOf(offer, 58)).toBe('00000064');
    expect(hexOf(offer, 59)).toBe('000000c8');
    expect(hexOf(offer, 28)).toBe('0a6e00ff');
    expect(hexOf(offer, 35)).toBe('0000003c');
    expect(hexOf(offer, 43)).toBe('0102');
    expect(hexOf(offer, 120)).toBe('010a6e0002');
    expect(offer.hostName).toBe('lobby');
  });

  it('leaves out what does not fit the longest message the client takes', async () => {
    const vendorSpecific = 'ab'.repeat(250);
    await start(benchPlan({ dhcp: { vendorSpecific, bootFile: 'b'.repeat(100) } }));
    const short = await ask(bare('DISCOVER', [asking(43, 67, 1)]));
    expect(hexOf(short, 43)).toBe(vendorSpecific);
    expect(hexOf(short, 67)).toBeUndefined();
    expect(short.subnetMask).toBe('255.255.255.0');
    const long = await ask(bare('DISCOVER', [asking(43, 67, 1), dhcpOption.bytes(57, Uint8Array.of(5, 220))]));
    expect(hexOf(long, 67)).toBeDefined();
  });

  it('answers a relay of its subnet on port 67 with option 82 last, and no other relay', async () => {
    await start();
    const circuit = dhcpOption.bytes(dhcpOptions.relayInformation, Uint8Array.of(1, 2, 0xaa, 0xbb));
    await phone.send(bare('DISCOVER', [circuit], '192.0.2.1'), port);
    const offer = await ask(bare('DISCOVER', [circuit], '10.110.0.9'));
    expect(offer.options.at(-1)).toEqual({ code: 82, value: Uint8Array.of(1, 2, 0xaa, 0xbb) });
    expect(ip.destinations).toEqual([{ address: '10.110.0.9', port: 67 }]);
  });

  it('remembers its leases over the death of the process, whatever a crash left at the end of the file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'linkpulse-leases-'));
    const plan = benchPlan({ dhcp: { leaseDirectory: directory } });
    const file = join(directory, 'loopback.leases');
    await start(plan);
    const address = await lease(phoneMac);
    const other = await lease(otherMac);
    await phone.send(fromPhone('RELEASE', [server(bench)], { clientAddress: other, clientMac: otherMac }), port);
    await expect.poll(() => readFileSync(file, 'latin1').trim().split('\n').length).toBe(3);
    // Not closed: as if killed here. A cut line and rubbish are behind it.
    appendFileSync(file, 'rubbish\n10.110.0.101 00:12:d');
    const killed = service;
    facts = [];
    ip = new LoopbackAttachment();
    ip.phonePort = phone.port;
    await start(plan);
    expect(facts).toMatchObject([{ action: 'leases-restored', detail: { leases: 1, damagedLines: 2 } }]);
    expect(readFileSync(file, 'latin1')).toMatch(new RegExp(`^${address} ${phoneMac} \\d+\n$`));
    expect((await ask(fromPhone('REQUEST', [requested(address)], { clientMac: otherMac }))).messageType).toBe('NAK');
    expect((await ask(fromPhone('REQUEST', [requested(address)]))).messageType).toBe('ACK');
    await killed.close();
    rmSync(directory, { recursive: true });
  });

  it('writes its lease file anew before it grows without end', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'linkpulse-leases-'));
    const leases = openLeaseFile(directory, 'wire', clock);
    for (let count = 0; count < 25_000; count += 1)
      leases.append({ mac: phoneMac, address: `10.110.0.${count % 4}`, untilUs: clock.nowUs() + 60_000_000 });
    leases.close();
    expect(readFileSync(join(directory, 'wire.leases'), 'latin1').split('\n').length).toBeLessThan(12_000);
    expect(openLeaseFile(directory, 'wire', clock).leases).toHaveLength(4);
    rmSync(directory, { recursive: true });
  });

  it('goes on without its lease file when the disk fails, and says so', async () => {
    await start(benchPlan({ dhcp: { leaseDirectory: '/proc/nowhere' } }));
    expect(actions()).toEqual(['lease-file-failed']);
    await lease(phoneMac);
  });

  it('holds one binding an address under ten thousand DISCOVERs from random MACs, and serves the phone a second later', async () => {
    await start();
    const macOf = (index: number) =>
      `02:00:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
    for (let index = 0; index < 10_000; index += 1) {
      await phone.send(fromPhone('DISCOVER', [], { clientMac: macOf(index) }), port);
      if (index % 100 === 99) await ask(fromPhone('INFORM', [], { clientAddress: '10.110.0.77' }));
    }
    expect(facts.length).toBeLessThan(300);
    clock.advance(1_000);
    while (phone.unread > 0) await phone.next();
    const mac = '00:12:da:00:00:01';
    await phone.send(fromPhone('DISCOVER', [], { clientMac: mac }), port);
    await expect
      .poll(async () => {
        const reply = decodeDhcp((await phone.next()).data);
        return reply.clientMac === mac ? reply.messageType : undefined;
      })
      .toBe('OFFER');
  });

  it('survives whatever stands in the options, and answers nobody but clients', async () => {
    await start();
    const option = fc.record({ code: fc.integer({ min: 1, max: 254 }), value: fc.uint8Array({ maxLength: 300 }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 9 }), fc.array(option, { maxLength: 12 }), async (type, options) => {
        const first = { code: dhcpOptions.messageType, value: Uint8Array.of(type) };
        await phone.send(encodeDhcp({ op: 1, xid: 1, clientMac: phoneMac, options: [first, ...options] }), port);
        await phone.send(fromPhone('INFORM', [], { clientAddress: '10.110.0.78', clientMac: otherMac }), port);
        for (let mac = ''; mac !== otherMac; ) mac = decodeDhcp((await phone.next()).data).clientMac;
      }),
      { numRuns: 300 },
    );
    for (const { address } of ip.destinations) expect(address).toMatch(/^(255\.255\.255\.255|10\.110\.0\.\d+)$/);
  });
});

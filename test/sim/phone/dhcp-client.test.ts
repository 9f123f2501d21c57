import { describe, expect, it } from 'vitest';
import { createDhcpClient, type Lease } from '../../../src/sim/phone/dhcp-client.js';
import { phoneParameterRequestList } from '../../../src/sim/phone/dhcp-frames.js';
import { Lifetime } from '../../../src/sim/phone/lifetime.js';
import {
  type DhcpMessage,
  type DhcpMessageType,
  type DhcpOption,
  decodeDhcp,
  dhcpOption,
  dhcpOptions,
  encodeDhcp,
} from '../../../src/wire/dhcp.js';
import { decodeEthernet, encodeEthernet, etherTypes } from '../../../src/wire/ethernet.js';
import { decodeArp, decodeIpv4, decodeUdp, encodeArp, encodeIpv4, encodeUdp } from '../../../src/wire/ipv4.js';
import { ManualClock } from '../../services/manual-clock.js';
import { MemoryWire } from './memory-wire.js';
import { passTime } from './pass-time.js';
import { testIdentity, testMac } from './phone-under-test.js';

const serverMac = '02:00:00:00:00:01';
const retryMs = 4_000;
const offered = '10.110.0.20';
const server = '10.110.0.1';

const goodOptions: readonly DhcpOption[] = [
  dhcpOption.addresses(dhcpOptions.serverIdentifier, [server]),
  dhcpOption.seconds(dhcpOptions.leaseTime, 100),
  dhcpOption.addresses(dhcpOptions.subnetMask, ['255.255.255.0']),
  dhcpOption.addresses(dhcpOptions.router, [server]),
  dhcpOption.addresses(dhcpOptions.tftpServers, ['10.110.0.9']),
];

const answer = (
  type: DhcpMessageType,
  vlan: number | null,
  options: readonly DhcpOption[] = goodOptions,
  serverAddress = '0.0.0.0',
): Uint8Array => {
  const payload = encodeDhcp({
    op: 2,
    xid: 0xdadbd34e,
    yourAddress: type === 'NAK' ? '0.0.0.0' : offered,
    serverAddress,
    clientMac: testMac,
    options: [dhcpOption.messageType(type), ...options],
  });
  const udp = encodeUdp({
    sourcePort: 67,
    destinationPort: 68,
    payload,
    source: server,
    destination: '255.255.255.255',
  });
  return encodeEthernet({
    destination: 'ff:ff:ff:ff:ff:ff',
    source: serverMac,
    ...(vlan === null ? {} : { vlan: { id: vlan, priority: 0 } }),
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ source: server, destination: '255.255.255.255', protocol: 17, payload: udp }),
  });
};

interface Seen {
  readonly message: DhcpMessage;
  readonly vlan: number | undefined;
  readonly destinationMac: string;
  readonly source: string;
  readonly destination: string;
}

const dhcpOf = (frame: Uint8Array): Seen | undefined => {
  const ethernet = decodeEthernet(frame);
  const ip = ethernet === undefined ? undefined : decodeIpv4(ethernet.payload);
  const udp = ip?.protocol === 17 ? decodeUdp(ip.payload) : undefined;
  if (ethernet === undefined || ip === undefined || udp?.destinationPort !== 67) return undefined;
  return {
    message: decodeDhcp(udp.payload),
    vlan: ethernet.vlans[0]?.id,
    destinationMac: ethernet.destination,
    source: ip.source,
    destination: ip.destination,
  };
};

const start = async (more: { vlan?: number | null; previousAddress?: string; asks?: readonly number[] } = {}) => {
  const clock = new ManualClock();
  const wire = new MemoryWire(clock);
  await wire.setLink(true);
  const life = new Lifetime(clock);
  const client = createDhcpClient({
    wire,
    life,
    identity: testIdentity,
    vlan: more.vlan === undefined ? 110 : more.vlan,
    retryMs,
    parameterRequestList: more.asks ?? phoneParameterRequestList,
    previousAddress: more.previousAddress,
    log: () => {},
  });
  const bound: { lease?: Lease } = {};
  client.acquire().then(
    (lease) => Object.assign(bound, { lease }),
    () => {},
  );
  const types = () => wire.sent.flatMap((frame) => dhcpOf(frame)?.message.messageType ?? []);
  return { clock, wire, life, client, bound, types };
};

/** Answers DISCOVER and REQUEST at once. */
const serve = (wire: MemoryWire, vlan: number | null = 110): void => {
  wire.onSent = (frame) => {
    const type = dhcpOf(frame)?.message.messageType;
    if (type === 'DISCOVER') wire.deliver(answer('OFFER', vlan));
    if (type === 'REQUEST') wire.deliver(answer('ACK', vlan));
  };
};

describe('the bytes of a DISCOVER', () => {
  it('are, field by field, those of a real phone on its voice VLAN', async () => {
    const { wire } = await start({ previousAddress: '10.10.15.3' });
    const frame = wire.sent[0] ?? new Uint8Array();
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    expect(Buffer.from(frame.subarray(0, 12)).toString('hex')).toBe('ffffffffffff0012dadbd34e');
    expect(view.getUint16(12)).toBe(0x8100);
    expect(view.getUint16(14) & 0x0fff).toBe(110);
    expect(view.getUint16(16)).toBe(0x0800);
    const ip = frame.subarray(18);
    const ipView = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
    expect(ipView.getUint16(2)).toBe(576);
    expect(ip.length).toBe(576);
    expect(ip[8]).toBe(64);
    expect(ip[9]).toBe(17);
    expect([...ip.subarray(12, 20)]).toEqual([10, 10, 15, 3, 255, 255, 255, 255]);
    expect(ipView.getUint16(20)).toBe(68);
    expect(ipView.getUint16(22)).toBe(67);
    expect(ipView.getUint16(26)).toBe(0);
    const bootp = ip.subarray(28);
    const bootpView = new DataView(bootp.buffer, bootp.byteOffset, bootp.byteLength);
    expect(bootp.length).toBe(548);
    expect([...bootp.subarray(0, 4)]).toEqual([1, 1, 6, 0]);
    expect(bootpView.getUint32(4)).toBe(0xdadbd34e);
    expect(bootpView.getUint16(8)).toBe(0);
    expect(bootpView.getUint16(10)).toBe(0x8000);
    expect([...bootp.subarray(12, 28)].every((byte) => byte === 0)).toBe(true);
    expect(Buffer.from(bootp.subarray(28, 34)).toString('hex')).toBe('0012dadbd34e');
    expect([...bootp.subarray(34, 236)].every((byte) => byte !== 0)).toBe(true);
    expect(bootpView.getUint32(236)).toBe(0x63825363);
    const vendorClass = Buffer.from('Cisco Systems, Inc. IP Phone CP-7960G\0').toString('hex');
    const options = [
      '350101',
      '3d07010012dadbd34e',
      `0c0f${Buffer.from('SEP0012DADBD34E').toString('hex')}`,
      `3c26${vendorClass}`,
      '3707014206030f9623',
      'ff',
    ].join('');
    expect(Buffer.from(bootp.subarray(240)).toString('hex')).toBe(options.padEnd((548 - 240) * 2, '0'));
  });

  it('leave untagged from 0.0.0.0 where there is no voice VLAN and no lease from before', async () => {
    const { wire } = await start({ vlan: null });
    const seen = dhcpOf(wire.sent[0] ?? new Uint8Array());
    expect(seen?.vlan).toBeUndefined();
    expect(seen?.source).toBe('0.0.0.0');
  });

  it('are the same at every retry, which comes each retry time without back-off', async () => {
    const { clock, wire, types } = await start();
    await passTime(clock, 4 * retryMs - 1, 10);
    expect(types()).toEqual(['DISCOVER', 'DISCOVER', 'DISCOVER', 'DISCOVER']);
    expect(new Set(wire.sent.map((frame) => Buffer.from(frame).toString('hex'))).size).toBe(1);
  });
});

describe('the phone getting an address', () => {
  it('requests the offer by options 50 and 54, probes, announces and is bound', async () => {
    const { clock, wire, bound, types } = await start();
    serve(wire);
    await passTime(clock, retryMs + 500, 10);
    expect(types()).toEqual(['DISCOVER', 'DISCOVER', 'REQUEST']);
    const request = dhcpOf(wire.sent[2] ?? new Uint8Array())?.message;
    expect(request?.options.map(({ code }) => code)).toEqual([53, 61, 12, 50, 54, 60, 55]);
    expect(request?.requestedAddress).toBe(offered);
    expect(request?.serverIdentifier).toBe(server);
    const arps = wire.sent.flatMap((frame) => decodeArp(decodeEthernet(frame)?.payload ?? new Uint8Array()) ?? []);
    expect(arps.map(({ senderAddress, targetAddress }) => [senderAddress, targetAddress])).toEqual([
      ['0.0.0.0', offered],
      [offered, offered],
    ]);
    expect(bound.lease).toEqual({
      address: offered,
      prefixLength: 24,
      router: server,
      tftpServer: '10.110.0.9',
      server,
      serverMac,
      leaseSeconds: 100,
    });
  });

  it.each([
    [
      'an option 150 that is text',
      [...goodOptions.slice(0, 4), dhcpOption.text(dhcpOptions.tftpServers, '10.110.0.9 text')],
      server,
    ],
    ['no TFTP server at all', goodOptions.slice(0, 4), '0.0.0.0'],
  ])('ignores an offer with %s and goes on discovering', async (_what, options, siaddr) => {
    const { clock, wire, types } = await start();
    wire.onSent = () => wire.deliver(answer('OFFER', 110, options, siaddr));
    await passTime(clock, 2 * retryMs + 100, 10);
    expect(types()).toEqual(['DISCOVER', 'DISCOVER', 'DISCOVER']);
  });

  it.each([
    [
      '66 where there is no 150',
      [...goodOptions.slice(0, 4), dhcpOption.text(dhcpOptions.tftpServerName, '10.110.0.7')],
      '10.110.0.7',
    ],
    ['siaddr where there is neither', goodOptions.slice(0, 4), '10.110.0.8'],
  ])('takes the TFTP server from %s', async (_what, options, expected) => {
    const { clock, wire, bound } = await start();
    wire.onSent = (frame) => {
      const type = dhcpOf(frame)?.message.messageType;
      if (type !== undefined) wire.deliver(answer(type === 'DISCOVER' ? 'OFFER' : 'ACK', 110, options, '10.110.0.8'));
    };
    await passTime(clock, retryMs + 500, 10);
    expect(bound.lease?.tftpServer).toBe(expected);
  });

  it('hears only its own VLAN', async () => {
    const { clock, wire, types } = await start();
    wire.onSent = () => wire.deliver(answer('OFFER', null));
    await passTime(clock, 100, 10);
    expect(types()).toEqual(['DISCOVER']);
  });

  it('starts again after a NAK, without the lease from before', async () => {
    const { clock, wire } = await start({ previousAddress: '10.10.15.3' });
    wire.onSent = (frame) => {
      const type = dhcpOf(frame)?.message.messageType;
      if (type === 'DISCOVER') wire.deliver(answer('OFFER', 110));
      if (type === 'REQUEST') wire.deliver(answer('NAK', 110));
    };
    await passTime(clock, 2 * retryMs + 100, 10);
    const seen = wire.sent.flatMap((frame) => dhcpOf(frame) ?? []);
    expect(seen.map(({ message, source }) => [message.messageType, source]).slice(1)).toEqual([
      ['DISCOVER', '10.10.15.3'],
      ['REQUEST', '10.10.15.3'],
      ['DISCOVER', '0.0.0.0'],
      ['REQUEST', '0.0.0.0'],
    ]);
  });

  it('declines an address that somebody else answers for', async () => {
    const { clock, wire, bound, types } = await start();
    serve(wire);
    const dhcpServer = wire.onSent;
    wire.onSent = (frame) => {
      dhcpServer(frame);
      const arp = decodeArp(decodeEthernet(frame)?.payload ?? new Uint8Array());
      if (arp?.senderAddress !== '0.0.0.0') return;
      const payload = encodeArp({
        operation: 'reply',
        senderMac: serverMac,
        senderAddress: offered,
        targetMac: testMac,
        targetAddress: '0.0.0.0',
      });
      const vlan = { id: 110, priority: 0 };
      wire.deliver(
        encodeEthernet({ destination: testMac, source: serverMac, vlan, etherType: etherTypes.arp, payload }),
      );
    };
    await passTime(clock, retryMs + 500, 10);
    expect(types().slice(1)).toEqual(['DISCOVER', 'REQUEST', 'DECLINE']);
    expect(bound.lease).toBeUndefined();
  });

  it('renews by unicast at half the lease and loses it to a NAK', async () => {
    const { clock, wire, client, bound } = await start();
    serve(wire);
    await passTime(clock, retryMs + 500, 10);
    if (bound.lease === undefined) throw new Error('not bound');
    let lost = false;
    client.keep(bound.lease).then(
      () => {
        lost = true;
      },
      () => {},
    );
    wire.sent.length = 0;
    await passTime(clock, 50_100, 10);
    const [renewal] = wire.sent.flatMap((frame) => dhcpOf(frame) ?? []);
    expect(renewal).toMatchObject({ destination: server, destinationMac: serverMac, source: offered, vlan: 110 });
    expect(renewal?.message).toMatchObject({ messageType: 'REQUEST', clientAddress: offered, broadcast: false });
    expect(renewal?.message.requestedAddress).toBeUndefined();
    expect(lost).toBe(false);
    wire.onSent = () => wire.deliver(answer('NAK', 110));
    await passTime(clock, 50_100, 10);
    expect(lost).toBe(true);
  });

  it('leaves no timer and no listener when power goes', async () => {
    const { clock, wire, life } = await start();
    await passTime(clock, 100, 10);
    life.end();
    await passTime(clock, retryMs, 100);
    expect(clock.pending).toBe(0);
    expect(wire.listeners.size).toBe(0);
    expect(wire.sent).toHaveLength(1);
  });
});

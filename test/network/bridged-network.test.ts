import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { bridgeToUplink } from '../../src/network/bridged-network.js';
import type { FrameLink, LinkFrame } from '../../src/network/frame-link.js';
import type { PortNetwork } from '../../src/network/ip-attachment.js';
import { openPacketLink } from '../../src/network/packet-link.js';
import { openRealNetwork } from '../../src/network/real-network.js';
import { setInterfaceUp } from '../../src/os/interface-control.js';
import { openPacketSocket } from '../../src/os/packet-socket.js';
import { systemClock } from '../../src/timeline/clock.js';
import { encodeEthernet } from '../../src/wire/ethernet.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { SecondNamespace } from '../helpers/second-namespace.js';

const phoneMac = '00:0f:24:5a:79:60';
const serverMac = '02:00:00:00:00:11';
const experimental = 0x88b5;
const soon = { timeout: 5000, interval: 20 };

const frame = (source: string, destination: string, text: string, vlan?: number): Uint8Array =>
  encodeEthernet({
    source,
    destination,
    etherType: experimental,
    payload: Buffer.from(text.padEnd(46, '.')),
    ...(vlan === undefined ? {} : { vlan: { id: vlan, priority: 5 } }),
  });
/** The interfaces' own stacks speak, too. */
const isOurs = ({ bytes }: LinkFrame) => Buffer.from(bytes).includes(Buffer.of(experimental >> 8, experimental & 0xff));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describeInNamespace(import.meta.url, 'a wire bridged to an uplink', () => {
  let far: SecondNamespace;
  let phone: FrameLink;
  let server: FrameLink;
  let bridged: PortNetwork;
  const atPhone: string[] = [];
  const atServer: string[] = [];
  const seen: LinkFrame[] = [];

  beforeAll(async () => {
    far = new SecondNamespace();
    for (const [here, there] of [
      ['brw', 'brp'],
      ['bru', 'brs'],
    ] as const) {
      await runIp('link', 'add', here, 'type', 'veth', 'peer', 'name', there);
      await far.takeInterface(there);
      await far.within(() => setInterfaceUp(there, true));
    }
    [phone, server] = await far.within(() => [openPacketLink('brp', systemClock), openPacketLink('brs', systemClock)]);
    bridged = bridgeToUplink(await openRealNetwork({ interface: 'brw', clock: systemClock }), {
      uplink: 'bru',
      clock: systemClock,
    });
    // The kernel throws away what is sent before.
    const isUp = async (name: string) => expect(await runIp('link', 'show', 'dev', name)).toContain('state UP');
    for (const name of ['brw', 'bru']) await vi.waitFor(() => isUp(name), soon);
    for (const name of ['brp', 'brs']) await vi.waitFor(() => far.within(() => isUp(name)), soon);
    phone.onFrame((each) => each.direction === 'in' && isOurs(each) && atPhone.push(hex(each.bytes)));
    server.onFrame((each) => each.direction === 'in' && isOurs(each) && atServer.push(hex(each.bytes)));
    bridged.link.onFrame((each) => isOurs(each) && seen.push(each));
  });
  beforeEach(() => {
    for (const list of [atPhone, atServer, seen]) list.length = 0;
  });
  afterAll(async () => {
    await bridged?.close();
    await phone?.close();
    await server?.close();
    await runIp('link', 'delete', 'dev', 'brw');
    await runIp('link', 'delete', 'dev', 'bru');
    far?.close();
  });

  it.each([
    ['to one station', serverMac, undefined],
    ['to all, tagged', 'ff:ff:ff:ff:ff:ff', 110],
    ['to CDP’s group', '01:00:0c:cc:cc:cc', undefined],
    ['to LLDP’s group, which no kernel bridge passes', '01:80:c2:00:00:0e', undefined],
  ])('passes a frame %s both ways, unchanged, and tells it once', async (_, destination, vlan) => {
    const up = frame(phoneMac, destination, 'up', vlan);
    const down = frame(serverMac, destination === serverMac ? phoneMac : destination, 'down', vlan);
    phone.send(up);
    server.send(down);
    await vi.waitFor(() => expect([atServer, atPhone]).toEqual([[hex(up)], [hex(down)]]), soon);
    expect(seen.map(({ bytes, direction }) => [direction, hex(bytes)]).sort()).toEqual([
      ['in', hex(up)],
      ['out', hex(down)],
    ]);
  });

  it('does not pass on what a loop on the phone’s side sends back, and knows whose it is', async () => {
    const down = frame(serverMac, 'ff:ff:ff:ff:ff:ff', 'comes back');
    server.send(down);
    await vi.waitFor(() => expect(atPhone).toHaveLength(1), soon);
    phone.send(down);
    const after = frame(phoneMac, serverMac, 'after it');
    phone.send(after);
    await vi.waitFor(() => expect(atServer).toEqual([hex(after)]), soon);
    expect(bridged.isBenchSide(serverMac)).toBe(true);
    expect(bridged.isBenchSide(phoneMac)).toBe(false);
  });

  it('counts what it cannot pass', async () => {
    const before = bridged.link.drops();
    // Longer than a wire carries: what a stack sends that leaves cutting to its hardware.
    await runIp('link', 'set', 'dev', 'bru', 'mtu', '3000');
    await far.within(() => runIp('link', 'set', 'dev', 'brs', 'mtu', '3000'));
    const sender = await far.within(() =>
      openPacketSocket({ interfaceName: 'brs', clock: systemClock, onPacket: () => {} }),
    );
    sender.send(Buffer.concat([frame(serverMac, phoneMac, 'long'), Buffer.alloc(2000)]));
    await vi.waitFor(() => expect(bridged.link.drops()).toBe(before + 1), soon);
    sender.close();
    expect(atPhone).toEqual([]);
  });
});

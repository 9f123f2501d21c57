import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LinkFrame } from '../../src/network/frame-link.js';
import type { PortNetwork } from '../../src/network/ip-attachment.js';
import { openTrunkNetwork } from '../../src/network/trunk-network.js';
import { interfaceNames } from '../../src/os/interface-control.js';
import { changeInterfaces, removeInterfaces } from '../../src/os/interface-thread.js';
import { openPacketSocket, type PacketSocket } from '../../src/os/packet-socket.js';
import { systemClock as clock } from '../../src/timeline/clock.js';
import { hex, phoneFrame } from '../helpers/frames.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';

describeInNamespace(import.meta.url, 'ports of a trunk', () => {
  const place = { trunk: 'trunk0', tag: '802.1Q', tunnel: 'plain' } as const;
  let atTheSwitch: string[];
  let far: PacketSocket;
  const networks: PortNetwork[] = [];
  const open = async (vlan: number) => {
    const network = await openTrunkNetwork({ ...place, vlan }, clock);
    networks.push(network);
    const heard: LinkFrame[] = [];
    network.link.onFrame((frame) => heard.push(frame));
    const received = () => heard.filter(({ direction }) => direction === 'in').map(({ bytes }) => hex(bytes));
    return { network, received };
  };
  const tagged = (frame: Uint8Array, ...tags: readonly string[]) =>
    Buffer.from(`${hex(frame.subarray(0, 12))}${tags.join('')}${hex(frame.subarray(12))}`, 'hex');

  beforeEach(async () => {
    atTheSwitch = [];
    await changeInterfaces([
      { kind: 'add-veth', end: { name: 'trunk0' }, peer: { name: 'switch0' } },
      { kind: 'quiet', name: 'switch0' },
      { kind: 'set', name: 'switch0', up: true, arp: false, mtu: 1504 },
    ]);
    const onPacket = ({ bytes }: { readonly bytes: Uint8Array }) => void atTheSwitch.push(hex(bytes));
    far = openPacketSocket({ interfaceName: 'switch0', clock, seeOutgoing: false, onPacket });
  });
  afterEach(async () => {
    for (const network of networks.splice(0)) await network.close();
    far.close();
    await removeInterfaces(['trunk0']);
  });

  test('carry frames of full length with the phone’s own tag, each those of its VLAN alone', async () => {
    const [one, two] = [await open(101), await open(102)];
    const voice = tagged(phoneFrame('x'.repeat(1500)), '8100606e');
    expect(voice.length).toBe(1518);
    one.network.link.send(voice);
    await vi.waitFor(() => expect(atTheSwitch).toEqual([hex(tagged(voice, '81000065'))]));
    far.send(tagged(voice, '81000066'));
    far.send(tagged(phoneFrame('for the other'), '81000065'));
    far.send(phoneFrame('for nobody'));
    await vi.waitFor(() => expect(two.received()).toEqual([hex(voice)]));
    await vi.waitFor(() => expect(one.received()).toEqual([hex(phoneFrame('for the other'))]));
    expect(two.received()).toHaveLength(1);
    expect(one.network.link.drops() + two.network.link.drops()).toBe(0);
  });

  test('tell the trunk’s carrier for want of the jack’s, and leave nothing behind', async () => {
    const { network } = await open(101);
    const carriers: boolean[] = [];
    network.link.onCarrier((up) => carriers.push(up));
    await vi.waitFor(() => expect(carriers.at(-1)).toBe(true));
    await changeInterfaces([{ kind: 'set', name: 'switch0', up: false }]);
    await vi.waitFor(() => expect(carriers.at(-1)).toBe(false));
    expect(network).toMatchObject({
      hidesCarrier: true,
      limited: [expect.stringContaining('a switch stands between')],
    });
    await network.close();
    expect([...interfaceNames()].sort()).toEqual(['lo', 'switch0', 'trunk0']);
  });

  test('are refused on the office network', async () => {
    await runIp('address', 'add', '10.9.0.1/24', 'dev', 'trunk0');
    await changeInterfaces([{ kind: 'set', name: 'trunk0', up: true }]);
    await runIp('route', 'add', 'default', 'via', '10.9.0.254', 'dev', 'trunk0');
    await expect(open(101)).rejects.toMatchObject({ code: 'INTERFACE_FORBIDDEN' });
  });
});

import { describe, expect, it } from 'vitest';
import { createObserver } from '../../src/observe/observer.js';
import { addVlanTag } from '../../src/wire/ethernet.js';
import { addresses, arp, benchCdp, dhcp, kinds, macs, only, phoneCdp, rrq, udp, watch } from './wire.js';

describe('the observer', () => {
  it('tells a phone’s CDP whole', () => {
    const [fact] = only(watch([phoneCdp()]), 'cdp');
    expect(fact).toEqual({
      kind: 'cdp',
      from: 'phone',
      vlan: null,
      mac: macs.phone,
      deviceId: 'SEP000F245A7960',
      portId: 'Port 1',
      platform: 'Cisco IP Phone 7960',
      softwareVersion: 'P00308010200',
      capabilities: 0x490,
      checksumOk: true,
      voiceVlanQuery: true,
      voiceVlanReply: null,
      powerConsumptionMilliwatts: 6300,
      powerRequestedMilliwatts: [10_250, 6300],
      powerAvailableMilliwatts: null,
    });
  });

  it('tells the bench’s voice VLAN and power', () => {
    const [fact] = only(watch([benchCdp()]), 'cdp');
    expect(fact).toMatchObject({
      from: 'bench',
      voiceVlanReply: 110,
      powerAvailableMilliwatts: 15_400,
      voiceVlanQuery: false,
    });
  });

  it('tells a wrong CDP checksum and takes the rest', () => {
    const frame = phoneCdp();
    frame[24] = (frame[24] ?? 0) ^ 0xff;
    expect(only(watch([frame]), 'cdp')[0]).toMatchObject({ checksumOk: false, deviceId: 'SEP000F245A7960' });
  });

  it('tells each VLAN of the phone the first time', () => {
    const facts = watch([phoneCdp(), phoneCdp(), arp('phone', addresses.phone, addresses.bench), benchCdp()]);
    expect(only(facts, 'vlan-used').map(({ vlan }) => vlan)).toEqual([null, 110]);
  });

  it('tells an address the phone uses once, by ARP or IPv4', () => {
    const use = arp('phone', addresses.phone, addresses.bench);
    const facts = watch([use, use, rrq('x')]);
    expect(only(facts, 'address-used')).toMatchObject([{ address: addresses.phone, vlan: 110 }]);
  });

  it('takes no address probe and no DHCP for a use', () => {
    const facts = watch([
      arp('phone', '0.0.0.0', addresses.phone),
      dhcp('phone', 'DISCOVER', { source: '10.110.0.77' }),
    ]);
    expect(only(facts, 'address-used')).toEqual([]);
    expect(only(facts, 'dhcp')[0]).toMatchObject({ sourceAddress: '10.110.0.77' });
  });

  it('tells the use of an address anew after it was given', () => {
    const use = arp('phone', addresses.phone, addresses.bench);
    const facts = watch([use, dhcp('bench', 'ACK', { yourAddress: addresses.phone }), use]);
    expect(kinds(facts).filter((kind) => kind !== 'address-sought')).toEqual([
      'vlan-used',
      'address-used',
      'dhcp',
      'address-used',
    ]);
  });

  it('tells an address the phone looks for once, and no look at its own', () => {
    const seeks = (target: string) => arp('phone', addresses.phone, target);
    const facts = watch([seeks('10.110.0.11'), seeks('10.110.0.11'), seeks(addresses.phone), seeks('10.110.0.12')]);
    expect(only(facts, 'address-sought').map(({ address }) => address)).toEqual(['10.110.0.11', '10.110.0.12']);
    expect(only(watch([arp('bench', addresses.bench, addresses.phone)]), 'address-sought')).toEqual([]);
  });

  it('tells the DHCP of a phone beside a flood of made-up clients, and of these no more than a timeline bears', () => {
    const madeUp = (number: number) =>
      `02:66:00:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255).toString(16).padStart(2, '0')}`;
    const flood = Array.from({ length: 2000 }, (_, number) => dhcp('phone', 'DISCOVER', { clientMac: madeUp(number) }));
    const facts = only(watch([dhcp('phone', 'DISCOVER'), ...flood, dhcp('phone', 'REQUEST')]), 'dhcp');
    expect(facts).toHaveLength(257);
    expect(facts.at(-1)).toMatchObject({ messageType: 'REQUEST', clientMac: macs.phone });
  });

  it('still tells the use of an address after a look at a whole network', () => {
    const scan = Array.from({ length: 1000 }, (_, host) => arp('phone', '10.9.0.1', `10.9.${host >> 8}.${host & 255}`));
    const facts = watch([...scan, arp('phone', addresses.phone, addresses.bench)]);
    expect(only(facts, 'address-sought')).toHaveLength(64);
    expect(only(facts, 'address-used').at(-1)).toMatchObject({ address: addresses.phone });
  });

  it('tells both sides of a DHCP exchange', () => {
    const facts = only(
      watch([dhcp('phone', 'DISCOVER'), dhcp('bench', 'OFFER', { yourAddress: addresses.phone })]),
      'dhcp',
    );
    expect(facts[0]).toMatchObject({
      from: 'phone',
      vlan: 110,
      messageType: 'DISCOVER',
      xid: 0x245a7960,
      clientMac: macs.phone,
      vendorClass: 'Cisco Systems, Inc. IP Phone CP-7960G',
      parameterRequestList: [1, 66, 6, 3, 15, 150, 35],
      udpChecksum: true,
    });
    expect(facts[1]).toMatchObject({ from: 'bench', yourAddress: addresses.phone, tftpServers: [addresses.bench] });
  });

  it('says nothing of a frame of our own that comes back', () => {
    const observer = createObserver();
    const ours = benchCdp();
    expect(observer.frame({ bytes: ours, direction: 'out', atUs: 0, number: 1 })).toHaveLength(1);
    expect(observer.frame({ bytes: ours, direction: 'in', atUs: 10, number: 2 })).toEqual([]);
  });

  it('knows the phone by what it does where a capture tells no direction', () => {
    const frames = [benchCdp(), phoneCdp(), dhcp('phone', 'DISCOVER'), dhcp('bench', 'OFFER'), rrq('x')];
    const told = (facts: ReturnType<typeof watch>) =>
      facts.filter(({ kind }) => kind !== 'vlan-used').map((fact) => [fact.kind, fact.from]);
    expect(told(watch(frames, { directions: false }))).toEqual(told(watch(frames)));
  });

  it('gives the same facts for the same frames', () => {
    const frames = [phoneCdp(), benchCdp(), dhcp('phone', 'DISCOVER'), rrq('SEP000F245A7960.cnf.xml')];
    expect(watch(frames)).toEqual(watch(frames));
  });

  it('reads a doubly tagged frame by its outer tag', () => {
    const facts = watch([addVlanTag(dhcp('phone', 'DISCOVER'), { id: 7, priority: 0 })]);
    expect(only(facts, 'dhcp')[0]?.vlan).toBe(7);
  });
});

describe('damage on the wire', () => {
  const damaged = (): Uint8Array =>
    udp(
      'phone',
      { source: '0.0.0.0', sourcePort: 68, destination: '255.255.255.255', destinationPort: 67 },
      Uint8Array.of(1, 1, 6, 0),
    );

  it('is told as malformed, with protocol and place', () => {
    const [fact] = only(watch([damaged()]), 'malformed');
    expect(fact).toMatchObject({ from: 'phone', protocol: 'dhcp', offset: 4 });
  });

  it('is folded when it repeats', () => {
    const facts = only(watch(Array.from({ length: 150 }, damaged)), 'malformed');
    expect(facts).toHaveLength(3);
    expect(facts[2]?.reason).toMatch(/\(100 times so far\)$/);
  });

  it('is told of a frame too short to have a sender', () => {
    const facts = createObserver().frame({ bytes: Uint8Array.of(1, 2, 3), direction: 'in', atUs: 0, number: 1 });
    expect(facts).toMatchObject([{ kind: 'malformed', protocol: 'ethernet', mac: '00:00:00:00:00:00' }]);
  });

  it('keeps every fact below 4 KiB', () => {
    const facts = watch([rrq('x'.repeat(1300)), rrq('y'.repeat(1300))]);
    for (const fact of facts) expect(JSON.stringify(fact).length).toBeLessThan(4096);
  });
});

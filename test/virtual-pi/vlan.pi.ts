import { execFileSync } from 'node:child_process';
import { expect, it, vi } from 'vitest';
import type { LinkFrame } from '../../src/network/frame-link.js';
import { decodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { openCable } from '../helpers/cable.js';

const voiceVlan = 110;
const benchAddress = '10.110.0.1';
const phoneAddress = '10.110.0.50';

it('the voice VLAN is the kernel’s own 802.1Q device, and carries datagrams with its tag', async () => {
  const cable = await openCable('lpv');
  const attach = { vlan: voiceVlan, prefixLength: 24 };
  const bench = await cable.bench.attach({ ...attach, addresses: [benchAddress] });
  const phone = await cable.phoneNamespace.within(() => cable.phone.attach({ ...attach, addresses: [phoneAddress] }));

  const [device] = JSON.parse(
    execFileSync('ip', ['-json', '-details', 'link', 'show', bench.interfaceName], { encoding: 'utf8' }),
  );
  expect(device.linkinfo).toMatchObject({ info_kind: 'vlan', info_data: { protocol: '802.1Q', id: voiceVlan } });
  expect(device.link).toBe(cable.bench.link.name);

  const frames: LinkFrame[] = [];
  cable.bench.link.onFrame((frame) => frames.push(frame));
  const server = bench.bindUdp({ port: 69 });
  server.onMessage((data, peer) => server.send(Buffer.from(`bench:${data}`), peer));
  const answers: string[] = [];
  const client = await cable.phoneNamespace.within(() => phone.bindUdp({ port: 0 }));
  client.onMessage((data) => answers.push(Buffer.from(data).toString()));
  client.send(Buffer.from('hello'), { address: benchAddress, port: 69 });
  await vi.waitFor(() => expect(answers).toEqual(['bench:hello']), { timeout: 10_000 });

  const tags = () =>
    frames
      .map(({ bytes, direction }) => ({ frame: decodeEthernet(bytes), direction }))
      .filter(({ frame }) => frame?.body.kind === 'ethertype' && frame.body.etherType === etherTypes.ipv4)
      .map(({ frame, direction }) => [direction, frame?.vlans[0]?.id]);
  await vi.waitFor(() =>
    expect(tags()).toEqual([
      ['in', voiceVlan],
      ['out', voiceVlan],
    ]),
  );
  await cable.phoneNamespace.within(() => phone.close());
  await bench.close();
  await cable.close();
});

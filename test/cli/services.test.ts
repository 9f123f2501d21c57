import { type ChildProcess, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, type TestContext, vi } from 'vitest';
import { openPacketLink } from '../../src/network/packet-link.js';
import { systemClock } from '../../src/timeline/clock.js';
import { dhcpOption, dhcpOptions, encodeDhcp } from '../../src/wire/dhcp.js';
import { encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeIpv4, encodeUdp, ipProtocols } from '../../src/wire/ipv4.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { invoke, program, strict } from '../helpers/linkpulse.js';
import { environment, openServedWire, type ServedWire } from '../helpers/served-wire.js';

const hasDnsmasq = spawnSync('dnsmasq', ['--version'], { env: environment }).status === 0;
const soon = { timeout: 15_000, interval: 100 };
const untagged = 'quick-no-voice-vlan.yaml';

/** IPv4 alone. */
const addressesOf = async (...where: string[]): Promise<string> =>
  ((await runIp('address', 'show', ...where)).match(/\binet \S+/g) ?? [])
    .filter((text) => !text.includes('127.'))
    .join();

/** Without any capability, whoever this is. */
const withoutRights = (words: readonly string[]) =>
  spawnSync('setpriv', ['--bounding-set', '-all', '--inh-caps', '-all', process.execPath, program, ...words], {
    encoding: 'utf8',
    env: environment,
  });

/** An OFFER as a server of another network would broadcast it. */
const foreignOffer = (mac: string): Uint8Array => {
  const addresses = { source: '10.77.0.1', destination: '255.255.255.255' };
  const payload = encodeDhcp({
    op: 2,
    xid: 7,
    broadcast: true,
    yourAddress: '10.77.0.10',
    clientMac: '00:0f:24:5a:79:60',
    options: [dhcpOption.messageType('OFFER'), dhcpOption.addresses(dhcpOptions.serverIdentifier, ['10.77.0.1'])],
    padTo: 300,
  });
  const udp = encodeUdp({ sourcePort: 67, destinationPort: 68, payload, ...addresses });
  return encodeEthernet({
    destination: 'ff:ff:ff:ff:ff:ff',
    source: mac,
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ ...addresses, protocol: ipProtocols.udp, ttl: 64, payload: udp }),
  });
};

vi.setConfig({ testTimeout: 60_000 });

describeInNamespace(import.meta.url, 'linkpulse services', () => {
  let wire: ServedWire;
  let dnsmasq: ChildProcess | undefined;

  beforeEach(async () => {
    wire = await openServedWire('svc');
  });
  afterEach(async () => {
    dnsmasq?.kill('SIGKILL');
    await wire.close();
  });

  const addressesHere = () => addressesOf('dev', wire.bench);

  const startDnsmasq = async (context: TestContext): Promise<void> => {
    if (!hasDnsmasq && !strict) context.skip('dnsmasq is not installed');
    await wire.far.within(() => runIp('address', 'add', '10.77.0.1/24', 'dev', wire.phone));
    dnsmasq = await wire.start('dnsmasq', [
      '--no-daemon',
      '--conf-file=/dev/null',
      '--port=0',
      `--interface=${wire.phone}`,
      '--bind-interfaces',
      '--dhcp-range=10.77.0.10,10.77.0.20',
      `--dhcp-leasefile=${join(wire.directory, 'leases')}`,
      '--no-ping',
      '--user=root',
    ]);
  };

  it('serves until SIGTERM and leaves nothing of itself on the interface', async () => {
    const services = wire.services('--plan', wire.plan(untagged));
    await services.reached('serving');
    expect(await addressesHere()).toContain('10.110.0.1/24');
    services.child.kill('SIGTERM');
    expect(await services.exitCode).toBe(0);
    expect(services.lines.map((line) => (line.type === 'state' ? line.state : line.type))).toEqual(
      expect.arrayContaining(['started', 'listening for DHCP servers', 'serving', 'stopping', 'summary']),
    );
    expect(services.lines.at(-1)).toMatchObject({ type: 'summary', phones: [] });
    expect(await addressesHere()).toBe('');
  });

  it('ends at once while it still listens, and while it waits for link', async () => {
    const listening = wire.services('--plan', wire.plan(untagged));
    await listening.reached('listening for DHCP servers');
    listening.child.kill('SIGINT');
    expect(await listening.exitCode).toBe(0);
    await wire.far.within(() => runIp('link', 'set', 'dev', wire.phone, 'down'));
    const waiting = wire.services('--plan', wire.plan(untagged));
    await waiting.reached('waiting for link');
    waiting.child.kill('SIGINT');
    expect(await waiting.exitCode).toBe(0);
    expect(await addressesHere()).toBe('');
  });

  it('takes its voice VLAN away with it', async () => {
    const services = wire.services('--plan', wire.plan('quick.yaml'));
    await services.reached('serving');
    expect(await addressesOf()).toContain('10.110.0.1/24');
    services.child.kill('SIGTERM');
    expect(await services.exitCode).toBe(0);
    expect(await runIp('link', 'show')).not.toMatch(/v110/);
  });

  it('refuses the interface of the default route, unless the risk is taken', async () => {
    await runIp('link', 'set', 'dev', wire.bench, 'up');
    await runIp('address', 'add', '10.99.0.2/24', 'dev', wire.bench);
    await runIp('route', 'add', 'default', 'via', '10.99.0.1', 'dev', wire.bench);
    const plan = wire.plan(untagged);
    const refused = wire.services('--plan', plan);
    expect(await refused.exitCode).toBe(5);
    expect(refused.stderr()).toMatch(/INTERFACE_FORBIDDEN[\s\S]*Or --risk-default-route, which risks that machines/);
    const taken = wire.services('--plan', plan, '--risk-default-route');
    await taken.reached('serving');
    taken.child.kill('SIGTERM');
    expect(await taken.exitCode).toBe(0);
    expect(await addressesHere()).toContain('10.99.0.2/24');
  });

  it('refuses a wire with another DHCP server, unless the risk is taken', async (context) => {
    await startDnsmasq(context);
    const refused = wire.services('--plan', wire.plan(untagged));
    expect(await refused.exitCode).toBe(5);
    expect(refused.stderr()).toMatch(
      /DHCP_SERVER_HEARD: .*10\.77\.0\.1[\s\S]*Or --risk-second-dhcp-server, which risks/,
    );
    expect(await addressesHere()).toBe('');
    const taken = wire.services('--plan', wire.plan(untagged), '--risk-second-dhcp-server');
    await taken.reached('serving');
    taken.child.kill('SIGTERM');
    expect(await taken.exitCode).toBe(0);
  });

  it('stops when another DHCP server is heard later', async () => {
    const services = wire.services('--plan', wire.plan(untagged));
    await services.reached('serving');
    const stranger = await wire.far.within(() => openPacketLink(wire.phone, systemClock));
    stranger.send(foreignOffer(stranger.macAddress));
    await stranger.close();
    expect(await services.exitCode).toBe(5);
    expect(services.stderr()).toMatch(/DHCP_SERVER_HEARD: .*10\.77\.0\.1/);
    expect(services.lines.at(-1)).toMatchObject({ type: 'summary' });
  });

  it('lets nobody else onto its interface, and says what is missing without the right to it', async () => {
    const plan = wire.plan(untagged);
    const first = wire.services('--plan', plan);
    await first.reached('listening for DHCP servers');
    const second = wire.services('--plan', plan);
    expect(await second.exitCode).toBe(5);
    expect(second.stderr()).toMatch(/PORT_BUSY.*svcb/);
    first.child.kill('SIGTERM');
    await first.exitCode;
    const unknown = invoke(['services', '--interface', 'nosuch0']);
    expect(await unknown.exitCode).toBe(5);
    expect(unknown.stderr()).toContain('INTERFACE_UNKNOWN');
    const powerless = withoutRights(['services', '--interface', wire.bench]);
    expect(powerless.status).toBe(5);
    expect(powerless.stderr).toMatch(/NETWORK_PERMISSION: .*CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW/);
    const noInterface = invoke(['services']);
    expect(await noInterface.exitCode).toBe(4);
  });

  it('tells a person who does what', async () => {
    const services = invoke(['services', '--interface', wire.bench, '--plan', wire.plan(untagged)]);
    await vi.waitFor(() => expect(services.stdout()).toContain('serving; Ctrl-C ends'), soon);
    services.child.kill('SIGINT');
    expect(await services.exitCode).toBe(0);
    expect(services.stdout()).toMatch(/> all +CDP linkpulse-bench/);
    expect(services.stdout()).toMatch(/s, 0 phones$/);
  });
});

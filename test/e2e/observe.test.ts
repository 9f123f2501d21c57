/** In front of real servers: dnsmasq gives address and files, a CallManager of ours stands behind it; the bench only looks. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, type TestContext, vi } from 'vitest';
import type { PortNetwork } from '../../src/network/ip-attachment.js';
import { openPacketLink } from '../../src/network/packet-link.js';
import { openRealNetwork } from '../../src/network/real-network.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { startCallManagers } from '../../src/services/call-manager.js';
import { startCdpSpeaker } from '../../src/services/cdp-speaker.js';
import { generateFile } from '../../src/services/generated-files.js';
import { createPortPower } from '../../src/services/port-power.js';
import type { Service } from '../../src/services/service.js';
import { systemClock } from '../../src/timeline/clock.js';
import { dhcpOption, encodeDhcp } from '../../src/wire/dhcp.js';
import { encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeIpv4, encodeUdp, ipProtocols } from '../../src/wire/ipv4.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { judgedAgain } from '../helpers/judged-again.js';
import { invoke, plansDirectory, program, runJson, stageOf } from '../helpers/linkpulse.js';
import { openServedWire, type ServedWire } from '../helpers/served-wire.js';
import { needs } from '../helpers/tools.js';

const planPath = join(plansDirectory, 'quick-no-voice-vlan.yaml');
const { plan } = loadPlan(planPath);
const configuration = 'SEP000F245A7960.cnf.xml';
const image = `${plan.phone.load}.bin`;

const option150 = ['--dhcp-option=150,10.110.0.1'];
const otherClient = '00:0f:24:5a:79:99';

/** Another machine's DISCOVER and the ACK it gets, both to all: an address, and no TFTP server. */
const dhcpOfOthers = (serverMac: string): readonly Uint8Array[] =>
  (['DISCOVER', 'ACK'] as const).map((type) => {
    const asks = type === 'DISCOVER';
    const addresses = { source: asks ? '0.0.0.0' : '10.110.0.1', destination: '255.255.255.255' };
    const payload = encodeDhcp({
      op: asks ? 1 : 2,
      xid: 9,
      broadcast: true,
      ...(asks ? {} : { yourAddress: '10.110.0.77' }),
      clientMac: otherClient,
      options: [dhcpOption.messageType(type)],
      padTo: 300,
    });
    const [sourcePort, destinationPort] = asks ? [68, 67] : [67, 68];
    const udp = encodeUdp({ sourcePort, destinationPort, payload, ...addresses });
    return encodeEthernet({
      destination: 'ff:ff:ff:ff:ff:ff',
      source: asks ? otherClient : serverMac,
      etherType: etherTypes.ipv4,
      payload: encodeIpv4({ ...addresses, protocol: ipProtocols.udp, ttl: 64, payload: udp }),
    });
  });

vi.setConfig({ testTimeout: 60_000 });

describeInNamespace(import.meta.url, 'run --observe', () => {
  let wire: ServedWire;
  let dnsmasq: ChildProcess | undefined;
  let network: PortNetwork | undefined;
  let callManagers: Service | undefined;

  beforeEach(async () => {
    wire = await openServedWire('obs');
    await runIp('link', 'set', 'dev', wire.bench, 'up');
    writeFileSync(
      join(wire.directory, 'bench.yaml'),
      `station: observing
runs: runs
ports:
  sim1:
    kind: simulated
    firmware: modelled
    phone: { mac: "00:0f:24:5a:79:60", load: P00307020200, model: CP-7960G }
    uplink: ${wire.bench}
  alone:
    kind: simulated
    firmware: modelled
    phone: { mac: "00:0f:24:5a:79:62", load: P00307020200, model: CP-7960G }
`,
    );
  });
  afterEach(async () => {
    dnsmasq?.kill('SIGKILL');
    await callManagers?.close();
    await network?.close();
    [dnsmasq, callManagers, network] = [undefined, undefined, undefined];
    await wire.close();
  });

  const startDnsmasq = async (
    context: TestContext,
    options: readonly string[],
    interfaceName = wire.phone,
  ): Promise<void> => {
    needs(context, 'dnsmasq', 'dnsmasq-base');
    const files = join(wire.directory, 'tftp');
    mkdirSync(files);
    for (const name of [configuration, image]) {
      const file = generateFile(plan, name);
      if (file === undefined) throw new Error(name);
      writeFileSync(join(files, name), await file.read(0, file.size));
    }
    await wire.far.within(() => runIp('address', 'replace', '10.110.0.1/24', 'dev', interfaceName));
    dnsmasq = await wire.start('dnsmasq', [
      ...['--no-daemon', '--conf-file=/dev/null', '--port=0', '--user=root', '--no-ping', '--bind-interfaces'],
      ...[`--interface=${interfaceName}`, '--dhcp-range=10.110.0.100,10.110.0.120,1h', '--dhcp-authoritative'],
      ...[`--dhcp-leasefile=${join(wire.directory, 'dnsmasq.leases')}`, '--enable-tftp', `--tftp-root=${files}`],
      ...options,
    ]);
  };

  /** The far end on a VLAN or untagged, with CallManagers on it. Returns the interface of that VLAN. */
  const startCallManager = async (vlan: number | null = null): Promise<string> => {
    network = await wire.far.within(() => openRealNetwork({ interface: wire.phone, clock: systemClock }));
    const far = network;
    const addresses = plan.callManagers.map(({ address }) => address);
    return wire.far.within(async () => {
      const ip = await far.attach({ vlan, addresses, prefixLength: 24 });
      const now = () => systemClock.wallClock();
      callManagers = await startCallManagers({ plan, ip, clock: systemClock, now, faults: new Set(), tell: () => {} });
      return ip.interfaceName;
    });
  };

  const observe = (path = planPath) =>
    runJson([
      ...['run', '--observe', '--no-station', '--bench', join(wire.directory, 'bench.yaml')],
      ...['--port', 'sim1', '--plan', path],
    ]);

  it('judges a phone that dnsmasq and a CallManager elsewhere take to registration', async (context) => {
    await startDnsmasq(context, option150);
    await startCallManager();
    const run = await observe();
    expect(run.record.stages.map(({ stage, verdict, cause }) => ({ stage, verdict, cause }))).toEqual(
      run.record.stages.map(({ stage, cause }) => ({ stage, verdict: stage === 'vlan' ? 'skipped' : 'pass', cause })),
    );
    expect(run.exitCode).toBe(0);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  });

  it('passes a voice VLAN and the CDP of a switch that tells it', async (context) => {
    const voicePlan = join(plansDirectory, 'quick.yaml');
    const interfaceName = await startCallManager(110);
    await startDnsmasq(context, option150, interfaceName);
    const far = network as PortNetwork;
    const { plan: told } = loadPlan(voicePlan);
    const power = createPortPower(told.network.powerAvailableMilliwatts);
    const options = { plan: told, link: far.link, clock: systemClock, faults: new Set<string>(), power };
    const neighbour = await wire.far.within(() => startCdpSpeaker({ ...options, tell: () => {} }));
    const run = await observe(voicePlan);
    await neighbour.close();
    expect(run.exitCode, run.record.cause).toBe(0);
    expect(stageOf(run.record, 'vlan')).toMatchObject({ verdict: 'pass' });
    expect(run.events.map(({ fact }) => fact)).toContainEqual(
      expect.objectContaining({ kind: 'dhcp', messageType: 'ACK', vlan: 110 }),
    );
  });

  it('judges a phone that `linkpulse services` on another port serves, which says what it gave', async () => {
    const voicePlan = join(plansDirectory, 'quick.yaml');
    const words = ['services', '--json', '--interface', wire.phone, '--plan', voicePlan];
    const services = await wire.start(process.execPath, [program, ...words]);
    let said = '';
    services.stdout?.on('data', (chunk) => {
      said += String(chunk);
    });
    await vi.waitFor(() => expect(said).toContain('"state":"serving"'), { timeout: 20_000, interval: 100 });
    const run = await observe(voicePlan);
    services.kill('SIGTERM');
    await once(services, 'close');
    expect(run.record.stages.map(({ stage, verdict }) => [stage, verdict])).toEqual(
      run.record.stages.map(({ stage }) => [stage, 'pass']),
    );
    expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'summary',
      phones: [
        {
          mac: '00:0f:24:5a:79:60',
          name: 'SEP000F245A7960',
          address: expect.stringMatching(/^10\.110\.0\.1\d\d$/),
          registeredWith: ['10.110.0.11'],
        },
      ],
    });
  });

  it('is not misled by what other clients of that network ask and are answered', async (context) => {
    await startDnsmasq(context, option150);
    await startCallManager();
    const stranger = await wire.far.within(() => openPacketLink(wire.phone, systemClock));
    const others = systemClock.every(50, () => {
      for (const frame of dhcpOfOthers(stranger.macAddress)) stranger.send(frame);
    });
    const run = await observe();
    others.cancel();
    await stranger.close();
    expect(run.exitCode, run.record.cause).toBe(0);
    expect(run.events.filter(({ fact }) => fact.kind === 'dhcp' && fact.clientMac === otherClient)).toEqual([]);
  });

  it('blames the network whose DHCP names no TFTP server', async (context) => {
    await startDnsmasq(context, []);
    const run = await observe();
    expect(stageOf(run.record, 'address')).toMatchObject({ verdict: 'error', blame: 'network' });
    expect(run.exitCode).toBe(5);
  });

  it('does not blame the phone where no CallManager answers', async (context) => {
    await startDnsmasq(context, option150);
    const run = await observe();
    expect(stageOf(run.record, 'config')).toMatchObject({ verdict: 'pass' });
    expect(stageOf(run.record, 'registration')).toMatchObject({
      verdict: 'error',
      blame: 'network',
      cause: expect.stringMatching(/looked for cm-primary.*cm-tertiary.* nobody answered/),
    });
    expect(run.exitCode).toBe(5);
  });

  it('says so when a port has no uplink, or when there is none of that name', async () => {
    const alone = invoke([
      ...['run', '--observe', '--no-station', '--bench', join(wire.directory, 'bench.yaml')],
      ...['--port', 'alone', '--plan', planPath],
    ]);
    expect(await alone.exitCode).toBe(4);
    expect(alone.stderr()).toContain('no uplink in the bench file');
  });
});

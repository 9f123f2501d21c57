import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PortNetwork } from '../../src/network/ip-attachment.js';
import { openRealNetwork } from '../../src/network/real-network.js';
import { systemPath } from '../../src/os/system-tools.js';
import { startCdpSpeaker } from '../../src/services/cdp-speaker.js';
import { startLldpSpeaker } from '../../src/services/lldp-speaker.js';
import { createPortPower } from '../../src/services/port-power.js';
import type { Service } from '../../src/services/service.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { strict } from '../helpers/linkpulse.js';
import { SecondNamespace } from '../helpers/second-namespace.js';
import { benchPlan } from './bench-plan.js';

const environment = { ...process.env, PATH: systemPath() };
const hasLldpd = spawnSync('lldpd', ['-v'], { env: environment }).status === 0;
const run = promisify(execFile);
const slow = { timeout: 20_000, interval: 250 };

describeInNamespace(import.meta.url, 'lldpd as the phone', () => {
  let other: SecondNamespace;
  let network: PortNetwork;
  let lldpd: ChildProcess | undefined;
  let directory: string;
  let services: Service[] = [];
  let facts: ServiceFact[] = [];

  const lldpcli = async (...words: string[]): Promise<string> =>
    (await run('lldpcli', ['-u', join(directory, 'socket'), ...words], { env: environment })).stdout;
  /** What lldpd knows of us, by its own names without `lldp.lpp0.`. */
  const neighbour = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      (await lldpcli('-f', 'keyvalue', 'show', 'neighbors', 'details'))
        .split('\n')
        .map((line) => /^lldp\.lpp0\.([^=]+)=(.*)$/.exec(line)?.slice(1) ?? ['', '']),
    );

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'linkpulse-lldpd-'));
    // lldpcli and lldpd run as a user of their own.
    chmodSync(directory, 0o777);
    other = new SecondNamespace();
    await runIp('link', 'add', 'lpb0', 'type', 'veth', 'peer', 'name', 'lpp0');
    await other.takeInterface('lpp0');
    network = await openRealNetwork({ interface: 'lpb0', clock: systemClock });
    facts = [];
  });
  afterEach(async () => {
    lldpd?.kill('SIGKILL');
    await Promise.all(services.splice(0).map((service) => service.close()));
    await network.close();
    await runIp('link', 'delete', 'dev', 'lpb0');
    other.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const startLldpd = async (...words: string[]): Promise<void> => {
    lldpd = await other.within(async () => {
      await runIp('link', 'set', 'dev', 'lpp0', 'up');
      const options = ['-d', '-I', 'lpp0', '-u', join(directory, 'socket'), '-O', '/dev/null', ...words];
      return spawn('lldpd', options, { env: environment, stdio: 'ignore' });
    });
    await vi.waitFor(() => lldpcli('show', 'configuration'), slow);
  };

  const startBench = (changes: Parameters<typeof benchPlan>[0] = {}): void => {
    const plan = benchPlan({ network: { powerAvailableMilliwatts: 7000, cdpPeriodMs: 1000 }, ...changes });
    const power = createPortPower(plan.network.powerAvailableMilliwatts);
    const options = { plan, link: network.link, clock: systemClock, faults: new Set<string>(), power };
    const tell = (fact: ServiceFact) => facts.push(fact);
    services = [startLldpSpeaker({ ...options, tell }), startCdpSpeaker({ ...options, tell })];
  };

  it('hears our voice policy by LLDP-MED and is granted the power it asks for', async (context) => {
    if (!hasLldpd && !strict) context.skip('lldpd is not installed');
    await startLldpd('-M', '3');
    await lldpcli('configure', 'lldp', 'tx-interval', '1');
    await lldpcli('configure', 'med', 'power', 'pd', 'source', 'both', 'priority', 'low', 'value', '6000');
    startBench();
    await vi.waitFor(
      async () =>
        expect(await neighbour()).toMatchObject({
          via: 'LLDP',
          'chassis.name': 'linkpulse',
          'chassis.mgmt-ip': '10.110.0.1',
          'chassis.Bridge.enabled': 'on',
          'port.ifname': 'lpb0',
          'port.ttl': '120',
          'port.power.device-type': 'PSE',
          'port.power.class': 'class 2',
          'port.power.requested': '6000',
          'port.power.allocated': '6000',
          'lldp-med.device-type': 'Network Connectivity Device',
          'lldp-med.policy.apptype': 'Voice',
          'lldp-med.policy.vlan.vid': '110',
          'lldp-med.policy.pcp': '5',
          'lldp-med.policy.dscp': '46',
          'lldp-med.poe.power': '6000',
        }),
      slow,
    );
    expect(facts).toMatchObject([{ service: 'lldp', action: 'power-granted', detail: { grantedMilliwatts: 6000 } }]);
    // Our last word, which it obeys at once.
    await Promise.all(services.splice(0).map((service) => service.close()));
    await vi.waitFor(async () => expect(await neighbour()).not.toHaveProperty('via'), slow);
  });

  it('leaves when it ends, and we know', async (context) => {
    if (!hasLldpd && !strict) context.skip('lldpd is not installed');
    await startLldpd('-M', '3');
    await lldpcli('configure', 'lldp', 'tx-interval', '1');
    startBench();
    await vi.waitFor(async () => expect(await neighbour()).toMatchObject({ 'lldp-med.policy.vlan.vid': '110' }), slow);
    lldpd?.kill('SIGTERM');
    await vi.waitFor(() => expect(facts.at(-1)).toMatchObject({ action: 'neighbour-left' }), slow);
  });

  it('has us as its neighbour by CDP where LLDP is off', async (context) => {
    if (!hasLldpd && !strict) context.skip('lldpd is not installed');
    await startLldpd('-ccc');
    await lldpcli('configure', 'lldp', 'tx-interval', '1');
    startBench({ lldp: null });
    await vi.waitFor(
      async () =>
        expect(await neighbour()).toMatchObject({
          via: 'CDPv2',
          'chassis.name': 'linkpulse',
          'chassis.descr': 'Linkpulse bench running on Linkpulse',
          'chassis.mgmt-ip': '10.110.0.1',
          'chassis.Bridge.enabled': 'on',
          'port.descr': 'lpb0',
          'port.ttl': '180',
        }),
      slow,
    );
  });
});

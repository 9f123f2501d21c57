import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examine } from '../../src/doctor/examine.js';
import { setInterfaceUp } from '../../src/os/interface-control.js';
import { systemPath } from '../../src/os/system-tools.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { strict } from '../helpers/linkpulse.js';
import { SecondNamespace } from '../helpers/second-namespace.js';

const environment = { ...process.env, PATH: systemPath() };
const hasDnsmasq = spawnSync('dnsmasq', ['--version'], { env: environment }).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'linkpulse-doctor-'));
let other: SecondNamespace;
let dnsmasq: ChildProcess | undefined;

const findings = async (name: string) =>
  Object.fromEntries(
    (
      await examine(
        {
          station: 'test',
          runsDirectory: folder,
          diskReserveBytes: 0,
          retention: null,
          golden: null,
          fleet: null,
          supplies: [],
          shared: [],
          ports: [{ name: 'jack1', kind: 'hardware', driver: 'serial', board: '/dev/no-such-board', interface: name }],
        },
        systemClock,
      )
    ).map(({ check, level, message }) => [check, `${level}: ${message}`]),
  );

describeInNamespace(import.meta.url, 'doctor on the phone’s wire', () => {
  beforeAll(async () => {
    other = new SecondNamespace();
    await runIp('link', 'add', 'doca', 'type', 'veth', 'peer', 'name', 'docb');
    await other.takeInterface('docb');
    setInterfaceUp('doca', true);
    await other.within(() => setInterfaceUp('docb', true));
    await sleep(systemClock, 200);
  });
  afterAll(() => {
    dnsmasq?.kill('SIGKILL');
    other?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('hears nobody on a quiet wire', async () => {
    expect(await findings('doca')).toMatchObject({
      route: 'ok: jack1: no default route on doca',
      dhcp: 'ok: jack1: no other DHCP server answered on doca within 4 s',
    });
  }, 30_000);

  it('hears another DHCP server, with its address', async (context) => {
    if (!hasDnsmasq && !strict) context.skip('dnsmasq is not installed');
    await other.within(() => runIp('address', 'add', '10.77.0.1/24', 'dev', 'docb'));
    dnsmasq = await other.within(() =>
      spawn(
        'dnsmasq',
        [
          '--no-daemon',
          '--conf-file=/dev/null',
          '--port=0',
          '--interface=docb',
          '--bind-interfaces',
          '--dhcp-range=10.77.0.10,10.77.0.20',
          `--dhcp-leasefile=${join(folder, 'leases')}`,
          '--no-ping',
          '--user=root',
        ],
        { env: environment, stdio: 'ignore' },
      ),
    );
    const { dhcp } = await findings('doca');
    expect(dhcp).toMatch(/^problem: jack1: another DHCP server on doca: 10\.77\.0\.1 \([0-9a-f:]{17}\)$/);
  }, 30_000);

  it('tells the interface that a default route leaves by, and keeps off its wire', async () => {
    await runIp('address', 'add', '10.77.0.2/24', 'dev', 'doca');
    await runIp('route', 'add', 'default', 'via', '10.77.0.1', 'dev', 'doca');
    const found = await findings('doca');
    await runIp('route', 'del', 'default');
    expect(found.route).toMatch(/^problem: jack1: a default route leaves by doca/);
    expect(found.dhcp).toContain('not listened');
  }, 30_000);

  it('does not send into an interface without carrier', async () => {
    await other.within(() => setInterfaceUp('docb', false));
    await sleep(systemClock, 200);
    expect((await findings('doca')).dhcp).toContain('no carrier');
  }, 30_000);

  it('tells an interface that is not there', async () => {
    expect((await findings('nosuch0')).interface).toBe('problem: jack1: there is no interface nosuch0');
  });
});

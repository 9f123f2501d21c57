/** `linkpulse services` that lie on purpose, seen by clients of Debian. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, type TestContext } from 'vitest';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { invoke } from '../helpers/linkpulse.js';
import { openServedWire, type RunningServices, type Said, type ServedWire } from '../helpers/served-wire.js';
import { needs } from '../helpers/tools.js';

const bench = '10.110.0.1';
const image = 'P00308010200.bin';
const limitMs = 60_000;

describeInNamespace(import.meta.url, 'linkpulse services --fault', () => {
  let wire: ServedWire;
  let services: RunningServices | undefined;

  beforeEach(async () => {
    wire = await openServedWire('lie');
    writeFileSync(join(wire.directory, 'lease.sh'), '#!/bin/sh\n[ "$1" = bound ] && env > lease.env\nexit 0\n');
    chmodSync(join(wire.directory, 'lease.sh'), 0o755);
  });
  afterEach(async () => {
    services?.child.kill('SIGTERM');
    const exitCode = await services?.exitCode;
    services = undefined;
    await wire.close();
    expect(exitCode ?? 0).toBe(0);
  });

  const lying = async (words: readonly string[], ...changes: readonly (readonly [string, string])[]) => {
    services = wire.services(
      '--plan',
      wire.plan('quick-no-voice-vlan.yaml', ...changes),
      '--risk-second-dhcp-server',
      ...words,
    );
    await services.reached('serving');
  };
  const faultsTold = () =>
    services?.facts().flatMap((fact) => (fact.kind === 'service' && fact.detail.fault ? [fact.detail.fault] : []));
  /** What udhcpc was told, in its script's variables; undefined: it got no lease. */
  const udhcpc = async (context: TestContext): Promise<Readonly<Record<string, string>> | undefined> => {
    needs(context, 'udhcpc', 'udhcpc');
    rmSync(join(wire.directory, 'lease.env'), { force: true });
    const words = ['-i', wire.phone, '-f', '-n', '-q', '-t', '3', '-T', '1', '-O', '150', '-O', '66'];
    const { status } = await wire.client('udhcpc', [...words, '-s', join(wire.directory, 'lease.sh')]);
    if (status !== 0) return undefined;
    const lines = readFileSync(join(wire.directory, 'lease.env'), 'utf8').split('\n');
    return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  };
  const fetched = async (context: TestContext, name: string): Promise<Said> => {
    needs(context, 'curl', 'curl');
    await wire.far.within(() => runIp('address', 'replace', '10.110.0.50/24', 'dev', wire.phone));
    return wire.client('curl', ['-sS', '-m', '4', '-o', 'got', `tftp://${bench}/${name}`]);
  };
  const bytesGot = (): number => readFileSync(join(wire.directory, 'got')).length;

  it('offer-without-150: udhcpc is told of no TFTP server', { timeout: limitMs }, async (context) => {
    await lying(['--fault', 'offer-without-150']);
    const told = await udhcpc(context);
    expect(told).toMatchObject({ serverid: bench, router: bench });
    for (const name of ['opt150', 'tftp', 'siaddr']) expect(told).not.toHaveProperty(name);
    expect(faultsTold()).toEqual(['offer-without-150']);
  });

  it('text-option-150: udhcpc is told letters', { timeout: limitMs }, async (context) => {
    await lying(['--fault', 'text-option-150']);
    expect(await udhcpc(context)).toMatchObject({ opt150: Buffer.from(bench).toString('hex') });
    expect(services?.facts()).toContainEqual(expect.objectContaining({ kind: 'dhcp', tftpServersText: bench }));
  });

  it('dhcp-silent by the plan: udhcpc gets nothing', { timeout: limitMs }, async (context) => {
    await lying([], ['\nsccp:', '\nlies: [dhcp-silent]\nsccp:']);
    expect(await udhcpc(context)).toBeUndefined();
    expect(faultsTold()).toEqual(['dhcp-silent']);
  });

  it('two-offers: both reach the client, which takes the first', { timeout: limitMs }, async (context) => {
    await lying(['--fault', 'two-offers']);
    expect(await udhcpc(context)).toMatchObject({ serverid: bench });
    const offers = services?.facts().filter((fact) => fact.kind === 'dhcp' && fact.messageType === 'OFFER');
    expect(offers).toMatchObject([{ serverIdentifier: bench }, { serverIdentifier: '10.110.0.254' }]);
  });

  it('tftp-stalls, short-file and wrong-case, together and apart', { timeout: limitMs }, async (context) => {
    await lying(['--fault', 'short-file', 'wrong-case']);
    expect((await fetched(context, image)).status, 'curl: file not found').toBe(68);
    expect((await fetched(context, image.toLowerCase())).status).toBe(0);
    const half = bytesGot();
    expect(faultsTold()).toEqual(['wrong-case', 'short-file']);
    services?.child.kill('SIGTERM');
    expect(await services?.exitCode).toBe(0);

    await lying(['--fault', 'tftp-stalls'], ['filesDirectory: none', 'filesDirectory: none\n  stallAtBlock: 5']);
    const stalled = await fetched(context, image);
    expect(stalled.status, stalled.stderr).not.toBe(0);
    expect(bytesGot()).toBe(4 * 512);
    services?.child.kill('SIGTERM');
    expect(await services?.exitCode).toBe(0);

    await lying([]);
    expect((await fetched(context, image)).status).toBe(0);
    expect(Math.floor(bytesGot() / 2)).toBe(half);
  });

  it('takes faults of services alone, and says who else has the one asked for', { timeout: limitMs }, async () => {
    const refused = async (...words: string[]) => {
      const one = invoke(['services', ...words]);
      expect(await one.exitCode).toBe(4);
      return one.stderr();
    };
    const on = ['--interface', wire.bench, '--fault'];
    expect(await refused(...on, 'no-cdp')).toMatch(/"no-cdp" is no fault of a service \(phone\).*demo --fault no-cdp/);
    expect(await refused(...on, 'dhcp-slient')).toContain('did you mean dhcp-silent?');
    expect(await refused(...on, 'qqq')).toContain('there are: ');
    expect(await refused('--fault', 'dhcp-silent')).toContain('--interface');
    const listed = invoke(['services', '--list-faults']);
    expect(await listed.exitCode).toBe(0);
    expect(listed.stdout()).toMatch(/^text-option-150 +Our DHCP gives option 150 as a text/m);
    expect(listed.stdout()).not.toMatch(/^no-cdp/m);
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { makeBench, plansDirectory, quickPlan, type Run, runJson, stageOf, strict } from '../helpers/linkpulse.js';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
const bench = makeBench();
afterAll(() => bench.remove());

const words = (plan: string, ...more: string[]) => [
  'run',
  '--no-station',
  '--bench',
  bench.path,
  '--port',
  'sim1',
  '--plan',
  plan,
  ...more,
];

describe('a healthy phone', () => {
  let run: Run;
  beforeAll(async () => {
    run = await runJson(words(quickPlan));
  }, 60_000);

  it('passes all six stages and exits 0', () => {
    expect(run.record.stages.map(({ stage, verdict, cause }) => ({ stage, verdict, cause }))).toEqual(
      run.record.stages.map(({ stage, cause }) => ({ stage, verdict: 'pass', cause })),
    );
    expect(run.exitCode).toBe(0);
    expect(run.record.limited).toEqual([]);
  });

  it('leaves a record that a person can read', () => {
    for (const file of ['record.json', 'timeline.ndjson', 'capture.pcapng', 'report.html', 'junit.xml', 'plan.yaml'])
      expect(existsSync(join(run.folder, file)), file).toBe(true);
    expect(existsSync(join(run.folder, 'running.json'))).toBe(false);
    expect(run.record.powerOff?.cause).toBe('COMMANDED');
  });

  it('is judged the same again from its capture and its board events', async () => {
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  });

  it('proves the capture before it asks for power', () => {
    const kinds = run.events.map(({ fact }) => fact.kind);
    expect(kinds.indexOf('capture-proven')).toBeGreaterThanOrEqual(0);
    expect(kinds.indexOf('capture-proven')).toBeLessThan(kinds.indexOf('power-requested'));
  });

  it('never lets time stand still or run backwards on the timeline', () => {
    const sources = run.events.map(({ atUs, stamp }) => ({ atUs, frame: stamp?.frame }));
    for (const [index, { atUs, frame }] of sources.entries()) {
      const before = sources[index - 1];
      if (before === undefined) continue;
      if (frame !== undefined && frame === before.frame) expect(atUs).toBe(before.atUs);
      else expect(atUs).toBeGreaterThan(before.atUs);
    }
  });

  it.skipIf(!hasTshark && !strict)(
    'is dissected by tshark without a malformed frame, and tags with 110 after the VLAN reply',
    () => {
      const capture = join(run.folder, 'capture.pcapng');
      const tshark = (...args: string[]) => {
        const result = spawnSync('tshark', ['-r', capture, ...args], { encoding: 'utf8' });
        expect(result.status, result.stderr).toBe(0);
        return result.stdout.split('\n').filter((line) => line !== '');
      };
      expect(tshark('-Y', '_ws.malformed')).toEqual([]);
      expect(tshark('-Y', 'cdp.checksum.status == 0 || cdp.checksum.status == "Bad"')).toEqual([]);
      for (const filter of ['cdp', 'dhcp', 'tftp', 'skinny'])
        expect(tshark('-Y', filter).length, filter).toBeGreaterThan(1);
      const phone = stageOf(run.record, 'power') && run.record.phone.mac;
      const afterReply = tshark('-Y', `eth.src == ${phone} && (arp || ip)`, '-T', 'fields', '-e', 'vlan.id');
      expect(new Set(afterReply)).toEqual(new Set(['110']));
      expect(tshark('-o', 'tcp.check_checksum:TRUE', '-Y', 'tcp.checksum.status == "Bad"')).toEqual([]);
      expect(tshark('-o', 'udp.check_checksum:TRUE', '-Y', 'udp.checksum.status == "Bad"')).toEqual([]);
    },
  );
});

describe('a healthy phone on other benches', () => {
  it('passes without a voice VLAN, with stage vlan skipped', async () => {
    const run = await runJson(words(join(plansDirectory, 'quick-no-voice-vlan.yaml')));
    expect(stageOf(run.record, 'vlan').verdict).toBe('skipped');
    expect(run.record.verdict).toBe('pass');
    expect(run.exitCode).toBe(0);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 60_000);

  it('passes in limited mode and says what was not proven', async () => {
    const run = await runJson(words(quickPlan, '--limited'));
    expect(run.record.verdict).toBe('pass');
    expect(run.record.limited.length).toBeGreaterThan(0);
    expect(readFileSync(join(run.folder, 'capture.pcapng')).includes('headers synthesised')).toBe(true);
  }, 60_000);
});

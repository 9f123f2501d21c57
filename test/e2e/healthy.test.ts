import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { makeImageBench, plansDirectory, quickPlan, type Run, runJson, stageOf, strict } from '../helpers/linkpulse.js';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
const bench = makeImageBench();
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

describe('a healthy 802.3af phone', () => {
  const afBench = makeImageBench('802.3af');
  afterAll(() => afBench.remove());
  const planFor = (name: string, ...changes: readonly (readonly [string, string])[]): string => {
    const path = join(afBench.directory, `${name}.yaml`);
    const text = [
      ['model: CP-7960G', 'model: CP-7961G'],
      ['platform: Cisco IP Phone 7960', 'platform: Cisco IP Phone 7961'],
      ['load: P00308010200', 'load: SCCP41.8-3-3S'],
      ...changes,
    ].reduce(
      (plan, [from = '', to = '']) => {
        expect(plan).toContain(from);
        return plan.replace(from, to);
      },
      readFileSync(quickPlan, 'utf8'),
    );
    writeFileSync(path, text);
    return path;
  };
  const run = (plan: string) =>
    runJson(['run', '--no-station', '--bench', afBench.path, '--port', 'sim1', '--plan', plan]);

  it.each([
    ['802.3af', '802.3af'],
    ['auto', 'by-method'],
  ])(
    'passes by its signature, looked for by %s, and the record says how it was fed',
    async (method, polarity) => {
      const changes = [
        ['method: prestandard', `method: ${method}`],
        ['polarity: prestandard', `polarity: ${polarity}`],
      ] as const;
      const { record, exitCode, folder } = await run(planFor(method, ...changes));
      expect(record.verdict, record.cause).toBe('pass');
      expect(exitCode).toBe(0);
      expect(record.power).toMatchObject({
        asked: { method, pairs: 'spare', polarity },
        fed: { method: '802.3af', pairs: 'spare', polarity: '802.3af', pins: '4,5+ 7,8−' },
        probe: { finding: 'signature', powerClass: 2 },
      });
      expect(await judgedAgain({ folder })).toEqual(record.stages);
      expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('a valid 802.3af signature');
    },
    90_000,
  );

  it('is not powered over data pairs by a board that feeds spare ones only, which is the plan’s mistake', async () => {
    const changes = [
      ['pairs: spare', 'pairs: data'],
      ['polarity: prestandard', 'polarity: mdi'],
    ] as const;
    const { record, exitCode, folder } = await run(planFor('data', ...changes));
    expect(stageOf(record, 'power')).toMatchObject({ verdict: 'error', blame: 'config' });
    expect(record.power).toMatchObject({ asked: { pairs: 'data', polarity: 'mdi', pins: '1,2+ 3,6−' }, fed: null });
    expect(exitCode).toBe(5);
    expect(await judgedAgain({ folder })).toEqual(record.stages);
  }, 60_000);
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

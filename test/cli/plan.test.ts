import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { invoke } from '../helpers/linkpulse.js';

const directory = mkdtempSync(join(tmpdir(), 'linkpulse-plan-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const good = readFileSync('plans/cp-7960g.yaml', 'utf8');
const write = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

const linkpulse = async (...words: readonly string[]) => {
  const run = invoke(words);
  const exitCode = await run.exitCode;
  return { exitCode, out: run.stdout(), err: run.stderr() };
};

describe('plan check', () => {
  it('says ok of each good plan', async () => {
    const { exitCode, out, err } = await linkpulse('plan', 'check', 'plans/cp-7960g.yaml', 'plans/cp-7961g.yaml');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out.split('\n')).toEqual([
      'ok plans/cp-7960g.yaml: cp-7960g, Cisco CP-7960G, SCCP, voice VLAN 110',
      'ok plans/cp-7961g.yaml: cp-7961g, Cisco CP-7961G, 802.3af, SCCP, voice VLAN 110',
    ]);
  });

  it('tells every mistake of every file at once, with its place and a suggestion, and ends with 4', async () => {
    const bad = write(
      'bad.yaml',
      good
        .replace('overload: 375mA', 'overlaod: 375mA')
        .replace('linkAllowance: 10s', 'linkAllowance: 10 sec')
        .replace('method: prestandard', 'method: prestandart'),
    );
    const missing = join(directory, 'no-such.yaml');
    const { exitCode, out, err } = await linkpulse('plan', 'check', bad, 'plans/quick.yaml', missing);
    const lineOf = (part: string) => good.slice(0, good.indexOf(part)).split('\n').length;
    expect(exitCode).toBe(4);
    expect(out).toContain('ok plans/quick.yaml');
    expect(err).toContain(
      `${bad}:${lineOf('method: pre')}:11: power.method: must be prestandard or 802.3af or auto, did you`,
    );
    expect(err).toContain(`${bad}:${lineOf('overload: 375')}:3: power.overlaod: unknown key, did you mean overload?`);
    expect(err).toContain(`${bad}:${lineOf('linkAllowance:')}:18: boot.linkAllowance: unknown unit sec`);
    expect(err).toContain(`PLAN_UNREADABLE: The plan file could not be read: ${missing}`);
  });
});

describe('plan explain', () => {
  it('names each limit with its value, marginal band, line and reason', async () => {
    const { exitCode, out } = await linkpulse('plan', 'explain', 'plans/cp-7960g.yaml');
    const line = good.slice(0, good.indexOf('power.inrushMs')).split('\n').length;
    expect(exitCode).toBe(0);
    const found = out.split('\n').find((text) => text.includes('power.inrushMs')) ?? '';
    expect(found.trim().split(/\s{2,}/)).toEqual([
      'power.inrushMs',
      'at most 75 ms, marginal above 50 ms',
      `line ${line}`,
      '802.3af: over within 50 ms, timer 50-75 ms',
    ]);
  });

  it('tells defaults from what the plan says, and what nobody gave a reason for', async () => {
    const path = write(
      'lean.yaml',
      good
        .split('\n')
        .filter((text) => !text.includes('vlan.cdpMilliwatts') && !text.includes('boot.peakMilliwatts'))
        .join('\n')
        .replace(/(registration.keepalives: .*) #.*/, '$1'),
    );
    const { out } = await linkpulse('plan', 'explain', path);
    const row = (name: string) => out.split('\n').find((text) => text.trim().startsWith(name)) ?? '';
    expect(row('vlan.cdpMilliwatts')).toMatch(/at most 15\.4 W +default +what the bench grants/);
    expect(row('boot.peakMilliwatts')).toMatch(/no limit +default +recorded, passes whatever it is/);
    expect(row('registration.keepalives')).toMatch(/at least 1 +line \d+ +no reason given in the plan/);
  });

  it('says the same as JSON', async () => {
    const { out } = await linkpulse('plan', 'explain', 'plans/cp-7960g.yaml', '--json');
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      name: 'cp-7960g',
      path: 'plans/cp-7960g.yaml',
      sha256: expect.stringMatching(/^\w{64}$/),
    });
    expect(told.limits).toContainEqual({
      name: 'power.steadyMilliwatts',
      unit: 'mW',
      limits: { min: 1000, max: 7000 },
      line: expect.any(Number),
      source: "it claims 6.3 W in CDP; 7 W is a Catalyst's budget for it",
    });
    expect(told.settings).toContainEqual(
      expect.objectContaining({ key: 'power.overload', text: '375mA', source: '802.3af Icut: 350-400 mA' }),
    );
    expect(told.settings).toContainEqual(
      expect.objectContaining({ key: 'network.tftpServers', text: '[10.110.0.1]', source: 'DHCP option 150' }),
    );
  });

  it('refuses what is no plan as check does', async () => {
    const { exitCode, err } = await linkpulse('plan', 'explain', write('none.yaml', 'name: X\n'));
    expect(exitCode).toBe(4);
    expect(err).toContain('1:7: name: must be lower-case');
  });
});

describe('plan new', () => {
  it('writes a plan that check takes, for the model asked for', async () => {
    const words = ['--model', 'CP-7941G', '--protocol', 'SIP', '--voice-vlan', '20'];
    const { exitCode, out } = await linkpulse('plan', 'new', ...words);
    expect(exitCode).toBe(0);
    expect(out).toContain('model: CP-7941G\n');
    expect(out).toContain('voiceVlan: 20\n');
    expect(out).toContain('protocol: SIP\n');
    const schema = (out.split('\n')[0] ?? '').replace('# yaml-language-server: $schema=', '');
    expect(JSON.parse(readFileSync(schema, 'utf8'))).toHaveProperty('$schema');
    expect((await linkpulse('plan', 'check', write('new.yaml', out))).exitCode).toBe(0);
  });

  it.each([
    [['--model', 'CP-9999G'], 'no plan to begin with for CP-9999G'],
    [['--voice-vlan', '4095'], '--voice-vlan 4095: must be 1 to 4094, or none'],
  ])('%j is refused with 4', async (words, message) => {
    const { exitCode, err } = await linkpulse('plan', 'new', ...words);
    expect(exitCode).toBe(4);
    expect(err).toContain(message);
  });
});

describe('plan schema', () => {
  it('prints what docs/plan.schema.json holds', async () => {
    const { exitCode, out } = await linkpulse('plan', 'schema');
    expect(exitCode).toBe(0);
    expect(`${out}\n`).toBe(readFileSync('docs/plan.schema.json', 'utf8'));
  });
});

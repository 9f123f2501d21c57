import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError, isBenchError } from '../../src/errors.js';
import { loadPlan, parsePlan } from '../../src/plan/load-plan.js';
import { measurementUnits } from '../../src/plan/plan.js';

const shippedPlans = readdirSync('plans').filter((name) => name.endsWith('.yaml') && !name.startsWith('bench.'));
const good = readFileSync('plans/cp-7960g.yaml', 'utf8');

/** The plan with one text replaced; the text must be there. */
const changed = (from: string | RegExp, to: string): string => {
  const text = good.replace(from, to);
  expect(text).not.toBe(good);
  return text;
};

/** The lines of complaint about a plan text, without the file's name. */
const complaints = (text: string): readonly string[] => {
  try {
    parsePlan(text, 'some/plan.yaml');
  } catch (error) {
    if (!isBenchError(error)) throw error;
    expect(error.code).toBe('PLAN_INVALID');
    const [, ...lines] = error.message.split('\n');
    for (const line of lines) expect(line).toMatch(/^(some\/plan\.yaml:\d+:\d+: |and \d+ more$)/);
    return lines.map((line) => line.replace('some/plan.yaml:', ''));
  }
  return [];
};

const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;

describe('the plans we ship', () => {
  it.each(shippedPlans)('%s can be read and has a limit for every measurement', (name) => {
    const { plan } = loadPlan(join('plans', name));
    expect(plan.name).toBe(name.replace('.yaml', ''));
    expect(Object.keys(plan.limits).sort()).toEqual(Object.keys(measurementUnits).sort());
  });

  it('keep their text and its hash', () => {
    const loaded = loadPlan('plans/quick.yaml');
    expect(loaded.text).toBe(readFileSync('plans/quick.yaml', 'utf8'));
    expect(loaded.hash).toBe(createHash('sha256').update(loaded.text).digest('hex'));
    expect(loaded.path).toBe('plans/quick.yaml');
  });

  it('differ in the voice VLAN alone where the name says so', () => {
    const withVlan = loadPlan('plans/cp-7960g.yaml').plan;
    const without = loadPlan('plans/cp-7960g-no-voice-vlan.yaml').plan;
    expect(without.network.voiceVlan).toBeNull();
    expect({ ...without, name: withVlan.name, title: withVlan.title }).toEqual({
      ...withVlan,
      network: { ...withVlan.network, voiceVlan: null },
    });
  });
});

describe('quantities', () => {
  it.each([
    ['70ms', 70],
    ['0.07s', 70],
    ['70000us', 70],
    ['0.111s', 111],
  ])('a board time-out of %s would be %d ms', (written, milliseconds) => {
    const text = changed('inrushTimer: 60ms', `inrushTimer: ${written}`);
    if (milliseconds > 110) expect(complaints(text)[0]).toContain('must be between 5ms and 110ms');
    else expect(parsePlan(text, 'p.yaml').plan.power.inrushTimerMs).toBe(milliseconds);
  });

  it('convert between units of one kind', () => {
    const { plan } = parsePlan(
      changed('overload: 375mA', 'overload: 0.375A').replace('powerAvailable: 15.4W', 'powerAvailable: 15400mW'),
      'p.yaml',
    );
    expect(plan.power.overloadMilliamps).toBe(375);
    expect(plan.network.powerAvailableMilliwatts).toBe(15_400);
  });

  it.each([
    ['overload: 375mA', 'overload: 375', 'power.overload: needs a unit, such as 375mA'],
    ['overload: 375mA', 'overload: "375"', 'power.overload: needs a unit, such as 375mA'],
    ['overload: 375mA', 'overload: 6.3W', 'power.overload: 6.3W is a power, here a current is needed'],
    ['overload: 375mA', 'overload: 375 mj', 'power.overload: unknown unit mj (mA, A)'],
    ['overload: 375mA', 'overload: 375MA', 'power.overload: unknown unit MA, did you mean mA? (mA, A)'],
    ['overload: 375mA', 'overload: lots', 'power.overload: must be a number with a unit, such as 375mA'],
    ['inrushTimer: 60ms', 'inrushTimer: 60.5ms', 'power.inrushTimer: must be a whole number of ms'],
    ['overload: 375mA', 'overload: 451mA', 'power.overload: must be between 20mA and 450mA'],
    ['overloadTime: 60ms', 'overloadTime: 201ms', 'power.overloadTime: must be between 1ms and 200ms'],
    ['underload: 7.5mA', 'underload: 0.5mA', 'power.underload: must be between 1mA and 100mA'],
    ['underloadTime: 350ms', 'underloadTime: 2.1s', 'power.underloadTime: must be between 10ms and 2000ms'],
    ['inrushTimer: 60ms', 'inrushTimer: .inf', 'power.inrushTimer: needs a unit'],
    ['max: 7W }', 'max: 6.3A }', 'limits.power.steadyMilliwatts.max: 6.3A is a current, here a power is needed'],
    ['max: 40 }', 'max: 40ms }', 'limits.power.discoveryBursts.max: must be a plain number of bursts'],
  ])('%s as %s is refused', (from, to, message) => {
    expect(complaints(changed(from, to))).toEqual([expect.stringContaining(message)]);
  });

  it('in limits stand in the measurement’s unit, bare or converted', () => {
    const { limits } = parsePlan(
      changed(
        'steadyMilliwatts: { min: 1W, max: 7W }',
        'steadyMilliwatts: { min: 900, max: 6.3W, marginalMax: 6100mW }',
      ),
      'p.yaml',
    ).plan;
    expect(limits['power.steadyMilliwatts']).toEqual({ min: 900, max: 6300, marginalMax: 6100 });
    expect(limits['power.echoRoundTripNs']).toEqual({ max: 5000 });
  });
});

describe('a key that is misspelt', () => {
  it.each([
    ['lldp: { perod: 3s }', 'lldp.perod: unknown key, did you mean period?'],
    ['sip: { digest: { usr: a, password: b } }', 'sip.digest.usr: unknown key, did you mean user?'],
    ['dhcp: { reservations: [{ mak: x }] }', 'dhcp.reservations.0.mak: unknown key, did you mean mac?'],
  ])('in %s is told with the one that was meant', (section, message) => {
    expect(complaints(`${good}${section}\n`).join('\n')).toContain(message);
  });
});

describe('what a plan must not hold', () => {
  it('is told all at once, each with its line and column', () => {
    const text = good
      .replace('echoes: 3 ', 'ehoes: 3  ')
      .replace('voiceVlan: 110', 'voiceVlan: 4095')
      .replace('priority: 2', 'priority: 1')
      .replace('polarity: prestandard', 'polarity: prestandart');
    expect(complaints(text)).toEqual([
      `${lineOf(text, 'power:\n')}:1: power.echoes: is missing`,
      `${lineOf(text, 'prestandart')}:13: power.polarity: must be by-method or prestandard or 802.3af or mdi-x or mdi, did you mean prestandard?`,
      `${lineOf(text, 'ehoes')}:3: power.ehoes: unknown key, did you mean echoes?`,
      `${lineOf(text, '4095')}:14: network.voiceVlan: must be a whole number between 1 and 4094 (4095 is reserved; to a Cisco switch it means untagged), or none`,
      `${lineOf(text, 'cm-tertiary')}:17: callManagers.2.priority: priority 1 is given twice`,
    ]);
  });

  it.each([
    ['boot:\n', 'boots:\n', ['boots: unknown key, did you mean boot?', 'boot: is missing']],
    ['power.jackSafeMs:', 'power.jackSaveMs:', ['unknown key, did you mean power.jackSafeMs?']],
    ['{ max: 450mA }', '{ maximum: 450mA }', ['maximum: unknown key, did you mean max?']],
    ['name: cm-primary,', 'nmae: cm-primary,', ['unknown key, did you mean name?', 'name: is missing']],
    ['voiceVlan: 110', 'voiceVlan: 0', ['between 1 and 4094 (0 is a priority tag without a VLAN), or none']],
    ['voiceVlan: 110', 'voiceVlan: 4096', ['(4096 is a Cisco switch’s number for no voice VLAN), or none']],
    ['voiceVlan: 110', 'voiceVlan: voice', ['network.voiceVlan: must be a whole number between 1 and 4094, or none']],
    ['voiceVlan: 110', 'voiceVlan: "110"', ['(quotes make a text of it), or none']],
    ['nativeVlan: 1', 'nativeVlan: 4095', ['network.nativeVlan: must be a whole number between 1 and 4094 (4095']],
    ['nativeVlan: 1', 'nativeVlan: none', ['network.nativeVlan: must be a whole number between 1 and 4094']],
    ['echoes: 3 ', 'echoes: 2 ', ['power.echoes: must be a whole number between 3 and 8']],
    ['echoes: 3 ', 'echoes: 9 ', ['power.echoes: must be a whole number between 3 and 8']],
    ['maxBursts: 40', 'maxBursts: "40"', ['power.maxBursts: must be a whole number']],
    ['maxBursts: 40', 'maxBursts:   ', ['power.maxBursts: has no value']],
    ['echoes: 3 ', 'echoes: 8\n  # ', []],
    [
      'deviceId: any',
      'deviceId: SEP000f245a7960',
      ['phone.deviceId: must be SEP and twelve upper-case hex digits, or any'],
    ],
    ['load: P00308010200', 'load: ../../etc/passwd', ['phone.load: must be a load name']],
    ['title: Cisco', 'title: "Cisco\\e[31m"\nxtitle: ', ['title: must be one line of text', 'xtitle: unknown key']],
    ['priority: 1', 'priority: 0', ['callManagers.1.priority: priority 0 is given twice']],
    ['10.110.0.12, port', '10.110.0.11, port', ['callManagers.1.address: address and port are given twice']],
    [
      '10.110.0.11, port: 2000',
      '10.110.0.1, port: 6970',
      ['callManagers.0.port: is where files are served over HTTP (tftp.httpPort) on 10.110.0.1'],
    ],
    ['callManagers:\n', 'dhcp: { router: 10.110.0.150 }\ncallManagers:\n', ['dhcp.router: lies in a DHCP pool']],
    ['10.110.0.12, port', '10.111.0.12, port', ['callManagers.1.address: is outside the bench’s subnet']],
    ['10.110.0.12, port', '10.110.0.150, port', ['callManagers.1.address: lies in the DHCP pool']],
    [
      'bench: 10.110.0.1/24',
      'bench: 10.110.0.0/24',
      ['network.bench: 10.110.0.0 is not an address a host may have', 'network.tftpServers: must hold'],
    ],
    ['bench: 10.110.0.1/24', 'bench: 10.110.0.1/33', ['network.bench: must be an address and its prefix']],
    ['bench: 10.110.0.1/24', 'bench: 10.110.0.256/24', ['network.bench: must be an address and its prefix']],
    [
      '10.110.0.100 - 10.110.0.199',
      '10.110.0.0 - 10.110.0.9',
      ['network.pool: must lie inside 10.110.0.1/24', "holds the bench's own address", 'lies in the DHCP pool'],
    ],
    ['10.110.0.100 - 10.110.0.199', '10.110.0.199 - 10.110.0.100', ['network.pool: ends before it begins']],
    ['10.110.0.100 - 10.110.0.199', '10.110.1.100 - 10.110.1.199', ['network.pool: must lie inside']],
    [
      'polarity: prestandard',
      'polarity: mdi',
      ['power.polarity: spare pairs have the polarity prestandard or 802.3af or by-method'],
    ],
    ['pairs: spare', 'pairs: data', ['power.polarity: data pairs have the polarity mdi-x or mdi']],
    ['[10.110.0.1]', '[]', ['network.tftpServers: needs at least one address']],
    ['[10.110.0.1]', '[10.110.0.2]', ["network.tftpServers: must hold the bench's address"]],
    ['underload: 7.5mA', 'underload: 50mA\n  x: 1', ['power.x: unknown key']],
    ['linkAllowance: 10s', 'linkAllowance: 60s', ['boot.linkAllowance: with linkGrace must be at most 60000ms']],
    [
      'registration: 30s',
      'registration: 5s',
      ['deadlines.registration: must be longer than 1 keepalives take (5000ms)'],
    ],
    [
      '{ marginalMax: 50ms, max: 75ms }',
      '{ marginalMax: 80ms, max: 75ms }',
      ['limits.power.inrushMs.max: must not be below marginalMax'],
    ],
    ['{ max: 450mA }', '{}', ['limits.power.inrushPeakMilliamps: needs min']],
  ])('%j written as %j', (from, to, messages) => {
    const lines = complaints(changed(from, to));
    expect(lines).toHaveLength(messages.length);
    for (const [index, message] of messages.entries()) expect(lines.join('\n'), `${index}`).toContain(message);
  });

  it('CDP and LLDP can be left out, LLDP goes with every plan that does not speak of it', () => {
    const { network, lldp } = parsePlan(
      `${changed('cdpPeriod: 60s', 'cdpPeriod: off')}\nlldp: off\n`,
      'plan.yaml',
    ).plan;
    expect([network.cdpPeriodMs, lldp]).toEqual([null, null]);
    expect(parsePlan(good, 'plan.yaml').plan.lldp).toEqual({
      periodMs: 30_000,
      systemName: null,
      systemDescription: 'Linkpulse bench',
      voicePriority: 5,
      voiceDscp: 46,
      powerPriority: 'low',
    });
    const told = parsePlan(`${good}\nlldp: { period: 1s, voiceDscp: 34, powerPriority: high }\n`, 'plan.yaml').plan
      .lldp;
    expect(told).toMatchObject({ periodMs: 1000, voiceDscp: 34, powerPriority: 'high', voicePriority: 5 });
    expect(complaints(`${good}\nlldp: { period: 1s, voiceDscp: 64, speed: 3 }\n`)).toHaveLength(2);
  });

  it('more than three CallManagers are refused', () => {
    const fourth = '  - { priority: 3, name: cm-4, address: 10.110.0.14, port: 2000, behaviour: serve }\n\nsccp:';
    expect(complaints(changed('\nsccp:', fourth))).toEqual([
      expect.stringContaining('callManagers: a phone knows three CallManagers at most'),
    ]);
  });

  it('a key given twice is named with its second place, beside the other problems', () => {
    const text = changed('echoes: 3 ', 'maxBursts: 40\n  echoes: 2 ');
    expect(complaints(text)).toEqual([
      expect.stringContaining('power.echoes: must be a whole number'),
      `${lineOf(text, 'maxBursts: 40 #')}:3: Map keys must be unique`,
    ]);
  });
});

describe('files that are no plan', () => {
  it.each([
    ['an empty text', '', '1:1: is empty'],
    ['blank lines', '\n \n', '1:1: is empty'],
    ['a list', '- 1\n', '1:1: must be a section of keys'],
    ['a tab as indentation', 'power:\n\techoes: 3\n', '2:1: Tabs are not allowed as indentation'],
    [
      'a control character',
      'name: x\ntitle: a\u0000b\n',
      '2:9: holds the control character U+0000: this is not a text file',
    ],
    ['two documents', 'name: a\n---\nname: b\n', 'multiple documents'],
    ['an own tag', 'name: !!js/function x\n', 'Unresolved tag'],
    ['an alias', 'name: &a x\ntitle: *a\n', '2:8: aliases are not allowed (*a): write the value out'],
    ['a prototype as key', '__proto__: { polluted: 1 }\n', '1:1: __proto__: unknown key'],
    ['an unfinished list', 'name: [1, 2\n', '2:1:'],
  ])('%s', (_, text, message) => {
    expect(complaints(text).join('\n')).toContain(message);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('a bomb of aliases does not grow', () => {
    const rows = Array.from({ length: 26 }, (_, row) => {
      const letter = (index: number) => `x${index}`;
      return row === 0
        ? 'x0: &x0 [a, a]'
        : `${letter(row)}: &${letter(row)} [*${letter(row - 1)}, *${letter(row - 1)}]`;
    });
    expect(complaints(rows.join('\n'))[0]).toContain('aliases are not allowed');
  });

  it('nesting without end is refused', () => {
    expect(complaints('['.repeat(30_000)).length).toBeGreaterThan(0);
    expect(complaints(`name: ${'{a: '.repeat(8000)}`).length).toBeGreaterThan(0);
  });

  it('at most fifty problems are listed and the rest counted', () => {
    const text = `${good}\n${Array.from({ length: 80 }, (_, index) => `zz${index}: 1`).join('\n')}\n`;
    const lines = complaints(text);
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe('and 30 more');
  });

  it('any text is either a plan or refused with PLAN_INVALID', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (noise) => {
        complaints(noise);
      }),
    );
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(40), fc.string({ maxLength: 12 }), (at, length, noise) => {
        complaints(good.slice(0, at) + noise + good.slice(at + length));
      }),
      { numRuns: 150 },
    );
  });

  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-plan-'));
  const codeOf = (path: string): string => {
    try {
      loadPlan(path);
    } catch (error) {
      if (error instanceof BenchError) return `${error.code} ${error.message}`;
    }
    return 'fine';
  };

  it('a missing file, a folder and a device are unreadable', () => {
    expect(codeOf(join(folder, 'none.yaml'))).toMatch(/^PLAN_UNREADABLE .*none\.yaml/);
    expect(codeOf(folder)).toMatch(/^PLAN_UNREADABLE /);
    expect(codeOf('/dev/zero')).toMatch(/^PLAN_UNREADABLE .*not a regular file/);
  });

  it('a huge file and a binary file are invalid', () => {
    writeFileSync(join(folder, 'huge.yaml'), `#${'x'.repeat(200_000)}\n${good}`);
    expect(codeOf(join(folder, 'huge.yaml'))).toMatch(/^PLAN_INVALID [\s\S]*is larger than 65536 bytes/);
    writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0x80]));
    expect(codeOf(join(folder, 'binary.yaml'))).toMatch(/^PLAN_INVALID [\s\S]*is not UTF-8 text/);
  });

  it('a directory of files is found beside the plan', () => {
    const path = join(folder, 'plan.yaml');
    writeFileSync(path, changed('filesDirectory: none', 'filesDirectory: ./files'));
    expect(loadPlan(path).plan.tftp.filesDirectory).toBe(join(folder, 'files'));
  });
});

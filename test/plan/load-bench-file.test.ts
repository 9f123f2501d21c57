import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isBenchError } from '../../src/errors.js';
import { calibrationDue } from '../../src/plan/calibration.js';
import { loadBenchFile, parseBenchFile } from '../../src/plan/load-bench-file.js';

const refused = (text: string): string => {
  try {
    parseBenchFile(text, 'b.yaml');
  } catch (error) {
    if (isBenchError(error) && error.code === 'BENCH_FILE_INVALID') return error.message;
    throw error;
  }
  return '';
};

const hardware = (name: string, board: string, jack: string): string =>
  `  ${name}:\n    kind: hardware\n    board: ${board}\n    interface: ${jack}\n`;
const head = 'station: bench-1\nruns: runs\nports:\n';

describe('bench files', () => {
  it('the simulated bench we ship has a phone of each kind', () => {
    const bench = loadBenchFile('plans/bench.simulated.yaml');
    expect(bench.runsDirectory).toBe(resolve('runs'));
    expect(bench.ports).toEqual([
      {
        name: 'sim1',
        kind: 'simulated',
        driver: 'serial',
        firmware: 'image',
        phone: { mac: '00:0f:24:5a:79:60', load: 'P00308010200', model: 'CP-7960G', power: 'prestandard' },
      },
      {
        name: 'sim2',
        kind: 'simulated',
        driver: 'serial',
        firmware: 'image',
        phone: { mac: '00:0f:24:5a:79:61', load: 'SCCP41.8-3-3S', model: 'CP-7961G', power: '802.3af' },
      },
      {
        name: 'sim3',
        kind: 'simulated',
        driver: 'serial',
        firmware: 'image',
        phone: { mac: '00:0f:24:5a:79:63', load: 'SIP41.8-3-3S', model: 'CP-7961G', power: '802.3af' },
      },
    ]);
  });

  it('relative paths start at the file, absolute ones stay', () => {
    const text = `${head}${hardware('jack1', '/dev/ttyUSB0', 'eth1')}${hardware('jack2', 'boards/two', 'eth2')}`;
    expect(parseBenchFile(text, '/etc/linkpulse/bench.yaml')).toEqual({
      station: 'bench-1',
      runsDirectory: '/etc/linkpulse/runs',
      diskReserveBytes: 500 * 1024 ** 2,
      retention: null,
      golden: null,
      fleet: null,
      supplies: [],
      shared: [],
      ports: [
        { name: 'jack1', kind: 'hardware', driver: 'serial', board: '/dev/ttyUSB0', interface: 'eth1' },
        { name: 'jack2', kind: 'hardware', driver: 'serial', board: '/etc/linkpulse/boards/two', interface: 'eth2' },
      ],
    });
  });

  it('knows shared things by name, and ports that need one that is none of them', () => {
    const jack = hardware('jack1', '/dev/ttyUSB0', 'eth1');
    const bench = parseBenchFile(
      `shared: [label-printer, golden-phone]\n${head}${jack}    needs: [label-printer]\n`,
      'b.yaml',
    );
    expect(bench).toMatchObject({ shared: ['label-printer', 'golden-phone'], ports: [{ needs: ['label-printer'] }] });
    expect(() => parseBenchFile(`${head}${jack}    needs: [printer]\n`, 'b.yaml')).toThrow(
      /ports\.jack1\.needs\.0: printer is none of shared: \(there is none\)/,
    );
    expect(() => parseBenchFile(`shared: [a, a, B]\n${head}${jack}`, 'b.yaml')).toThrow(/shared\.2: .*lower-case/);
  });

  describe('calibration', () => {
    const serial = '    serial: LP000042\n';
    const jack = `${hardware('jack1', '/dev/ttyUSB0', 'eth1')}${serial}`;
    const other = `${hardware('jack2', '/dev/ttyUSB1', 'eth2')}    serial: LP000043\n`;
    const termsOf = (text: string) => parseBenchFile(text, 'b.yaml').ports.map(({ calibration }) => calibration);

    it('is a port’s own, or the station’s', () => {
      const own = `    calibration: { due: 2027-01-31 }\n`;
      expect(termsOf(`${head}${jack}${own}${other}calibration: { validFor: 365d }\n`)).toEqual([
        { due: '2027-01-31' },
        { validForDays: 365 },
      ]);
      expect(termsOf(`${head}${jack}`)).toEqual([undefined]);
    });

    it.each([
      [
        `${head}${jack}    calibration: { due: 2027-02-30 }\n`,
        'ports.jack1.calibration.due: must be a day such as 2027-01-31',
      ],
      [`${head}${jack}    calibration: { due: soon }\n`, 'must be a day such as'],
      [`${head}${jack}    calibration: {}\n`, 'ports.jack1.calibration: needs either due or validFor'],
      [`${head}${jack}    calibration: { due: 2027-01-31, validFor: 1d }\n`, 'needs either due or validFor'],
      [`${head}${jack}    calibration: { validFor: 365 }\n`, 'calibration.validFor: needs a unit, such as 365d'],
      [
        `${head}${hardware('jack1', '/dev/ttyUSB0', 'eth1')}    calibration: { due: 2027-01-31 }\n`,
        'b.yaml:8:5: ports.jack1.calibration: needs serial beside it: the day is one board’s',
      ],
      [`${head}${jack}calibration: { due: 2027-01-31 }\n`, 'calibration.due: has its place under a port'],
    ])('%j is refused', (text, message) => {
      expect(refused(text)).toContain(message);
    });

    it('runs out so many days after the board’s own', () => {
      expect(calibrationDue({ validForDays: 365 }, '2026-11-23')).toBe('2027-11-23');
      expect(calibrationDue({ validForDays: 365 }, null)).toBeNull();
      expect(calibrationDue({ due: '2027-01-31' }, '2026-11-23')).toBe('2027-01-31');
    });
  });

  it('retention is by count, by size, or by both', () => {
    const kept = (text: string) =>
      parseBenchFile(`retention: ${text}\n${head}${hardware('jack1', '/dev/x', 'eth1')}`, 'b.yaml').retention;
    expect(kept('{ runs: 500, size: 20GiB }')).toEqual({ maxRuns: 500, maxBytes: 20 * 1024 ** 3 });
    expect(kept('{ size: 1.5GiB }')).toEqual({ maxBytes: 1.5 * 1024 ** 3 });
    expect(() => kept('{}')).toThrow(/1:1: retention: needs runs, size, or both/);
    expect(() => kept('{ runs: 0 }')).toThrow(/retention.runs/);
    expect(() => kept('{ size: 20 }')).toThrow(/needs a unit, such as 20bytes/);
  });

  it('golden runs name what hardware and simulated ports need', () => {
    const golden = (more: string) => `golden: { every: 8h, plan: g.yaml${more} }\n`;
    const jack = hardware('jack1', '/dev/ttyUSB0', 'eth1');
    expect(() => parseBenchFile(`${golden('')}${head}${jack}`, 'b.yaml')).toThrow(/1:1: golden: needs phone/);
    expect(() => parseBenchFile(`${golden(', phone: SEP, faults: [shortcircuit]')}${head}${jack}`, 'b.yaml')).toThrow(
      /did you mean short-circuit\?/,
    );
    expect(parseBenchFile(`${golden(', phone: SEP0012DADBD34E')}${head}${jack}`, '/etc/b.yaml').golden).toMatchObject({
      everyMs: 28_800_000,
      planPath: '/etc/g.yaml',
      phone: 'SEP0012DADBD34E',
      faults: expect.arrayContaining(['no-link']),
    });
  });

  it('a board may be driven by its lines, of which a Pi has one set', () => {
    const lines = '  jack1:\n    kind: hardware\n    driver: lines\n    interface: eth1\n';
    expect(parseBenchFile(`${head}${lines}    profile: 4711\n`, 'b.yaml').ports[0]).toMatchObject({
      driver: 'lines',
      board: null,
      profile: 4711,
    });
    expect(refused(head + lines)).toContain('ports.jack1: needs profile');
    expect(refused(`${head}${lines}    profile: 4711\n    board: /dev/x\n`)).toContain(
      'has no place with driver: lines',
    );
    expect(refused(`${head}  jack1:\n    kind: hardware\n    interface: eth1\n`)).toContain('needs board');
    expect(refused(`${head}${hardware('jack1', '/dev/x', 'eth1')}    profile: 4711\n`)).toContain(
      'is for driver: lines alone',
    );
    const model =
      '  sim1:\n    kind: simulated\n    firmware: modelled\n    driver: both\n    phone: { mac: "00:0f:24:5a:79:60", load: P003, model: CP-7960G }\n';
    expect(refused(head + model)).toContain('modelled has no discrete lines');
    const both = `${hardware('jack2', '/dev/x', 'eth2')}    driver: both\n`;
    expect(refused(`${head}${lines}    profile: 4711\n${both}`)).toContain('already belongs to port jack1');
  });

  it('a board may be named by its serial number, which no two ports share', () => {
    const serial = '    serial: LP000042\n';
    const text = `${head}${hardware('jack1', '/dev/ttyUSB0', 'eth1')}${serial}`;
    expect(parseBenchFile(text, 'b.yaml').ports[0]).toMatchObject({ board: '/dev/ttyUSB0', serial: 'LP000042' });
    expect(refused(`${text}${hardware('jack2', '/dev/ttyUSB1', 'eth2')}${serial}`)).toContain(
      'ports.jack2.serial: LP000042 already belongs to port jack1',
    );
    expect(refused(`${head}${hardware('jack1', '/dev/x', 'eth1')}    serial: much-too-long\n`)).toContain(
      'such as LP000042',
    );
  });

  it.each([
    ['no ports', 'station: a\nruns: r\nports: {}\n', 'b.yaml:3:1: ports: needs at least one port'],
    ['a kind nobody knows', `${head}  p1:\n    kind: virtual\n`, 'must say kind: simulated or kind: hardware'],
    ['a port without kind', `${head}  p1:\n    board: x\n`, 'must say kind: simulated or kind: hardware'],
    [
      'a misspelt key',
      `${head}${hardware('p1', '/dev/x', 'eth1').replace('board', 'bord')}`,
      'b.yaml:6:5: ports.p1.bord: unknown key, did you mean board?',
    ],
    [
      'a long interface',
      `${head}${hardware('p1', '/dev/x', 'a-very-long-name-0')}`,
      'ports.p1.interface: must be a network interface',
    ],
    [
      'a board of two ports',
      `${head}${hardware('p1', '/dev/x', 'eth1')}${hardware('p2', '/dev/x', 'eth2')}`,
      'ports.p2.board: /dev/x already belongs to port p1',
    ],
    [
      'an interface of two ports',
      `${head}${hardware('p1', '/dev/x', 'eth1')}${hardware('p2', '/dev/y', 'eth1')}`,
      'ports.p2.interface: eth1 already belongs to port p1',
    ],
    [
      'an uplink that is a phone’s wire',
      `${head}${hardware('p1', '/dev/x', 'eth1')}    uplink: eth2\n${hardware('p2', '/dev/y', 'eth2')}`,
      'ports.p1.uplink: eth2 is the phone’s wire of port p2',
    ],
    [
      'a port twice',
      `${head}${hardware('p1', '/dev/x', 'eth1')}${hardware('p1', '/dev/y', 'eth2')}`,
      'b.yaml:8:3: Map keys must be unique',
    ],
    [
      'a port’s name with a slash',
      `${head}${hardware('../p1', '/dev/x', 'eth1')}`,
      'ports.../p1: must be lower-case letters',
    ],
    [
      'a bad MAC',
      `${head}  p1:\n    kind: simulated\n    phone: { mac: 00-0f, load: P1, model: CP-7960G }\n`,
      'ports.p1.phone.mac: must be a MAC address',
    ],
    ['nothing', '', 'b.yaml:1:1: is empty'],
    ['a list', '- a\n', 'must be a section of keys'],
  ])('%s', (_, text, message) => {
    expect(refused(text)).toContain(message);
  });
});

describe('supplies of a bench file', () => {
  const port = (more = '') => `ports:\n  jack1: { kind: hardware, board: /dev/b, interface: eth1${more} }\n`;
  const file = (supplies: string, ports: string) => `station: s\nruns: runs\n${supplies}${ports}`;

  it('are in milliwatts; inrush is steady where nothing is said', () => {
    const text = file(
      'supplies: { shelf: { steady: 30W }, rack: { steady: 120W, inrush: 180W, voltage: 54V } }\n',
      port(', supply: rack'),
    );
    expect(parseBenchFile(text, 'b.yaml').supplies).toEqual([
      { name: 'shelf', steadyMilliwatts: 30_000, inrushMilliwatts: 30_000, millivolts: 48_000 },
      { name: 'rack', steadyMilliwatts: 120_000, inrushMilliwatts: 180_000, millivolts: 54_000 },
    ]);
  });

  it('are refused where they make no sense, each with its line', () => {
    const two = 'supplies: { one: { steady: 30W }, two: { steady: 30W } }\n';
    expect(refused(file(two, port()))).toContain('needs supply: which of them feeds it; there are: one, two');
    expect(refused(file(two, port(', supply: three')))).toContain('no supply is named three; there are: one, two');
    expect(refused(file('', port(', supply: one')))).toContain('no supply is named one; there is no section supplies');
    expect(refused(file('supplies: { one: { steady: 30W, inrush: 20W } }\n', port()))).toContain('is less than steady');
    expect(refused(file('supplies: { one: { steady: 30 } }\n', port()))).toContain('needs a unit, such as 30mW');
    expect(refused(file('supplies: { one: { steady: 30W, voltage: 60V } }\n', port()))).toContain(
      'between 44000mV and 57000mV',
    );
    expect(refused(file('supplies: { One: { steady: 30W } }\n', port()))).toContain('must be lower-case letters');
  });
});

describe('ports of a trunk', () => {
  const port = (name: string, more: string) =>
    `  ${name}: { kind: hardware, board: /dev/${name}, interface: eth1${more} }\n`;

  it('share its interface, each with its VLAN; Cisco’s tunnel and the service tag are named', () => {
    const text = `${head}${port('jack1', ', trunk: { vlan: 101 }')}${port('jack2', ', trunk: { vlan: 102, tag: 802.1ad, tunnel: cisco }')}`;
    expect(parseBenchFile(text, 'b.yaml').ports).toMatchObject([
      { interface: 'eth1', trunk: { vlan: 101, tag: '802.1Q', tunnel: 'plain' } },
      { interface: 'eth1', trunk: { vlan: 102, tag: '802.1ad', tunnel: 'cisco' } },
    ]);
  });

  it('are refused where two have one VLAN, one has the whole interface, or the number is none', () => {
    const first = port('jack1', ', trunk: { vlan: 101 }');
    const text = (second: string) => `${head}${first}${second}`;
    expect(refused(text(port('jack2', ', trunk: { vlan: 101, tag: 802.1ad }')))).toContain(
      'eth1 VLAN 101 already belongs to port jack1',
    );
    expect(refused(text(port('jack2', '')))).toContain(
      'eth1 is the wire of port jack2 alone: each port of a trunk needs trunk',
    );
    expect(refused(text(port('jack2', ', trunk: { vlan: 4095 }')))).toContain('4095 is reserved');
    const uplink = '  jack2: { kind: hardware, board: /dev/b, interface: eth2, uplink: eth1 }\n';
    expect(refused(text(uplink))).toContain('eth1 is the phone’s wire of port jack1');
  });
});

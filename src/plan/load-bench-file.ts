import { dirname, resolve, sep } from 'node:path';
import { z } from 'zod';
import { type BenchFile, type BenchPort, boardDrivers, simulatedFirmwares } from './bench-file.js';
import { calibrationProblems, calibrationSection } from './calibration.js';
import { line, loadName, macAddress, oneOf, phoneModel, quantity, text } from './fields.js';
import { fleetSection, fleetTerms } from './fleet-terms.js';
import { defaultGoldenFaults, goldenFaults } from './golden.js';
import { suppliesOf, suppliesSection, supplyName, supplyProblems } from './supply.js';
import { trunkSection, wireName } from './trunk.js';
import { checkPart, type Problem, parseYaml, readTextFile, refuseProblems } from './yaml-file.js';

const portName = /^[a-z][a-z0-9-]{0,31}$/;

const interfaceName = () => text(/^[^\s/:]{1,15}$/, 'a network interface such as eth1');
const driver = () => oneOf(boardDrivers).default('serial');
const profile = () => z.int().min(1).max(65_535).optional();

const needs = () => z.array(line(64)).optional();

const port = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('simulated'),
      driver: driver(),
      firmware: oneOf(simulatedFirmwares).default('image'),
      profile: profile(),
      phone: z.strictObject({
        mac: macAddress(),
        load: loadName(),
        model: phoneModel(),
        power: oneOf(['prestandard', '802.3af']).default('prestandard'),
      }),
      uplink: interfaceName().optional(),
      calibration: calibrationSection(),
      supply: supplyName().optional(),
      needs: needs(),
    }),
    z.strictObject({
      kind: z.literal('hardware'),
      driver: driver(),
      board: line(4096).optional(),
      profile: profile(),
      serial: text(/^[A-Za-z0-9][A-Za-z0-9-]{0,7}$/, "a board's serial number such as LP000042").optional(),
      interface: interfaceName(),
      trunk: trunkSection(),
      uplink: interfaceName().optional(),
      calibration: calibrationSection(),
      supply: supplyName().optional(),
      needs: needs(),
    }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? 'must say kind: simulated or kind: hardware' : undefined) },
);

const benchFile = z.strictObject({
  station: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name without spaces'),
  runs: line(4096),
  diskReserve: quantity('bytes', 0, 1024 ** 4).default(500 * 1024 ** 2),
  retention: z
    .strictObject({
      runs: z.int().min(1).max(100_000_000).optional(),
      size: quantity('bytes', 1024 ** 2, 1024 ** 5).optional(),
    })
    .refine(({ runs, size }) => runs !== undefined || size !== undefined, 'needs runs, size, or both')
    .optional(),
  /** Of every port that has none of its own. */
  calibration: calibrationSection(),
  golden: z
    .strictObject({
      every: quantity('ms', 60_000, 31 * 24 * 3_600_000),
      plan: line(4096),
      phone: line(64).optional(),
      faults: z.array(oneOf(goldenFaults)).default([...defaultGoldenFaults]),
      needs: needs(),
    })
    .optional(),
  fleet: fleetSection(),
  supplies: suppliesSection(),
  /** What the ports have in common, one user at a time. */
  shared: z.array(text(portName, 'a name in lower-case letters, digits and dashes')).max(32).default([]),
  ports: z.record(z.string(), port),
});

const sharedProblems = ({ shared, golden, ports }: z.output<typeof benchFile>): readonly Problem[] => {
  const unknown = (names: readonly string[], path: readonly string[]): readonly Problem[] =>
    names.flatMap((name, index) =>
      shared.includes(name)
        ? []
        : [{ path: [...path, index], message: `${name} is none of shared: ${shared.join(', ') || '(there is none)'}` }],
    );
  return [
    ...shared.flatMap((name, index) =>
      shared.indexOf(name) === index ? [] : [{ path: ['shared', index], message: `${name} stands there twice` }],
    ),
    ...unknown(golden?.needs ?? [], ['golden', 'needs']),
    ...Object.entries(ports).flatMap(([name, entry]) => unknown(entry.needs ?? [], ['ports', name, 'needs'])),
  ];
};

const goldenProblems = ({ golden, ports }: z.output<typeof benchFile>): readonly Problem[] => {
  if (golden === undefined) return [];
  const kinds = new Set(Object.values(ports).map(({ kind }) => kind));
  return [
    ...(kinds.has('hardware') && golden.phone === undefined
      ? [
          {
            path: ['golden'],
            message: 'needs phone: device id or serial number of the known phone',
            at: 'key',
          } as const,
        ]
      : []),
    ...(kinds.has('simulated') && golden.faults.length === 0
      ? [{ path: ['golden', 'faults'], message: 'needs at least one fault for the simulated ports' }]
      : []),
  ];
};

const stationProblems = ({ calibration }: z.output<typeof benchFile>): readonly Problem[] =>
  calibration !== undefined && 'due' in calibration
    ? [{ path: ['calibration', 'due'], message: 'has its place under a port: the day is one board’s', at: 'key' }]
    : [];

const driverProblems = (entry: z.output<typeof port>): readonly Problem[] => {
  const byLines = entry.driver === 'lines';
  if (!byLines && entry.profile !== undefined)
    return [{ path: ['profile'], message: 'is for driver: lines alone: over serial the plan itself is sent' }];
  if (entry.kind === 'simulated')
    return entry.firmware === 'modelled' && entry.driver !== 'serial'
      ? [{ path: ['firmware'], message: 'modelled has no discrete lines: driver serial, or the image' }]
      : [];
  if (!byLines && entry.board === undefined)
    return [{ path: [], message: 'needs board: the path of the board’s serial port', at: 'key' }];
  if (!byLines) return [];
  return [
    ...(entry.board === undefined ? [] : [{ path: ['board'], message: 'has no place with driver: lines' }]),
    ...(entry.profile === undefined
      ? [{ path: [], message: 'needs profile: the id that linkpulse board profile prints', at: 'key' } as const]
      : []),
  ];
};

const crossCheck = (ports: Readonly<Record<string, z.output<typeof port>>>): readonly Problem[] => {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const interfaces: { readonly name: string; readonly uplink: string }[] = [];
  if (Object.keys(ports).length === 0) problems.push({ path: ['ports'], message: 'needs at least one port' });
  for (const [name, entry] of Object.entries(ports)) {
    if (!portName.test(name)) {
      problems.push({ path: ['ports', name], message: 'must be lower-case letters, digits and dashes', at: 'key' });
    }
    const owned: readonly (readonly [string, string])[] =
      entry.kind === 'hardware'
        ? [
            ...(entry.board === undefined ? [] : [['board', entry.board] as const]),
            ...(entry.serial === undefined ? [] : [['serial', entry.serial] as const]),
            ['interface', wireName(entry.interface, entry.trunk)],
          ]
        : [['phone', entry.phone.mac]];
    if (entry.uplink !== undefined) interfaces.push({ name, uplink: entry.uplink });
    problems.push(
      ...[...driverProblems(entry), ...calibrationProblems(entry)].map((problem) => ({
        ...problem,
        path: ['ports', name, ...problem.path],
      })),
    );
    if (entry.kind === 'hardware' && entry.driver !== 'serial') {
      const owner = owners.get('lines');
      if (owner !== undefined)
        problems.push({ path: ['ports', name, 'driver'], message: `the Pi’s header already belongs to port ${owner}` });
      owners.set('lines', name);
    }
    for (const [key, value] of owned) {
      const owner = owners.get(`${key} ${value}`);
      if (owner !== undefined) {
        problems.push({ path: ['ports', name, key], message: `${value} already belongs to port ${owner}` });
      }
      owners.set(`${key} ${value}`, name);
    }
  }
  const trunks = new Map<string, string>();
  for (const [name, entry] of Object.entries(ports)) {
    if (entry.kind !== 'hardware' || entry.trunk === undefined) continue;
    trunks.set(entry.interface, name);
    const owner = owners.get(`interface ${entry.interface}`);
    if (owner !== undefined)
      problems.push({
        path: ['ports', name, 'interface'],
        message: `${entry.interface} is the wire of port ${owner} alone: each port of a trunk needs trunk`,
      });
  }
  for (const { name, uplink } of interfaces) {
    const owner = owners.get(`interface ${uplink}`) ?? trunks.get(uplink);
    if (owner !== undefined)
      problems.push({ path: ['ports', name, 'uplink'], message: `${uplink} is the phone’s wire of port ${owner}` });
  }
  return problems;
};

/** Reads and checks a bench file. Throws BenchError BENCH_FILE_INVALID with every problem on its own line. */
export const loadBenchFile = (path: string): BenchFile =>
  parseBenchFile(readTextFile(path, { unreadable: 'BENCH_FILE_INVALID', invalid: 'BENCH_FILE_INVALID' }), path);

/** Relative paths start at the directory of `path`. Throws BenchError BENCH_FILE_INVALID. */
export const parseBenchFile = (text: string, path: string): BenchFile => {
  const source = parseYaml(text, path, 'BENCH_FILE_INVALID');
  const { output, problems } = checkPart(benchFile, source.value, []);
  refuseProblems('BENCH_FILE_INVALID', path, source, [
    ...problems,
    ...(output
      ? [
          ...crossCheck(output.ports),
          ...goldenProblems(output),
          ...stationProblems(output),
          ...supplyProblems(output.supplies, output.ports),
          ...sharedProblems(output),
        ]
      : []),
  ]);
  const { station = '', runs = '', diskReserve: diskReserveBytes = 0, calibration, ports = {} } = output ?? {};
  const { golden, retention, fleet, shared = [] } = output ?? {};
  const directory = dirname(resolve(path));
  return {
    station,
    runsDirectory: isInstalled(directory) ? resolve('runs') : resolve(directory, runs),
    diskReserveBytes,
    retention: retention === undefined ? null : { maxRuns: retention.runs, maxBytes: retention.size },
    golden:
      golden === undefined
        ? null
        : {
            everyMs: golden.every,
            planPath: resolve(directory, golden.plan),
            phone: golden.phone ?? null,
            faults: golden.faults,
            needs: golden.needs,
          },
    fleet: fleet === undefined ? null : fleetTerms(fleet, directory),
    supplies: suppliesOf(output?.supplies),
    shared,
    ports: Object.entries(ports).map(([name, own]): BenchPort => {
      const entry = { ...own, calibration: own.calibration ?? calibration };
      return entry.kind === 'hardware' ? hardwarePort(name, entry, directory) : simulatedPort(name, entry);
    }),
  };
};

/** Of the bench file that came with an installed package nobody looks for records beside it: they go where one stands. */
const isInstalled = (directory: string): boolean => directory.split(sep).includes('node_modules');

const hardwarePort = (
  name: string,
  { serial, board, profile, ...entry }: Extract<z.output<typeof port>, { kind: 'hardware' }>,
  directory: string,
): BenchPort => ({
  name,
  ...entry,
  board: board === undefined ? null : resolve(directory, board),
  ...(serial === undefined ? {} : { serial }),
  ...(profile === undefined ? {} : { profile }),
});

const simulatedPort = (
  name: string,
  { profile, ...entry }: Extract<z.output<typeof port>, { kind: 'simulated' }>,
): BenchPort => ({ name, ...entry, ...(profile === undefined ? {} : { profile }) });

/**
 * TFTP beside the servers of Debian, all fetched from by atftp: one file of 10 MiB at several block sizes and windows, and 50
 * clients at once. Server and client share a core: lock-step is several times slower over two.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { systemPath } from '../../src/os/system-tools.js';
import { plansDirectory, root } from '../helpers/linkpulse.js';
import { seededBytes } from '../services/seeded-bytes.js';
import { median } from './measure.js';
import { type BenchWire, openBenchWire, type ServerUse } from './wire.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const core = 1;
const mebibyte = 1024 * 1024;
const address = '10.110.0.1';
/** Package atftpd and tftpd-hpa exclude each other: unpack one (`dpkg -x`) and name its program here. */
const atftpd = process.env.BENCH_ATFTPD ?? 'atftpd';

interface Setting {
  readonly title: string;
  readonly blockSize: number;
  readonly window: number;
  readonly clients: number;
  readonly file: string;
  readonly megabytes: number;
}
const one = { clients: 1, file: 'ten.bin', megabytes: 10 };
const many = { clients: 50, file: 'two.bin', megabytes: 100 };
const settings: readonly Setting[] = [
  { title: '10 MiB, 512 bytes, window 1', blockSize: 512, window: 1, ...one },
  { title: '10 MiB, 1468 bytes, window 1', blockSize: 1468, window: 1, ...one },
  { title: '10 MiB, 512 bytes, window 16', blockSize: 512, window: 16, ...one },
  { title: '10 MiB, 1468 bytes, window 16', blockSize: 1468, window: 16, ...one },
  { title: '50 clients, 1468 bytes, window 1', blockSize: 1468, window: 1, ...many },
  { title: '50 clients, 1468 bytes, window 16', blockSize: 1468, window: 16, ...many },
];

interface Contestant {
  readonly name: string;
  readonly program: string;
  readonly grantsWindow: boolean;
  readonly command: (wire: BenchWire) => string;
}
const ours = 'our TFTP server alone';
const contestants: readonly Contestant[] = [
  {
    name: ours,
    program: process.execPath,
    grantsWindow: true,
    command: ({ serverInterface }) =>
      `${process.execPath} ${join(root, 'test/benchmarks/serve-alone.mjs')} tftp ${serverInterface} plan.yaml`,
  },
  {
    name: 'tftpd-hpa',
    program: 'in.tftpd',
    grantsWindow: false,
    command: ({ directory }) => `in.tftpd -L -u root -a ${address}:69 -s ${join(directory, 'files')}`,
  },
  {
    name: 'dnsmasq',
    program: 'dnsmasq',
    grantsWindow: false,
    command: ({ directory }) =>
      `dnsmasq --no-daemon --conf-file=/dev/null --port=0 --user=root --enable-tftp --tftp-max=100 --tftp-root=${join(directory, 'files')}`,
  },
  {
    name: 'atftpd',
    program: atftpd,
    grantsWindow: true,
    command: ({ directory }) =>
      `${atftpd} --daemon --no-fork --user root --bind-address ${address} ${join(directory, 'files')}`,
  },
];

const isThere = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH: systemPath() } }).status === 0;

const seconds = async (wire: BenchWire, { blockSize, window, clients, file }: Setting): Promise<number> => {
  const options = `--option 'blksize ${blockSize}' ${window > 1 ? `--option 'windowsize ${window}'` : ''}`;
  const get = `atftp ${options} -g -r ${file} -l /dev/null ${address}`;
  const all = `for each in $(seq ${clients}); do ${get} >/dev/null 2>&1 & jobs="$jobs $!"; done`;
  const wait = 'for job in $jobs; do wait $job || failed=1; done';
  const said = await wire.client(`TIMEFORMAT=%R; time { ${all}; ${wait}; }; echo failed=$failed`, core);
  const [, taken] = /^([\d.]+)$/m.exec(said) ?? [];
  return said.includes('failed=1') || taken === undefined ? Number.NaN : Number(taken);
};

test('TFTP beside tftpd-hpa, dnsmasq and atftpd', async () => {
  const wire = await openBenchWire({ server: address, client: '10.110.0.50' });
  const times = new Map<string, number[]>();
  const uses = new Map<string, ServerUse[]>();
  const push = <Value>(map: Map<string, Value[]>, key: string, value: Value) =>
    map.set(key, [...(map.get(key) ?? []), value]);
  try {
    mkdirSync(join(wire.directory, 'files'));
    writeFileSync(join(wire.directory, 'files', 'ten.bin'), seededBytes(1, 10 * mebibyte));
    writeFileSync(join(wire.directory, 'files', 'two.bin'), seededBytes(2, 2 * mebibyte));
    const plan = readFileSync(join(plansDirectory, 'quick-no-voice-vlan.yaml'), 'utf8');
    writeFileSync(
      join(wire.directory, 'plan.yaml'),
      plan.replace('filesDirectory: none', 'filesDirectory: files').replace(`${address}/24`, `${address}/16`),
    );
    for (let round = 1; round <= rounds; round++)
      for (const contestant of contestants.filter(({ program }) => isThere(program))) {
        const server = await wire.serve(contestant.command(wire), core);
        // An interpreter becomes fast on the way; what is measured is a server that has run for a while.
        for (const setting of settings.slice(0, 2)) await seconds(wire, setting);
        for (const setting of settings)
          if (setting.window === 1 || contestant.grantsWindow)
            push(times, `${contestant.name} ${setting.title}`, await seconds(wire, setting));
        push(uses, contestant.name, await server.stop());
        console.log(`  round ${round} of ${rounds}: ${contestant.name}`);
      }
  } finally {
    await wire.close();
  }
  console.log(`TFTP, MiB a second, medians of ${rounds}`);
  for (const setting of settings) {
    const rateOf = (name: string): number | undefined => {
      const taken = times.get(`${name} ${setting.title}`);
      return taken === undefined ? undefined : setting.megabytes / median(taken);
    };
    const peers = contestants.filter(({ name }) => name !== ours).map(({ name }) => ({ name, rate: rateOf(name) }));
    const told = peers.flatMap(({ name, rate }) => (rate === undefined ? [] : [`${name} ${rate.toFixed(1)}`]));
    const best = Math.max(...peers.flatMap(({ rate }) => (rate === undefined || Number.isNaN(rate) ? [] : [rate])));
    const rate = rateOf(ours) ?? Number.NaN;
    console.log(
      `  ${setting.title.padEnd(36)} ours ${rate.toFixed(1).padStart(6)}  ${(rate / best).toFixed(2)} of the best  (${told.join(', ')})`,
    );
  }
  for (const [name, list] of uses)
    console.log(
      `  ${name.padEnd(24)} ${median(list.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1)} s CPU  ${median(list.map(({ peakMegabytes }) => peakMegabytes)).toFixed(0)} MB`,
    );
});

/**
 * Complete SCCP registrations: 500 phones, 50 at once, in front of `linkpulse services`. No peer is packaged that does not stall or
 * reset under this, so that the figures stand alone: all 500 within 1 s, the slowest hundredth within 50 ms.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { plansDirectory, root } from '../helpers/linkpulse.js';
import { median } from './measure.js';
import { openBenchWire } from './wire.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const phones = 500;
const atOnce = 50;
const cores = { client: 0, server: 1 };

interface Round {
  readonly tookMs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly failed: number;
  readonly stalled: number;
}

test('SCCP registrations', async () => {
  const wire = await openBenchWire({ server: '10.110.0.1', client: '10.110.0.2' });
  try {
    copyFileSync(join(plansDirectory, 'quick-no-voice-vlan.yaml'), join(wire.directory, 'plan.yaml'));
    const server = await wire.serve(
      `${process.execPath} ${join(root, 'dist/main.js')} services --json --risk-second-dhcp-server --interface ${wire.serverInterface} --plan plan.yaml`,
      cores.server,
    );
    const done: Round[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const said = await wire.client(
        `${process.execPath} ${join(root, 'test/benchmarks/sccp-phones.mjs')} 10.110.0.11 ${phones} ${atOnce}`,
        cores.client,
      );
      // The first one warms up.
      if (round > 0) done.push(JSON.parse(said) as Round);
    }
    const use = await server.stop();
    const of = (name: keyof Round) => median(done.map((each) => each[name]));
    console.log(
      [
        `${phones} phones, ${atOnce} at once, median of ${rounds} rounds:`,
        `all registered after ${of('tookMs').toFixed(0)} ms (goal 1000)`,
        `one: median ${of('medianMs').toFixed(1)} ms, p99 ${of('p99Ms').toFixed(1)} ms (goal 50), slowest ${of('maxMs').toFixed(1)} ms`,
        `failed ${of('failed')}, stalled ${of('stalled')}; server ${use.cpuSeconds.toFixed(2)} s CPU over all rounds, ${use.peakMegabytes.toFixed(0)} MB`,
      ].join('\n  '),
    );
  } finally {
    await wire.close();
  }
});

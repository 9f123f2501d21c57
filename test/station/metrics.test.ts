import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageResult } from '../../src/stages/judge.js';
import { registerFleetMetrics } from '../../src/station/fleet-metrics.js';
import { createMetrics } from '../../src/station/metrics.js';
import type { DeskNews, RunSummary } from '../../src/station/run-desk.js';
import type { Fact } from '../../src/timeline/events.js';
import { root } from '../helpers/linkpulse.js';

const shelf = {
  name: 'shelf',
  budget: { steadyMilliwatts: 40_000, inrushMilliwatts: 50_000 },
  reserved: { steadyMilliwatts: 18_000, inrushMilliwatts: 21_600 },
  ...{ holders: ['jack1'], unproven: [], waiting: ['jack2'] },
};

const make = (locked: readonly string[] = []) =>
  createMetrics({
    ports: ['jack1', 'jack2'],
    station: 'desk',
    version: '1.2.3',
    isLocked: (port) => locked.includes(port),
    supplies: () => [shelf],
  });

const withFleet = () => {
  const metrics = make();
  const refused = { seq: 7, code: 'ENTRY_REFUSED', message: '' };
  const status = {
    isConnected: true,
    waiting: 12,
    missing: 1,
    sentAgain: 3,
    failed: 2,
    refused: 1,
    lastRefused: refused,
  };
  registerFleetMetrics(
    metrics.registry,
    { status: () => ({ ...status, problem: null }), oldestAt: async () => '2026-11-23T03:15:02.000Z' },
    { wallClock: () => new Date('2026-11-23T03:16:02.000Z') },
  );
  return metrics;
};

const stage = (name: StageResult['stage'], beganAtUs: number | null, endedAtUs: number | null): StageResult => ({
  ...{ stage: name, verdict: 'pass', blame: null, cause: '', evidence: [], nextAction: '', measurements: [] },
  ...{ beganAtUs, endedAtUs },
});
const ended = (more: Partial<RunSummary> = {}, again?: true): DeskNews => ({
  kind: 'run-ended',
  port: 'jack1',
  runId: 'r1',
  summary: { port: 'jack1', runId: 'r1', verdict: 'pass', blame: null, stages: [], ...more } as RunSummary,
  ...(again === undefined ? {} : { again }),
});
const fact = (fact: Fact): DeskNews => ({
  ...{ kind: 'event', port: 'jack1', runId: 'r1' },
  event: { seq: 1, atUs: 1, source: 'board', fact },
});
const started = { kind: 'run-started', port: 'jack1', run: { runId: 'r1' }, serial: 'FCH1234ABCD' } as DeskNews;
const powerOn: Fact = {
  kind: 'power-on',
  method: 'loopback',
  pairs: 'data',
  polarity: 'normal',
  discoveryAgeMs: 1,
} as never;
const powerOff: Fact = { kind: 'power-off', cause: 'COMMANDED', switchOffMs: 1, milliamps: 0 };
const lost: Fact = { kind: 'board-lost', code: 'BOARD_LOST' };

const lines = async (metrics: ReturnType<typeof make>, name: string) =>
  (await metrics.expose()).text.split('\n').filter((line) => line.startsWith(`${name}{`) && !line.endsWith(' 0'));

describe('what Prometheus reads', () => {
  it('counts runs by verdict and blame; a fail is the phone’s', async () => {
    const metrics = make();
    metrics.hear(ended());
    metrics.hear(ended());
    metrics.hear(ended({ verdict: 'fail' }, true));
    metrics.hear(ended({ verdict: 'error', blame: 'network' }));
    expect(await lines(metrics, 'linkpulse_runs_total')).toEqual([
      'linkpulse_runs_total{verdict="pass",blame="none",port="jack1"} 2',
      'linkpulse_runs_total{verdict="fail",blame="phone",port="jack1"} 1',
      'linkpulse_runs_total{verdict="error",blame="network",port="jack1"} 1',
    ]);
    expect(await lines(metrics, 'linkpulse_run_retries_total')).toEqual([
      'linkpulse_run_retries_total{port="jack1"} 1',
    ]);
  });

  it('keeps golden runs, whose faults are on purpose, out of yield and durations', async () => {
    const metrics = make();
    metrics.hear(ended({ verdict: 'fail', golden: { fault: null }, stages: [stage('boot', 0, 9e6)] }));
    expect(await lines(metrics, 'linkpulse_runs_total')).toEqual([]);
    expect(await lines(metrics, 'linkpulse_stage_duration_seconds_count')).toEqual([]);
    expect(await lines(metrics, 'linkpulse_golden_runs_total')).toHaveLength(1);
  });

  it('tells stage durations in seconds, of stages that began and ended', async () => {
    const metrics = make();
    metrics.hear(ended({ stages: [stage('boot', 1e6, 43e6), stage('vlan', 43e6, null), stage('config', null, null)] }));
    expect(await lines(metrics, 'linkpulse_stage_duration_seconds_sum')).toEqual([
      'linkpulse_stage_duration_seconds_sum{stage="boot",verdict="pass"} 42',
    ]);
    const buckets = await lines(metrics, 'linkpulse_stage_duration_seconds_bucket');
    expect(buckets[0]).toBe('linkpulse_stage_duration_seconds_bucket{le="45",stage="boot",verdict="pass"} 1');
  });

  it('shows watts while a phone draws current, none after power-off or a run’s end', async () => {
    const metrics = make();
    const current: Fact = { kind: 'current', periodMs: 10, milliamps: [90, 110], jackMillivolts: 48_000 };
    for (const off of [fact(powerOff), ended()]) {
      metrics.hear(fact(current));
      expect(await lines(metrics, 'linkpulse_port_power_watts')).toEqual([
        'linkpulse_port_power_watts{port="jack1"} 4.8',
      ]);
      metrics.hear(off);
      expect(await lines(metrics, 'linkpulse_port_power_watts')).toEqual([]);
    }
  });

  it('shows what each supply gives, what is reserved of it, and how many wait', async () => {
    const metrics = make();
    expect((await metrics.expose()).text.match(/^linkpulse_supply_.*/gm)).toEqual([
      'linkpulse_supply_budget_watts{supply="shelf",limit="steady"} 40',
      'linkpulse_supply_budget_watts{supply="shelf",limit="inrush"} 50',
      'linkpulse_supply_reserved_watts{supply="shelf",limit="steady"} 18',
      'linkpulse_supply_reserved_watts{supply="shelf",limit="inrush"} 21.6',
      'linkpulse_supply_waiting_ports{supply="shelf"} 1',
    ]);
  });

  it('follows a port through a run, and holds a lost board until one is met again', () => {
    const metrics = make(['jack2']);
    const states = [started, fact(powerOn), fact(powerOff), ended(), fact(lost), ended(), started].map((news) => {
      metrics.hear(news);
      return metrics.stateOf('jack1');
    });
    expect(states).toEqual(['running', 'powered', 'running', 'idle', 'board-lost', 'board-lost', 'board-lost']);
    metrics.hear(
      fact({
        kind: 'board-identified',
        firmware: null,
        revision: null,
        serial: 'B',
        resetCause: null,
        calibratedOn: null,
      }),
    );
    expect(metrics.stateOf('jack1')).toBe('running');
    expect(metrics.stateOf('jack2')).toBe('locked');
    metrics.hear({
      kind: 'run-failed',
      port: 'jack1',
      code: 'BOARD_SILENT',
      message: '',
      remedy: '',
      blame: 'bench',
      serial: null,
      labelMac: null,
    });
    expect(metrics.stateOf('jack1')).toBe('board-lost');
  });

  it('has no label that grows with the number of phones', async () => {
    const metrics = make();
    for (const news of [started, ended({ serial: 'FCH1234ABCD' })]) metrics.hear(news);
    expect((await metrics.expose()).text).not.toMatch(/FCH1234ABCD|"r1"/);
  });
});

describe('the papers about it', () => {
  const metricsOf = () =>
    withFleet().registry.getMetricsAsArray() as unknown as {
      name: string;
      type: string;
      help: string;
      labelNames: string[];
    }[];

  it('tells how many entries wait for the database, and since when', async () => {
    const { text } = await withFleet().expose();
    const told = text.split('\n').filter((line) => /^linkpulse_(fleet|outbox)/.test(line));
    expect(told).toEqual([
      'linkpulse_fleet_connected 1',
      'linkpulse_outbox_depth 12',
      'linkpulse_outbox_oldest_seconds 60',
      'linkpulse_outbox_missing_records 1',
      'linkpulse_outbox_resent_total 3',
      'linkpulse_outbox_failures_total 2',
      'linkpulse_outbox_refused_total 1',
    ]);
    expect((await withFleet().expose()).text).toContain('linkpulse_outbox_resent_total 3');
  });

  it('docs/metrics.md has the table of the station’s own', async () => {
    const rows = metricsOf()
      .filter(({ name }) => name.startsWith('linkpulse_'))
      .map(({ name, type, help, labelNames }) => `| \`${name}\` | ${type} | ${labelNames.join(', ')} | ${help} |`);
    const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
    expect(page.split('\n').filter((line) => line.startsWith('| `linkpulse_'))).toEqual(rows);
  });

  it('the dashboard asks for nothing that the station does not tell', () => {
    const known = metricsOf().flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    const text = readFileSync(join(root, 'deploy/grafana/linkpulse.json'), 'utf8');
    const asked = text.match(/\b(?:linkpulse|nodejs|process)_[a-z0-9_]+/g) ?? [];
    expect([...new Set(asked)].filter((name) => !known.includes(name))).toEqual([]);
    const own = metricsOf().filter(({ name }) => name.startsWith('linkpulse_'));
    for (const { name } of own) expect(text).toContain(name);
  });
});

/**
 * What Prometheus reads of a station, made of the desk's messages and nothing else. Labels take few values each (ports,
 * verdicts, stages, error codes): no run id, serial number or MAC is ever one. The list for people is docs/metrics.md.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { SupplyView } from '../bench/supply-keeper.js';
import type { Blame } from '../errors.js';
import { stageNames } from '../stages/judge.js';
import type { TimelineEvent } from '../timeline/events.js';
import type { DeskNews, RunSummary } from './run-desk.js';

/** Exactly one holds at a time; `locked` hides the others, `board-lost` lasts until a run has met the board again. */
export const portStates = ['idle', 'running', 'powered', 'board-lost', 'locked'] as const;
export type PortState = (typeof portStates)[number];

export interface MetricsParts {
  readonly ports: readonly string[];
  readonly station: string;
  readonly version: string;
  isLocked(port: string): boolean;
  supplies(): readonly SupplyView[];
}

export interface Metrics {
  hear(news: DeskNews): void;
  stateOf(port: string): PortState;
  /** Text exposition, and the content type it goes out with. */
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
  readonly registry: Registry;
}

/** From a stage that a modelled phone passes at once to a phone that loads new firmware, s. */
export const stageBucketsSeconds = [0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600];

/** Who is to blame, as a label: `fail` is the phone's own, which a record leaves unsaid. */
export const blameLabel = ({ verdict, blame }: { readonly verdict: string; readonly blame: Blame | null }): string =>
  blame ?? (verdict === 'fail' ? 'phone' : 'none');

const outcomes = [
  ...[['pass', 'none'] as const, ['marginal', 'none'] as const, ['fail', 'phone'] as const],
  ...(['power', 'network', 'config', 'bench', 'operator'] as const).map((blame) => ['error', blame] as const),
];

const microsecondsPerSecond = 1e6;
const milliwattsPerWatt = 1000;
/** mA times mV. */
const microwattsPerWatt = 1e6;

const wattsIn = (fact: TimelineEvent['fact']): number | undefined => {
  if (fact.kind === 'power-off') return 0;
  if (fact.kind !== 'current' || fact.milliamps.length === 0) return undefined;
  const milliamps = fact.milliamps.reduce((sum, each) => sum + each, 0) / fact.milliamps.length;
  return (milliamps * Math.abs(fact.jackMillivolts)) / microwattsPerWatt;
};

const stateAfter = (before: PortState, { kind }: TimelineEvent['fact']): PortState => {
  if (kind === 'board-lost') return 'board-lost';
  if (kind === 'board-identified') return 'running';
  if (before === 'board-lost') return before;
  if (kind === 'power-on') return 'powered';
  return kind === 'power-off' ? 'running' : before;
};

/** No run could reach the board. */
const isBoardAway = (code: string): boolean =>
  code === 'BOARD_NOT_FOUND' || code === 'BOARD_SILENT' || code === 'BOARD_LOST';

export const createMetrics = ({ ports, station, version, isLocked, supplies }: MetricsParts): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const states = new Map<string, PortState>(ports.map((port) => [port, 'idle']));
  const stateOf = (port: string): PortState => (isLocked(port) ? 'locked' : (states.get(port) ?? 'idle'));

  const runs = new Counter({
    name: 'linkpulse_runs_total',
    help: 'Runs that came to a record, each attempt counted; without golden runs. Blame of a fail is phone, of a pass none.',
    labelNames: ['verdict', 'blame', 'port'] as const,
    registers,
  });
  const retries = new Counter({
    name: 'linkpulse_run_retries_total',
    help: 'Runs that were followed by another attempt of the same phone.',
    labelNames: ['port'] as const,
    registers,
  });
  const goldenRuns = new Counter({
    name: 'linkpulse_golden_runs_total',
    help: 'Golden runs, which test the bench and judge no phone; most have a fault on purpose.',
    labelNames: ['verdict', 'blame', 'port'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'linkpulse_runs_refused_total',
    help: 'Runs that came to no record, by error code (docs/errors.md).',
    labelNames: ['code', 'port'] as const,
    registers,
  });
  const stageDurations = new Histogram({
    name: 'linkpulse_stage_duration_seconds',
    help: 'How long a stage of a phone took, from its beginning to its verdict; without golden runs.',
    labelNames: ['stage', 'verdict'] as const,
    buckets: stageBucketsSeconds,
    registers,
  });
  const power = new Gauge({
    name: 'linkpulse_port_power_watts',
    help: 'What the phone draws at the jack, mean of the last current report; 0 after power-off.',
    labelNames: ['port'] as const,
    registers,
  });
  new Gauge({
    name: 'linkpulse_port_state',
    help: 'What a port does: 1 for the state that holds, 0 for the others.',
    labelNames: ['port', 'state'] as const,
    registers,
    collect() {
      for (const port of ports) {
        const now = stateOf(port);
        for (const state of portStates) this.set({ port, state }, state === now ? 1 : 0);
      }
    },
  });
  for (const [name, help, of] of [
    ['budget', 'What a supply gives: for good, and for the moments of inrush.', ({ budget }: SupplyView) => budget],
    [
      'reserved',
      'What its ports may draw as things stand; a port whose switch nobody knows to be open included.',
      ({ reserved }: SupplyView) => reserved,
    ],
  ] as const)
    new Gauge({
      name: `linkpulse_supply_${name}_watts`,
      help,
      labelNames: ['supply', 'limit'] as const,
      registers,
      collect() {
        for (const view of supplies()) {
          const { steadyMilliwatts, inrushMilliwatts } = of(view);
          this.set({ supply: view.name, limit: 'steady' }, steadyMilliwatts / milliwattsPerWatt);
          this.set({ supply: view.name, limit: 'inrush' }, inrushMilliwatts / milliwattsPerWatt);
        }
      },
    });
  new Gauge({
    name: 'linkpulse_supply_waiting_ports',
    help: 'Ports that are not powered yet because their supply feeds others.',
    labelNames: ['supply'] as const,
    registers,
    collect() {
      for (const { name, waiting } of supplies()) this.set({ supply: name }, waiting.length);
    },
  });
  new Gauge({
    name: 'linkpulse_station_info',
    help: 'Always 1; which station and version this is.',
    labelNames: ['station', 'version'] as const,
    registers,
  }).set({ station, version }, 1);
  // A series that appears with its first count has no rate of it.
  for (const stage of stageNames) stageDurations.zero({ stage, verdict: 'pass' });
  for (const port of ports) {
    for (const [verdict, blame] of outcomes) runs.inc({ verdict, blame, port }, 0);
    power.set({ port }, 0);
    retries.inc({ port }, 0);
  }
  collectDefaultMetrics({ register: registry });

  const count = (summary: RunSummary, isFollowed: boolean) => {
    const { port, verdict } = summary;
    const labels = { verdict, blame: blameLabel(summary), port };
    if ((summary.golden ?? null) !== null) return goldenRuns.inc(labels);
    runs.inc(labels);
    if (isFollowed) retries.inc({ port });
    for (const { stage, verdict, beganAtUs, endedAtUs } of summary.stages)
      if (beganAtUs !== null && endedAtUs !== null)
        stageDurations.observe({ stage, verdict }, (endedAtUs - beganAtUs) / microsecondsPerSecond);
  };

  return {
    registry,
    stateOf,
    hear: (news) => {
      if (news.kind === 'port-lock' || news.kind === 'port-lease' || news.kind === 'plan-set') return;
      if (news.kind === 'shared' || news.kind === 'run-waiting') return;
      const { port } = news;
      const before = states.get(port) ?? 'idle';
      if (news.kind === 'event') {
        states.set(port, stateAfter(before, news.event.fact));
        const watts = wattsIn(news.event.fact);
        if (watts !== undefined) power.set({ port }, watts);
        return;
      }
      if (news.kind === 'run-started') {
        if (before !== 'board-lost') states.set(port, 'running');
        return;
      }
      power.set({ port }, 0);
      if (news.kind === 'run-ended') count(news.summary, news.again === true);
      else refused.inc({ port, code: news.code });
      const isAway = before === 'board-lost' || (news.kind === 'run-failed' && isBoardAway(news.code));
      states.set(port, isAway ? 'board-lost' : 'idle');
    },
    expose: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
};

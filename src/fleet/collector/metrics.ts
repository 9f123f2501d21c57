/** What Prometheus reads of a collector; the list for people is in docs/fleet.md. Labels are few: no station is one. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CollectorNews } from './collector.js';

export interface CollectorMetrics {
  hear(news: CollectorNews): void;
  /** Why it does not do its work just now; empty: it does. */
  reasons(): readonly { readonly code: string; readonly message: string }[];
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
}

export interface CollectorMetricsParts {
  readonly name: string;
  readonly plant: string;
  readonly version: string;
  /** Entries that came and were not taken yet. */
  waiting(): number;
}

const batchBucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const millisecondsPerSecond = 1000;

export const createCollectorMetrics = ({ name, plant, version, waiting }: CollectorMetricsParts): CollectorMetrics => {
  const registry = new Registry();
  const registers = [registry];
  const away = new Map<'broker' | 'database', { readonly code: string; readonly message: string }>([
    ['broker', { code: 'BROKER_UNREACHABLE', message: 'not connected yet' }],
    ['database', { code: 'DATABASE_UNREACHABLE', message: 'not connected yet' }],
  ]);
  const entries = new Counter({
    name: 'linkpulse_collector_entries_total',
    help: 'Entries that were taken into the database, by kind.',
    labelNames: ['kind'] as const,
    registers,
  });
  const others = new Counter({
    name: 'linkpulse_collector_not_taken_total',
    help: 'Messages of which no entry was made then: duplicate, parked, too-far, no-room, unreadable.',
    labelNames: ['reason'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'linkpulse_collector_refused_total',
    help: 'Entries kept in the table refused, by error code (docs/errors.md).',
    labelNames: ['code'] as const,
    registers,
  });
  const batches = new Histogram({
    name: 'linkpulse_collector_batch_seconds',
    help: 'How long a transaction took, from its begin to its commit.',
    buckets: batchBucketsSeconds,
    registers,
  });
  new Gauge({
    name: 'linkpulse_collector_waiting',
    help: 'Entries that came and were not taken yet.',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  new Gauge({
    name: 'linkpulse_collector_connected',
    help: 'Whether the broker and the database are there: 1, or 0.',
    labelNames: ['to'] as const,
    registers,
    collect() {
      for (const to of ['broker', 'database'] as const) this.set({ to }, away.has(to) ? 0 : 1);
    },
  });
  new Gauge({
    name: 'linkpulse_collector_info',
    help: 'Always 1; which collector and version this is.',
    labelNames: ['name', 'plant', 'version'] as const,
    registers,
  }).set({ name, plant, version }, 1);
  // A series that appears with its first count has no rate of it.
  for (const kind of ['record', 'plan', 'event']) entries.inc({ kind }, 0);
  for (const reason of ['duplicate', 'parked', 'too-far', 'no-room', 'unreadable']) others.inc({ reason }, 0);
  for (const code of ['FLEET_MESSAGE_INVALID', 'OUTBOX_CONFLICT', 'RUN_CONFLICT', 'ENTRY_REFUSED'])
    refused.inc({ code }, 0);
  collectDefaultMetrics({ register: registry });

  return {
    hear: (news) => {
      if (news.kind === 'broker' || news.kind === 'database') {
        if (news.error === null) away.delete(news.kind);
        else away.set(news.kind, { code: news.error.code, message: news.error.message });
      } else if (news.kind === 'taken') {
        const { taken } = news;
        for (const [kind, count] of Object.entries(taken.taken)) entries.inc({ kind }, count);
        others.inc({ reason: 'duplicate' }, taken.duplicates);
        others.inc({ reason: 'parked' }, taken.parked);
        others.inc({ reason: 'too-far' }, taken.tooFar);
        for (const { code } of taken.refused) refused.inc({ code });
        batches.observe(news.milliseconds / millisecondsPerSecond);
      } else others.inc({ reason: news.kind });
    },
    reasons: () => [...away.values()],
    expose: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
};

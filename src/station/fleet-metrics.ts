/** What Prometheus reads of a station's side of the fleet; there are none of these where the bench file has no fleet. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { StationLink } from '../fleet/station-link.js';
import type { Clock } from '../timeline/clock.js';

/** What of the fleet a station shows. */
export type FleetView = Pick<StationLink, 'status' | 'oldestAt'>;

const msPerSecond = 1_000;

export const registerFleetMetrics = (registry: Registry, fleet: FleetView, clock: Pick<Clock, 'wallClock'>): void => {
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      async collect() {
        this.set(await read());
      },
    });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      ...{ name, help, registers: [registry] },
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  gauge('linkpulse_fleet_connected', 'Whether there is a connection to the broker: 1 or 0.', () =>
    fleet.status().isConnected ? 1 : 0,
  );
  gauge('linkpulse_outbox_depth', 'Entries that the database has not confirmed.', () => fleet.status().waiting);
  gauge(
    'linkpulse_outbox_oldest_seconds',
    'Age of the oldest of them, by the wall clock; 0 where there is none.',
    async () => {
      const at = await fleet.oldestAt();
      return at === null ? 0 : Math.max(0, clock.wallClock().getTime() - Date.parse(at)) / msPerSecond;
    },
  );
  gauge(
    'linkpulse_outbox_missing_records',
    'Finished runs that are not in the outbox yet, as where the disk is full.',
    () => fleet.status().missing,
  );
  counter('linkpulse_outbox_resent_total', 'Entries sent once more.', () => fleet.status().sentAgain);
  counter('linkpulse_outbox_failures_total', 'Times that something could not be put by.', () => fleet.status().failed);
  counter(
    'linkpulse_outbox_refused_total',
    'Entries that the database keeps apart, for a person to look at.',
    () => fleet.status().refused,
  );
};

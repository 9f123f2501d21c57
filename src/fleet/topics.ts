/**
 * Where the messages of a fleet go. `v1` is part of every topic: a change that old readers would take wrongly is v2, beside
 * it. Plant and station names hold neither `/` nor MQTT's wildcards (`+`, `#`), as the bench file sees to.
 *
 *     linkpulse/v1/PLANT/stations/STATION/presence       retained; last will "lost"
 *     linkpulse/v1/PLANT/stations/STATION/state          retained
 *     linkpulse/v1/PLANT/stations/STATION/ports/PORT     retained
 *     linkpulse/v1/PLANT/stations/STATION/out/KIND       the outbox in its order: record, plan, event
 *     linkpulse/v1/PLANT/stations/STATION/receipts       what the database holds of that outbox, for the station
 *     linkpulse/v1/PLANT/plan-set                        retained; what every station of the plant is to test by
 */
import type { EntryKind } from './messages.js';

const root = 'linkpulse/v1';

/** Collectors with this name share what comes: each message goes to one of them. */
export const collectorsShare = 'linkpulse-collectors';

export interface StationTopics {
  readonly presence: string;
  readonly state: string;
  port(port: string): string;
  out(kind: EntryKind): string;
  readonly receipts: string;
}

export interface PlantTopics {
  station(station: string): StationTopics;
  readonly planSet: string;
  /** Filters, for subscriptions. */
  readonly filters: {
    readonly presence: string;
    readonly state: string;
    readonly ports: string;
    readonly entries: string;
    /** The same, one collector of all each. */
    readonly sharedEntries: string;
  };
}

export const plantTopics = (plant: string): PlantTopics => {
  const stations = `${root}/${plant}/stations`;
  return {
    station: (station) => ({
      presence: `${stations}/${station}/presence`,
      state: `${stations}/${station}/state`,
      port: (port) => `${stations}/${station}/ports/${port}`,
      out: (kind) => `${stations}/${station}/out/${kind}`,
      receipts: `${stations}/${station}/receipts`,
    }),
    planSet: `${root}/${plant}/plan-set`,
    filters: {
      presence: `${stations}/+/presence`,
      state: `${stations}/+/state`,
      ports: `${stations}/+/ports/+`,
      entries: `${stations}/+/out/+`,
      sharedEntries: `$share/${collectorsShare}/${stations}/+/out/+`,
    },
  };
};

/** The station a topic speaks of; undefined: of none. A message is believed only where its topic names the same station: the broker's access list is by topic. */
export const stationOfTopic = (topic: string): string | undefined =>
  /^linkpulse\/v1\/[^/]+\/stations\/([^/]+)\//.exec(topic)?.[1];

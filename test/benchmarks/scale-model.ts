/**
 * A plant in numbers: every port of every station runs phone after phone through the hours of a working day, seconds are
 * counted, and the broker is away for a while. Nothing is assumed here that could be measured: bytes and costs are given.
 */

/** What a run costs, measured by `npm run bench -- scale`. An entry is what goes through the outbox: two a run. */
export interface MeasuredCosts {
  /** MQTT packets to and from the broker, acknowledgements included. */
  readonly messagesPerRun: number;
  /** On the stations' connections, with all that is around a payload. */
  readonly bytesToBrokerPerRun: number;
  readonly bytesToStationPerRun: number;
  /** Of an entry in an outbox. */
  readonly entryBytes: number;
  /** Of tables and indexes, a run. */
  readonly storedBytesPerRun: number;
  /** Processor time a run, one core, as runs come. */
  readonly brokerMicroseconds: number;
  readonly collectorMicroseconds: number;
  readonly databaseMicroseconds: number;
  /** What one collector takes of a backlog. */
  readonly collectorEntriesPerSecond: number;
}

export interface PlantTerms {
  readonly stations: number;
  readonly portsPerStation: number;
  /** Median of a run on the bench, and how runs differ (sigma of its logarithm). */
  readonly runSeconds: number;
  readonly runSpread: number;
  /** Until the next phone is plugged in. */
  readonly handlingSeconds: number;
  readonly hoursPerDay: number;
  readonly daysPerYear: number;
  readonly collectors: number;
  /** The broker is away so long, from the second hour on. */
  readonly outageHours: number;
  /** What a station sends of its outbox at the most. */
  readonly stationEntriesPerSecond: number;
}

export interface PlantFigures {
  readonly runsPerDay: number;
  readonly runsPerSecond: { readonly mean: number; readonly worst: number };
  /** MQTT packets and bytes, at the mean rate. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Fractions of one core at the mean rate. */
  readonly cores: { readonly broker: number; readonly collectors: number; readonly database: number };
  readonly storedBytesPerYear: number;
  readonly recordsPerYear: number;
  readonly afterOutage: {
    readonly longestOutboxEntries: number;
    readonly longestOutboxBytes: number;
    /** Until every outbox is empty again; Infinity: not within that day. */
    readonly minutesToDrain: number;
  };
  /** Entries that wait in all outboxes together, a value each minute: for the plot. */
  readonly waitingByMinute: readonly number[];
}

const secondsPerHour = 3600;
const secondsPerMinute = 60;
const million = 1e6;

/** xorshift32: the same plant each time. */
const random = (seed: number): (() => number) => {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
};

/** Box-Muller; `next` gives [0, 1). */
const normal = (next: () => number): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** Runs that end in each second, one row a station. */
const runsEnding = (terms: PlantTerms, seconds: number): readonly Uint8Array[] => {
  const next = random(0x4c50_0001);
  return Array.from({ length: terms.stations }, () => {
    const ends = new Uint8Array(seconds);
    for (let port = 0; port < terms.portsPerStation; port += 1) {
      // Shifts do not begin in step.
      let at = next() * (terms.runSeconds + terms.handlingSeconds);
      for (;;) {
        at += terms.runSeconds * Math.exp(terms.runSpread * normal(next));
        if (at >= seconds) break;
        ends[Math.floor(at)] = (ends[Math.floor(at)] ?? 0) + 1;
        at += terms.handlingSeconds * -Math.log(1 - next());
      }
    }
    return ends;
  });
};

const entriesPerRun = 2;

/** One working day, second by second. */
export const simulatePlant = (terms: PlantTerms, costs: MeasuredCosts): PlantFigures => {
  const seconds = Math.round(terms.hoursPerDay * secondsPerHour);
  const ends = runsEnding(terms, seconds);
  const [outageFrom, outageTo] = [secondsPerHour, secondsPerHour * (1 + terms.outageHours)];
  const takenPerSecond = terms.collectors * costs.collectorEntriesPerSecond;
  const outboxes = new Float64Array(terms.stations);
  const waitingByMinute: number[] = [];
  let [runs, worst, longest, drainedAt] = [0, 0, 0, Number.POSITIVE_INFINITY];
  for (let second = 0; second < seconds; second += 1) {
    let [ended, waiting, offered] = [0, 0, 0];
    for (let station = 0; station < terms.stations; station += 1) {
      const own = ends[station]?.[second] ?? 0;
      ended += own;
      const outbox = (outboxes[station] ?? 0) + own * entriesPerRun;
      outboxes[station] = outbox;
      longest = Math.max(longest, outbox);
      offered += Math.min(outbox, terms.stationEntriesPerSecond);
    }
    runs += ended;
    worst = Math.max(worst, ended);
    // Collectors take the same share of what each station offers.
    const isAway = second >= outageFrom && second < outageTo;
    const share = isAway ? 0 : Math.min(1, takenPerSecond / Math.max(1, offered));
    for (let station = 0; station < terms.stations; station += 1) {
      const outbox = outboxes[station] ?? 0;
      outboxes[station] = outbox - Math.min(outbox, terms.stationEntriesPerSecond) * share;
      waiting += outboxes[station] ?? 0;
    }
    if (second >= outageTo && drainedAt === Number.POSITIVE_INFINITY && waiting < 1) drainedAt = second;
    if (second % secondsPerMinute === 0) waitingByMinute.push(waiting);
  }
  const mean = runs / seconds;
  const cores = (microseconds: number) => (mean * microseconds) / million;
  return {
    runsPerDay: runs,
    runsPerSecond: { mean, worst },
    messagesPerSecond: mean * costs.messagesPerRun,
    bytesPerSecond: mean * (costs.bytesToBrokerPerRun + costs.bytesToStationPerRun),
    cores: {
      broker: cores(costs.brokerMicroseconds),
      collectors: cores(costs.collectorMicroseconds),
      database: cores(costs.databaseMicroseconds),
    },
    recordsPerYear: runs * terms.daysPerYear,
    storedBytesPerYear: runs * terms.daysPerYear * costs.storedBytesPerRun,
    afterOutage: {
      longestOutboxEntries: Math.ceil(longest),
      longestOutboxBytes: Math.ceil(longest * costs.entryBytes),
      minutesToDrain: (drainedAt - outageTo) / secondsPerMinute,
    },
    waitingByMinute,
  };
};

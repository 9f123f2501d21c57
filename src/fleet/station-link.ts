/**
 * A station's side of the fleet: says that it is there, what goes on at its ports, and brings its records. Nothing here is
 * waited for by a run, and nothing here ends one.
 */
import { randomUUID } from 'node:crypto';
import { BenchError, isBenchError } from '../errors.js';
import type { FleetTerms } from '../plan/fleet-terms.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import { type Broker, type BrokerMessage, openBroker } from './broker.js';
import {
  type FleetEvent,
  fleetSchema,
  longestMessageBytes,
  type PortState,
  type Presence,
  presenceMessage,
  readMessage,
  type StationState,
} from './messages.js';
import { openOutbox } from './outbox.js';
import { longestPlanSetBytes } from './plan-set.js';
import { createPublisher, type Refused } from './publisher.js';
import { openRecordsOut } from './records-out.js';
import { createRetained } from './retained.js';
import { plantTopics } from './topics.js';

export interface LinkNote {
  readonly level: 'error' | 'warning' | 'info';
  readonly code?: string;
  readonly runId?: string;
}

export interface StationLinkParts {
  readonly terms: FleetTerms;
  readonly station: string;
  /** Of Linkpulse. */
  readonly version: string;
  readonly ports: readonly string[];
  readonly runsDirectory: string;
  /** The outbox lives here; made where it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  /** As BrokerOptions has it. */
  readonly through: string | null;
  /** Runs whose records were completed at this start. */
  readonly recoveredRuns: readonly string[];
  log(text: string, note: LinkNote): void;
  /** What came as the plant’s plan set; left out: it is not asked for. */
  onPlanSet?(payload: Uint8Array): Promise<void> | void;
}

type Running = NonNullable<PortState['running']>;
type Last = NonNullable<PortState['last']>;
type Lock = NonNullable<PortState['lock']>;

export interface FleetStatus {
  readonly isConnected: boolean;
  /** Entries of which no receipt has come. */
  readonly waiting: number;
  /** Records that could not be put by yet. */
  readonly missing: number;
  /** Entries sent once more, could not be put by, were refused by the database: since the start. */
  readonly sentAgain: number;
  readonly failed: number;
  readonly refused: number;
  /** The newest that was refused. */
  readonly lastRefused: Refused | null;
  /** Why there is no connection, or what is wrong with it; docs/errors.md. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}

export interface StationLink {
  runStarted(port: string, run: Omit<Running, 'startedAt' | 'stages'>): void;
  stages(port: string, stages: Running['stages']): void;
  runEnded(port: string, last: Omit<Last, 'endedAt'>): void;
  runFailed(port: string, code: string, message: string): void;
  /** Locked, or unlocked (null). */
  locked(port: string, lock: (Lock & { readonly runId: string }) | null): void;
  /** As it is, without an event: reserved, or as it was before this process began. */
  show(port: string, change: Partial<Pick<PortState, 'lock' | 'reserved'>>): void;
  /** What of the state this does not know by itself. */
  describe(more: Partial<Pick<StationState, 'planSet' | 'planSetRefused'>>): void;
  /** An event for the database. */
  tell(event: FleetEvent): void;
  status(): FleetStatus;
  /** When the oldest entry without a receipt was written, ISO 8601; null: there is none. */
  oldestAt(): Promise<string | null>;
  /** Says that the station stopped; entries go on at the next start. */
  close(): Promise<void>;
}

/** A few a second of each port; a viewer sees no more. */
const restMs = 300;
const stateEveryMs = 5_000;
const farewellMs = 2_000;
const openAgainMs = 60_000;
const announceEveryUs = 1_000_000;
const wordsLength = 2_000;
/** A broker that was killed may tell once what was retained before this process began. */
const sightingsOfDouble = 2;

export const openStationLink = async (parts: StationLinkParts): Promise<StationLink> => {
  const { terms, station, clock } = parts;
  const topics = plantTopics(terms.plant).station(station);
  const instance = randomUUID();
  const takesPlanSets = parts.onPlanSet !== undefined;
  const now = () => clock.wallClock().toISOString();
  const closed = new AbortController();
  const outbox = await openOutbox({
    folder: parts.folder,
    plant: terms.plant,
    station,
    wallClock: () => clock.wallClock(),
    log: (text) => parts.log(text, { level: 'error', code: 'OUTBOX_FAILED' }),
  });

  let broker: Broker | undefined;
  const isConnected = () => broker?.isConnected === true;
  const publish = async (topic: string, text: string, retain = false): Promise<void> => {
    if (broker === undefined) throw new BenchError('BROKER_UNREACHABLE', terms.broker.url);
    await broker.publish(topic, text, { retain });
  };
  let problem: FleetStatus['problem'] = null;
  let refused = 0;
  let lastRefused: Refused | null = null;
  const hadProblem = (error: BenchError, level: LinkNote['level'] = 'warning') => {
    problem = { code: error.code, message: error.detail };
    parts.log(`fleet: ${error.message}`, { level, code: error.code });
  };

  const publisher = createPublisher({
    outbox,
    station,
    topics,
    publish,
    clock,
    onRefused: (each) => {
      refused += 1;
      lastRefused = each;
      const words = `fleet: the database keeps entry ${each.seq} apart, unread (${each.code}): ${each.message}`;
      parts.log(words, { level: 'error', code: each.code });
    },
    onAnew: (message) => {
      parts.log(`fleet: what waits goes on as outbox ${outbox.id}: ${message}`, { level: 'warning' });
      out.tell({ event: 'outbox-anew', message: message.slice(0, wordsLength) });
    },
    onProblem: (error) => {
      if (problem?.message !== error.detail) hadProblem(error);
    },
  });
  const out = await openRecordsOut({
    ...{ outbox, folder: parts.folder, runsDirectory: parts.runsDirectory, clock, log: parts.log },
    recoveredRuns: parts.recoveredRuns,
    onAppended: () => {
      publisher.wake();
      showState();
    },
  });

  const retained = createRetained({
    clock,
    restMs,
    isConnected,
    publish: (topic, text) => publish(topic, text, true),
  });
  let more: Pick<StationState, 'planSet' | 'planSetRefused'> = { planSet: null, planSetRefused: null };
  let stateRests: Alarm | undefined;
  const state = (): StationState => ({
    schema: fleetSchema,
    station,
    at: now(),
    version: parts.version,
    page: terms.page,
    ports: [...parts.ports],
    outboxDepth: outbox.last - outbox.confirmed,
    ...more,
  });
  /** How many entries wait changes with each of them. */
  const showState = () => {
    if (stateRests !== undefined || closed.signal.aborted) return;
    retained.set(topics.state, JSON.stringify(state()));
    let shown = outbox.last - outbox.confirmed;
    stateRests = clock.alarm(stateEveryMs, () => {
      stateRests = undefined;
      if (shown !== outbox.last - outbox.confirmed) showState();
      shown = 0;
    });
  };

  const ports = new Map(
    parts.ports.map((port): [string, PortState] => [
      port,
      { schema: fleetSchema, station, port, at: now(), running: null, last: null, lock: null, reserved: null },
    ]),
  );
  const show = (port: string, change: Partial<PortState>) => {
    const before = ports.get(port);
    if (before === undefined) return;
    const after = { ...before, ...change, at: now() };
    ports.set(port, after);
    retained.set(topics.port(port), JSON.stringify(after));
  };

  const presenceOf = (presence: Presence['presence'], at: string | null): string =>
    JSON.stringify({ schema: fleetSchema, station, presence, instance, at } satisfies Presence);
  let announcedUs = Number.NEGATIVE_INFINITY;
  const announce = () => {
    announcedUs = clock.nowUs();
    publish(topics.presence, presenceOf('online', now()), true).catch(() => {});
  };
  const sightings = new Map<string, Set<number>>();
  let connections = 0;

  /** Under our own name: our own, what was retained before this process began, or a double. */
  const hearPresence = (payload: Uint8Array) => {
    const { message } = readMessage(presenceMessage, payload, station);
    if (closed.signal.aborted || (message.instance === instance && message.presence === 'online')) return;
    if (clock.nowUs() - announcedUs > announceEveryUs) announce();
    if (message.instance === instance || message.presence === 'stopped' || connections < 2) return;
    const seen = (sightings.get(message.instance) ?? new Set()).add(connections);
    sightings.set(message.instance, seen);
    if (seen.size === sightingsOfDouble)
      hadProblem(new BenchError('STATION_TWICE', `${station} in plant ${terms.plant}`), 'error');
  };

  const onMessage = async ({ topic, payload }: BrokerMessage): Promise<void> => {
    try {
      if (topic === topics.receipts) {
        await publisher.take(payload);
        showState();
      } else if (topic === topics.presence) hearPresence(payload);
      else await parts.onPlanSet?.(payload);
    } catch (error) {
      const known = isBenchError(error) ? error : new BenchError('INTERNAL', String(error), { cause: error });
      parts.log(`fleet: ${topic}: ${known.message}`, { level: 'warning', code: known.code });
    }
  };

  const open = async (): Promise<void> => {
    try {
      broker = await openBroker(terms.broker, {
        clientId: `linkpulse-station-${terms.plant}-${station}`,
        will: { topic: topics.presence, payload: presenceOf('lost', null) },
        subscribe: [topics.receipts, topics.presence, ...(takesPlanSets ? [plantTopics(terms.plant).planSet] : [])],
        largestMessageBytes: takesPlanSets ? longestPlanSetBytes : longestMessageBytes,
        through: parts.through,
        onMessage,
        onConnected: () => {
          connections += 1;
          if (problem?.code !== 'STATION_TWICE') problem = null;
          parts.log(`fleet: connected to ${terms.broker.url}; ${outbox.last - outbox.confirmed} entries wait`, {
            level: 'info',
          });
          announce();
          retained.connected();
          publisher.connected();
        },
        onDisconnected: (error) => {
          publisher.disconnected();
          if (!closed.signal.aborted) hadProblem(error);
        },
      });
    } catch (error) {
      hadProblem(isBenchError(error) ? error : new BenchError('INTERNAL', String(error), { cause: error }), 'error');
      if (!closed.signal.aborted) openingAgain = clock.alarm(openAgainMs, () => void open());
    }
  };
  let openingAgain: Alarm | undefined;

  showState();
  for (const port of parts.ports) show(port, {});
  out.tell({ event: 'station-started', version: parts.version });
  await open();

  return {
    runStarted: (port, run) => {
      out.runStarted(run.runId);
      out.tell({ event: 'run-started', port, runId: run.runId, plan: run.plan, serial: run.serial });
      show(port, { running: { ...run, startedAt: now(), stages: [] } });
    },
    stages: (port, stages) => {
      const running = ports.get(port)?.running ?? null;
      if (running !== null) show(port, { running: { ...running, stages } });
    },
    runEnded: (port, last) => {
      out.runEnded(last.runId);
      show(port, { running: null, last: { ...last, cause: last.cause.slice(0, wordsLength), endedAt: now() } });
    },
    runFailed: (port, code, message) => {
      const runId = ports.get(port)?.running?.runId;
      if (runId !== undefined) out.runFailed(runId);
      out.tell({ event: 'run-failed', port, code, message: message.slice(0, wordsLength) });
      show(port, { running: null });
    },
    locked: (port, lock) => {
      if (lock === null) out.tell({ event: 'port-unlocked', port });
      else out.tell({ event: 'port-locked', port, code: lock.code, runId: lock.runId });
      show(port, { lock: lock === null ? null : { code: lock.code, at: lock.at } });
    },
    show,
    describe: (given) => {
      more = { ...more, ...given };
      stateRests?.cancel();
      stateRests = undefined;
      showState();
    },
    tell: (event) => out.tell(event),
    status: () => ({
      isConnected: isConnected(),
      waiting: outbox.last - outbox.confirmed,
      missing: out.missing,
      sentAgain: publisher.sentAgain,
      failed: out.failed,
      refused,
      lastRefused,
      problem,
    }),
    oldestAt: () => outbox.oldestAt(),
    close: async () => {
      closed.abort();
      stateRests?.cancel();
      openingAgain?.cancel();
      retained.close();
      await out.close();
      publisher.close();
      const farewell = async () => {
        await publish(topics.presence, presenceOf('stopped', now()), true).catch(() => {});
        await broker?.close();
      };
      // A broker that hangs does not keep the station.
      await Promise.race([farewell(), sleep(clock, farewellMs)]);
    },
  };
};

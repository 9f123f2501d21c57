/**
 * What a plant's stations are and do just now, from what they retain at the broker. Messages are numbered; whoever comes back
 * with a number gets what came after it. Bounded, whoever publishes what.
 */
import { isBenchError } from '../../errors.js';
import type { Clock } from '../../timeline/clock.js';
import type { BrokerMessage } from '../broker.js';
import {
  type PortState,
  type Presence,
  portMessage,
  presenceMessage,
  readMessage,
  type StationState,
  stateMessage,
} from '../messages.js';
import { type PlantTopics, stationOfTopic } from '../topics.js';
import { type PublishedPlanSet, publishedPlanSet } from './published-plan-set.js';

/** As the page knows a station; null: it has not told that. */
export interface LiveStation {
  readonly station: string;
  readonly presence: Presence['presence'] | null;
  /** ISO 8601: since when `presence` is what it is; null: lost before anybody here listened. */
  readonly since: string | null;
  /** ISO 8601: the newest that the station wrote on anything, by its own clock. */
  readonly lastToldAt: string | null;
  readonly state: StationState | null;
  readonly ports: readonly PortState[];
}

export type PlantNews =
  /** All of a station but its ports. */
  | { readonly kind: 'station'; readonly station: Omit<LiveStation, 'ports'> }
  | { readonly kind: 'port'; readonly port: PortState }
  | { readonly kind: 'port-gone'; readonly station: string; readonly port: string }
  | { readonly kind: 'station-gone'; readonly station: string }
  | { readonly kind: 'plan-set'; readonly planSet: PublishedPlanSet | null }
  | { readonly kind: 'broker'; readonly broker: BrokerNote };

export interface BrokerNote {
  readonly isConnected: boolean;
  /** ISO 8601. */
  readonly since: string;
  readonly cause: string;
}

export interface PlantMessage {
  readonly id: number;
  readonly news: PlantNews;
}

export interface PlantView {
  /** Everything up to this message is in the view. */
  readonly id: number;
  readonly plant: string;
  readonly broker: BrokerNote;
  readonly planSet: PublishedPlanSet | null;
  readonly stations: readonly LiveStation[];
}

export interface LivePlant {
  view(): PlantView;
  after(id: number): readonly PlantMessage[] | undefined;
  onMessage(listener: (message: PlantMessage) => void): () => void;
  /** What the broker brings. Never throws. */
  hear(message: BrokerMessage): void;
  brokerIs(isConnected: boolean, cause?: string): void;
  /** The page of a station, as it told last. */
  pageOf(station: string): string | null;
  /** What was not taken in, since the start. */
  readonly refused: number;
}

interface Seat {
  presence: Presence | null;
  since: string | null;
  state: StationState | null;
  readonly ports: Map<string, PortState>;
}

const messagesKept = 4_000;
const mostStations = 2_000;
const mostPortsOfStation = 256;
/** Of all that stations retain, as it came: 2,000 of them with 8 ports each take some 20 MiB. */
const mostBytes = 128 * 1024 ** 2;
/** A port with six stages takes 1 KiB. */
const longestLiveBytes = 16 * 1024;

const later = (left: string | null, right: string | null | undefined): string | null =>
  right != null && (left === null || Date.parse(right) > Date.parse(left)) ? right : left;

export const createLivePlant = (options: {
  readonly plant: string;
  readonly topics: PlantTopics;
  readonly clock: Clock;
  /** Of what could not be taken in. */
  onRefused?(topic: string, reason: string): void;
}): LivePlant => {
  const { plant, topics, clock, onRefused } = options;
  const seats = new Map<string, Seat>();
  const listeners = new Set<(message: PlantMessage) => void>();
  const messages: PlantMessage[] = [];
  const now = () => clock.wallClock().toISOString();
  // Above all numbers of the process before this one: whoever resumes with an old one is told.
  let id = clock.wallClock().getTime();
  let planSet: PublishedPlanSet | null = null;
  let broker: BrokerNote = { isConnected: false, since: now(), cause: '' };
  let refused = 0;
  const bytesOf = new Map<string, number>();
  let bytes = 0;

  const tell = (news: PlantNews) => {
    id += 1;
    const message = { id, news };
    messages.push(message);
    if (messages.length > messagesKept) messages.splice(0, messages.length - messagesKept);
    for (const listener of [...listeners]) listener(message);
  };

  const seatOf = (station: string): Seat => {
    const known = seats.get(station);
    if (known !== undefined) return known;
    if (seats.size >= mostStations) throw new RangeError(`more than ${mostStations} stations: ${station} is left out`);
    const seat: Seat = { presence: null, since: null, state: null, ports: new Map() };
    seats.set(station, seat);
    return seat;
  };

  const lastToldAt = ({ presence, state, ports }: Seat): string | null =>
    [...ports.values()].reduce((newest, { at }) => later(newest, at), later(presence?.at ?? null, state?.at));

  /** What a station no longer has stays at the broker until somebody clears it. */
  const portsOf = ({ state, ports }: Seat): readonly PortState[] =>
    [...ports.values()]
      .filter(({ port }) => state === null || state.ports.includes(port))
      .sort((left, right) => left.port.localeCompare(right.port, 'en', { numeric: true }));

  const stationOf = (station: string, seat: Seat): Omit<LiveStation, 'ports'> => ({
    station,
    presence: seat.presence?.presence ?? null,
    since: seat.since,
    lastToldAt: lastToldAt(seat),
    state: seat.state,
  });

  const takePresence = (station: string, seat: Seat, presence: Presence) => {
    const before = seat.presence;
    seat.presence = presence;
    // A last will has no time of its own: that of this machine, where it was heard as it happened.
    if (before?.presence !== presence.presence) seat.since = before === null ? presence.at : now();
    tell({ kind: 'station', station: stationOf(station, seat) });
  };

  const takePort = (seat: Seat, port: PortState) => {
    if (!seat.ports.has(port.port) && seat.ports.size >= mostPortsOfStation)
      throw new RangeError(`more than ${mostPortsOfStation} ports of ${port.station}`);
    seat.ports.set(port.port, port);
    if (seat.state === null || seat.state.ports.includes(port.port)) tell({ kind: 'port', port });
  };

  const takeState = (station: string, seat: Seat, state: StationState) => {
    const shown = portsOf(seat);
    seat.state = state;
    tell({ kind: 'station', station: stationOf(station, seat) });
    for (const { port } of shown) if (!state.ports.includes(port)) tell({ kind: 'port-gone', station, port });
    for (const port of portsOf(seat)) if (!shown.includes(port)) tell({ kind: 'port', port });
  };

  const weigh = (topic: string, more: number) => {
    bytes += more - (bytesOf.get(topic) ?? 0);
    if (more === 0) bytesOf.delete(topic);
    else bytesOf.set(topic, more);
  };

  /** An empty message clears what was retained: somebody took the station, or one of its ports, away. */
  const forget = (topic: string, station: string) => {
    const seat = seats.get(station);
    if (seat === undefined) return;
    const port = [...seat.ports.keys()].find((each) => topics.station(station).port(each) === topic);
    if (port !== undefined) {
      seat.ports.delete(port);
      return tell({ kind: 'port-gone', station, port });
    }
    if (topic === topics.station(station).presence) seat.presence = null;
    if (topic === topics.station(station).state) seat.state = null;
    if (seat.presence !== null || seat.state !== null)
      return tell({ kind: 'station', station: stationOf(station, seat) });
    for (const gone of seat.ports.keys()) weigh(topics.station(station).port(gone), 0);
    seats.delete(station);
    tell({ kind: 'station-gone', station });
  };

  const takePlanSet = (payload: Uint8Array) => {
    planSet = payload.byteLength === 0 ? null : publishedPlanSet(payload);
    tell({ kind: 'plan-set', planSet });
  };

  const take = ({ topic, payload }: BrokerMessage) => {
    if (topic === topics.planSet) return takePlanSet(payload);
    if (payload.byteLength > longestLiveBytes) throw new RangeError(`${payload.byteLength} bytes`);
    const station = stationOfTopic(topic);
    if (station === undefined) return undefined;
    if (bytes + payload.byteLength > mostBytes) throw new RangeError(`more than ${mostBytes} bytes of all stations`);
    if (payload.byteLength === 0) return forget(topic, station);
    const of = topics.station(station);
    if (topic === of.presence) {
      const { message } = readMessage(presenceMessage, payload, station);
      return takePresence(station, seatOf(station), message);
    }
    if (topic === of.state) {
      const { message } = readMessage(stateMessage, payload, station);
      return takeState(station, seatOf(station), message);
    }
    const { message } = readMessage(portMessage, payload, station);
    if (topic !== of.port(message.port)) throw new RangeError(`speaks of the port ${message.port}`);
    return takePort(seatOf(station), message);
  };

  return {
    get refused() {
      return refused;
    },
    view: () => ({
      ...{ id, plant, broker, planSet },
      stations: [...seats]
        .sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
        .map(([station, seat]) => ({ ...stationOf(station, seat), ports: portsOf(seat) })),
    }),
    after: (from) => {
      const oldest = messages[0]?.id ?? id + 1;
      if (from > id || from < oldest - 1) return undefined;
      return messages.filter((message) => message.id > from);
    },
    pageOf: (station) => seats.get(station)?.state?.page ?? null,
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hear: (message) => {
      try {
        take(message);
        if (message.topic !== topics.planSet) weigh(message.topic, message.payload.byteLength);
      } catch (error) {
        if (!isBenchError(error) && !(error instanceof RangeError)) throw error;
        refused += 1;
        onRefused?.(message.topic.slice(0, 256), error.message);
      }
    },
    brokerIs: (isConnected, cause = '') => {
      if (broker.isConnected === isConnected && broker.cause === cause) return;
      const since = broker.isConnected === isConnected ? broker.since : now();
      broker = { isConnected, since, cause };
      tell({ kind: 'broker', broker });
    },
  };
};

/** The services alone, for a phone powered by something else: no board, no run, no verdict. */
import { BenchError } from '../errors.js';
import type { LinkFrame } from '../network/frame-link.js';
import type { IpAttachment, PortNetwork } from '../network/ip-attachment.js';
import { createObserver } from '../observe/observer.js';
import type { Plan } from '../plan/plan.js';
import { startServices } from '../services/services.js';
import type { Clock } from '../timeline/clock.js';
import { shortenToFit } from '../timeline/event-bound.js';
import { type EventStamp, type Fact, type FactOf, sourceOf, type TimelineEvent } from '../timeline/events.js';
import { attachOptions } from './attach-options.js';
import { benchFault } from './bench-fault.js';
import { within } from './power-off.js';
import { createServedPhones, type ServedPhone } from './served-phones.js';

/** Somebody else who gives addresses away on this wire. */
export interface OtherDhcpServer {
  readonly address: string;
  readonly mac: string;
}

/** A phone's wire, opened for serving; `main` builds it. */
export interface ServedWire {
  readonly network: PortNetwork;
  /** Asks untagged and on each VLAN, and resolves after some seconds with whom it heard. Rejects when `signal` is aborted. */
  hearDhcpServers(vlans: readonly (number | null)[], signal: AbortSignal): Promise<readonly OtherDhcpServer[]>;
  close(): Promise<void>;
}

export type ServeState = 'waiting for link' | 'listening for DHCP servers' | 'serving' | 'stopping';

export interface ServeWatcher {
  state(state: ServeState): void;
  /** `phone`: MAC of the one that said it or was told it; null: nobody in particular. */
  event(event: TimelineEvent, phone: string | null): void;
}

export interface ServeParts {
  readonly plan: Plan;
  readonly wire: ServedWire;
  readonly clock: Clock;
  /** Names from plan/faults.ts. */
  readonly faults: ReadonlySet<string>;
  /** Serve though another DHCP server is heard, before or later. */
  readonly besideDhcpServers: boolean;
  /** Aborted: the end. */
  readonly signal: AbortSignal;
  readonly watcher: ServeWatcher;
}

export interface ServeOutcome {
  readonly seconds: number;
  readonly phones: readonly ServedPhone[];
  readonly furtherPhones: number;
  /** Frames of the wire that came faster than they could be read: served perhaps, and not told. */
  readonly droppedFrames: number;
  /** Why it ended by itself; undefined: it was told to. */
  readonly failure: unknown;
}

/** Serves until `signal`; then, or after a failure, everything is taken down, each step within 2 s. Never rejects. */
export const serve = async (parts: ServeParts): Promise<ServeOutcome> => {
  const { plan, wire, clock, signal, watcher } = parts;
  const { link } = wire.network;
  const beganUs = clock.nowUs();
  const stop = new AbortController();
  const phones = createServedPhones();
  const events = createEvents(link.macAddress, clock, watcher, (fact, mac) => {
    phones.note(fact, mac);
    if (!parts.besideDhcpServers && isServersAnswer(fact)) fail(dhcpServerHeard(link.name, [serverOf(fact)]));
  });
  let failure: unknown;
  const fail = (reason: unknown): void => {
    if (stop.signal.aborted) return;
    failure = reason;
    stop.abort();
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (reason) {
      fail(reason);
    }
  };
  signal.addEventListener('abort', () => stop.abort(), { once: true });
  if (signal.aborted) stop.abort();

  let hasLink = false;
  const unsubscribe = [
    link.onFrame((frame) => guarded(() => events.frame(frame))),
    link.onCarrier((up) => {
      if (up !== hasLink) events.tell({ kind: up ? 'link-up' : 'link-down' });
      hasLink = up;
    }),
  ];
  let ip: IpAttachment | undefined;
  let services: { close(): Promise<void> } | undefined;
  const prepare = async (): Promise<void> => {
    if (!parts.besideDhcpServers) {
      if (!hasLink) watcher.state('waiting for link');
      await linkUp(wire.network, stop.signal);
      watcher.state('listening for DHCP servers');
      const others = await wire.hearDhcpServers([...new Set([null, plan.network.voiceVlan])], stop.signal);
      if (others.length > 0) throw dhcpServerHeard(link.name, others);
    }
    ip = await wire.network.attach(attachOptions(plan));
    if (stop.signal.aborted) return;
    services = await startServices({
      plan,
      link,
      ip,
      clock,
      faults: parts.faults,
      tell: (fact) => guarded(() => events.tell(fact)),
    });
    if (!stop.signal.aborted) watcher.state('serving');
  };
  const prepared = prepare().catch(fail);
  await aborted(stop.signal);

  watcher.state('stopping');
  const droppedFrames = link.drops();
  const steps: readonly (readonly [what: string, step: () => Promise<unknown> | undefined])[] = [
    ['what was being prepared', () => prepared],
    ['closing the services', () => services?.close()],
    ["closing the bench's addresses", () => ip?.close()],
    ['closing the wire', () => wire.close()],
  ];
  for (const [what, step] of steps)
    await within(clock, what, Promise.resolve(step())).catch((reason: unknown) => {
      failure ??= reason;
      events.tell(benchFault(reason));
    });
  for (const leave of unsubscribe) leave();
  events.end();
  return {
    seconds: (clock.nowUs() - beganUs) / 1e6,
    phones: phones.phones,
    furtherPhones: phones.further,
    droppedFrames,
    failure,
  };
};

/** Facts and frames as events in one order, numbered from 1, times from now on; nothing of them is kept. */
const createEvents = (
  benchMac: string,
  clock: Clock,
  watcher: ServeWatcher,
  note: (fact: Fact, phone: string | null) => void,
) => {
  const observer = createObserver();
  const beganUs = clock.nowUs();
  let seq = 0;
  let frames = 0;
  let lastAtUs = -1;
  const stampUs = (clockUs: number): number => {
    lastAtUs = Math.max(lastAtUs + 1, clockUs - beganUs);
    return lastAtUs;
  };
  const admit = (fact: Fact, atUs: number, phone: string | null, stamp?: EventStamp): void => {
    seq += 1;
    const event = { seq, atUs, source: sourceOf(fact.kind), ...(stamp === undefined ? {} : { stamp }), fact };
    watcher.event(shortenToFit(event), phone);
    note(fact, phone);
  };
  return {
    tell: (fact: Fact) => admit(fact, stampUs(clock.nowUs()), null),
    frame: ({ bytes, direction, atUs: clockUs }: LinkFrame) => {
      frames += 1;
      const atUs = stampUs(clockUs);
      for (const fact of observer.frame({ bytes, direction, atUs, number: frames }))
        if (!isOwnQuestion(fact, benchMac)) admit(fact, atUs, phoneOf(fact, bytes), { frame: frames });
    },
    end: () => {
      for (const fact of observer.end()) admit(fact, stampUs(clock.nowUs()), speakerOf(fact));
    },
  };
};

/** Ours, when we listened for other DHCP servers. */
const isOwnQuestion = (fact: Fact, benchMac: string): boolean => fact.kind === 'dhcp' && fact.clientMac === benchMac;

/** Whose story it belongs to: DHCP names its client, a frame of ours goes to the phone, the rest comes from one. */
const phoneOf = (fact: Fact, frame: Uint8Array): string | null => {
  if (fact.kind === 'dhcp') return fact.clientMac;
  if (!('from' in fact) || fact.from === 'phone') return speakerOf(fact);
  const isForAll = ((frame[0] ?? 1) & 1) === 1;
  return isForAll ? null : [...frame.subarray(0, 6)].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
};

const speakerOf = (fact: Fact): string | null => ('from' in fact && fact.from === 'phone' ? fact.mac : null);

/** What comes in from the wire is a phone's word to the observer; such a word is a server's. */
const isServersAnswer = (fact: Fact): fact is FactOf<'dhcp'> =>
  fact.kind === 'dhcp' && fact.from === 'phone' && ['OFFER', 'ACK', 'NAK'].includes(fact.messageType);

const serverOf = ({ serverIdentifier, sourceAddress, mac }: FactOf<'dhcp'>): OtherDhcpServer => ({
  address: serverIdentifier ?? sourceAddress,
  mac,
});

const dhcpServerHeard = (interfaceName: string, servers: readonly OtherDhcpServer[]): BenchError =>
  new BenchError(
    'DHCP_SERVER_HEARD',
    `${interfaceName}: ${servers.map(({ address, mac }) => `${address} (${mac})`).join(', ')}`,
  );

const linkUp = (network: PortNetwork, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    network.link.onCarrier((up) => {
      if (up) resolve();
    });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

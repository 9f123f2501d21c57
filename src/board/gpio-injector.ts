/**
 * The Injector over the board's discrete lines alone (docs/board-protocol.md, "The discrete lines"). The lines tell that the
 * board powers, that it is ready and that the e-stop is closed; why it took power away is concluded from what this side
 * itself did, and is UNTOLD where that explains nothing.
 */
import { BenchError } from '../errors.js';
import type { GpioEdge } from '../os/gpio/gpio-lines.js';
import type { Clock } from '../timeline/clock.js';
import { type BoardFact, type BoardLine, boardLines, type EventStamp, type PowerOffCause } from '../timeline/events.js';
import { feeds } from '../timeline/feed.js';
import { sleep } from '../timeline/wait.js';
import type { BoardLines } from './board-lines.js';
import type { BoardReport, Injector, PowerTerms } from './injector.js';
import { profileIdOf } from './profile-id.js';

export interface GpioInjectorParts {
  /** Taken for this driver, closed by it. */
  readonly lines: BoardLines;
  readonly clock: Clock;
  /** Of the profile that is stored on the board, as the operator entered it. */
  readonly profileId: number;
  /** As the board's label says; '' where nobody said. */
  readonly serial: string;
}

/** Host on serial fallen silent: 2 s, and a fault is shown for 200 ms. */
const readyWithinMs = 4_000;
const pollMs = 20;
const offWithinMs = 1_000;
const farewellMs = 300;
/** The board knows 500 ms after the off whether a switch is stuck, and then keeps FAULT_N low. */
const settledAfterMs = 700;
/** Twice 250 bursts of 16 ms, what the board listens between them, and an off-dwell of 5 s before. */
const discoveryWithinMs = 15_000;
/** The board takes no line for a heartbeat whose edges are farther apart. */
const slowestHeartbeatMs = 500;
/** Two edges make it alive. */
const edgesToLive = 3;

type Phase =
  | { readonly name: 'off' }
  | { readonly name: 'discovering'; readonly limit: { cancel(): void } }
  | { readonly name: 'powering'; readonly terms: PowerTerms }
  | { readonly name: 'on'; readonly terms: PowerTerms; linkDownSinceUs: number | null; commandedAtUs: number | null };

type LineName = keyof typeof import('./board-lines.js').boardLinesRequest.lines;

const isKept = (name: LineName): name is BoardLine => (boardLines as readonly string[]).includes(name);

const refused = (code: string) => new BenchError('BOARD_REFUSED', `the discrete lines (${code})`);

export const openGpioInjector = ({ lines, clock, profileId, serial }: GpioInjectorParts): Injector => {
  const listeners = new Set<(report: BoardReport) => void>();
  let phase: Phase = { name: 'off' };
  let lost: BenchError | undefined;
  let closed = false;
  let heartbeatLevel = false;
  /** Newest last. */
  let beatsUs: readonly number[] = [];
  let estopOpenedUs: number | null = null;
  let settling: { cancel(): void } | undefined;

  const tell = (fact: BoardFact, atUs?: number) => {
    if (closed) return;
    const stamp: EventStamp = atUs === undefined || lines.stamps !== 'kernel' ? {} : { kernelUs: atUs };
    for (const listener of [...listeners]) listener({ fact, stamp });
  };

  const lose = (detail: string) => {
    if (lost !== undefined) return;
    lost = new BenchError('BOARD_LOST', `the discrete lines (${detail})`);
    settling?.cancel();
    endDiscovery();
    phase = { name: 'off' };
    tell({ kind: 'board-lost', code: detail });
  };
  lines.onLost(() => lose('the GPIO chip went away'));

  const set = (name: 'FLP_START' | 'PWR_REQ', high: boolean) => {
    if (lost !== undefined) throw lost;
    try {
      if (lines.get(name) === high) return;
      lines.set(name, high);
    } catch (error) {
      lose(error instanceof Error ? error.message : String(error));
      throw lost;
    }
    tell({ kind: 'line-edge', line: name, high }, clock.nowUs());
  };
  /** A chip that has gone shows nothing high. */
  const isHigh = (name: LineName): boolean => {
    try {
      return lines.get(name);
    } catch (error) {
      lose(error instanceof Error ? error.message : String(error));
      return false;
    }
  };
  /** Never throws: what cannot be driven any more is off by itself. */
  const release = () => {
    for (const name of ['PWR_REQ', 'FLP_START'] as const) {
      try {
        set(name, false);
      } catch {}
    }
  };

  const endDiscovery = () => {
    if (phase.name !== 'discovering') return;
    phase.limit.cancel();
    phase = { name: 'off' };
  };
  const discovered = (outcome: 'found' | 'not-found', atUs?: number) => {
    endDiscovery();
    release();
    const nothing = { method: null, bursts: null, matches: null, partnerWord: null, foreignPulses: null } as const;
    tell({ kind: 'discovery', outcome, ...nothing }, atUs);
  };

  // ---- power ---------------------------------------------------------------------------------------------------

  const poweredOn = (terms: PowerTerms, atUs: number) => {
    phase = { name: 'on', terms, linkDownSinceUs: atUs, commandedAtUs: null };
    const { pairs, polarity } = terms.feed ?? (terms.method === '802.3af' ? feeds[1] : feeds[0]);
    const method = terms.method === '802.3af' ? '802.3af' : 'prestandard';
    tell({ kind: 'power-on', method, pairs, polarity, discoveryAgeMs: null }, atUs);
  };

  /** Heartbeats had stayed away for as long as the board waits; measured by edges of ours and a stamp of the kernel's. */
  const heartbeatWasLate = ({ heartbeatTimeoutMs }: PowerTerms, atUs: number): boolean =>
    atUs - (beatsUs.at(-1) ?? 0) >= 900 * Math.min(heartbeatTimeoutMs, slowestHeartbeatMs);

  /** Why PGOOD fell, and since when; null: there is no telling. */
  const causeOf = (
    on: Extract<Phase, { name: 'on' }>,
    atUs: number,
  ): { cause: PowerOffCause; sinceUs: number | null } => {
    const { terms, linkDownSinceUs, commandedAtUs } = on;
    if (commandedAtUs !== null) return { cause: 'COMMANDED', sinceUs: commandedAtUs };
    if (!isHigh('ESTOP_OK')) return { cause: 'ESTOP', sinceUs: estopOpenedUs };
    if (heartbeatWasLate(terms, atUs)) return { cause: 'HEARTBEAT', sinceUs: beatsUs.at(-1) ?? null };
    if (linkDownSinceUs !== null && atUs - linkDownSinceUs >= 950 * terms.linkDeadlineMs)
      return { cause: 'LINK_DEADLINE', sinceUs: null };
    return { cause: 'UNTOLD', sinceUs: null };
  };

  const poweredOff = (on: Extract<Phase, { name: 'on' }>, atUs: number) => {
    const { cause, sinceUs } = causeOf(on, atUs);
    phase = { name: 'off' };
    release();
    const switchOffMs = sinceUs === null ? null : Math.max(0, (atUs - sinceUs) / 1000);
    tell({ kind: 'power-off', cause, switchOffMs, milliamps: null }, atUs);
    settling = clock.alarm(settledAfterMs, () => {
      if (lost !== undefined || closed) return;
      if (isHigh('FAULT_N')) tell({ kind: 'jack-safe', jackSafeMs: null });
      else if (isHigh('ESTOP_OK')) tell({ kind: 'board-fault', code: 'UNTOLD', jackMillivolts: null });
      else lose('all lines are low: no supply, or the cable is out');
    });
  };

  const powerFailed = (terms: PowerTerms, atUs: number) => {
    phase = { name: 'off' };
    release();
    if (!isHigh('ESTOP_OK')) return tell({ kind: 'board-fault', code: 'ESTOP', jackMillivolts: null }, atUs);
    if (heartbeatWasLate(terms, atUs))
      return tell({ kind: 'board-fault', code: 'HEARTBEAT', jackMillivolts: null }, atUs);
    discovered('not-found', atUs);
  };

  const hear = ({ name, active: high, atUs }: GpioEdge<LineName>) => {
    if (lost !== undefined) return;
    if (isKept(name)) tell({ kind: 'line-edge', line: name, high }, atUs);
    if (name === 'ESTOP_OK' && !high) estopOpenedUs = atUs;
    if (name === 'LOOP' && high && phase.name === 'discovering') discovered('found', atUs);
    if (name === 'FAULT_N' && !high) {
      if (phase.name === 'discovering') discovered('not-found', atUs);
      if (phase.name === 'powering') powerFailed(phase.terms, atUs);
    }
    if (name !== 'PGOOD') return;
    if (high && phase.name === 'powering') poweredOn(phase.terms, atUs);
    if (!high && phase.name === 'on') poweredOff(phase, atUs);
  };
  lines.onEdge(hear);

  // ---- the contract ----------------------------------------------------------------------------------------------

  const comesTrue = async (condition: () => boolean, withinMs: number): Promise<boolean> => {
    for (let waitedMs = 0; !condition(); waitedMs += pollMs) {
      if (waitedMs >= withinMs) return false;
      await sleep(clock, pollMs);
    }
    return true;
  };

  const refuseUnlessReady = () => {
    if (lost !== undefined) throw lost;
    if (!isHigh('ESTOP_OK')) throw refused('ESTOP');
    if (phase.name !== 'off' || isHigh('PGOOD')) throw refused('BUSY');
    if (!isHigh('FAULT_N')) throw refused('FAULT');
  };

  const off = async () => {
    if (lost !== undefined) throw lost;
    if (phase.name === 'on') phase.commandedAtUs ??= clock.nowUs();
    endDiscovery();
    set('PWR_REQ', false);
    set('FLP_START', false);
    if (phase.name === 'powering') phase = { name: 'off' };
    const isOff = await comesTrue(() => !isHigh('PGOOD'), offWithinMs);
    if (lost !== undefined) throw lost;
    if (!isOff) throw new BenchError('BOARD_SILENT', 'PGOOD stays high although PWR_REQ is low');
  };

  const needsSerial = async (what: string): Promise<never> => {
    throw lost ?? new BenchError('NEEDS_SERIAL', what);
  };

  return {
    identify: async () => {
      await off();
      const isReady = await comesTrue(() => isHigh('FAULT_N'), readyWithinMs);
      if (lost !== undefined) throw lost;
      if (!isReady) {
        const detail = isHigh('ESTOP_OK') ? 'FAULT_N stays low' : 'FAULT_N and ESTOP_OK stay low';
        throw new BenchError('BOARD_NOT_READY', detail);
      }
      return {
        protocol: null,
        firmware: null,
        revision: null,
        serial,
        resetCause: null,
        calibratedOn: null,
        profileId,
      };
    },
    discoverAndPower: async (terms) => {
      if (lost !== undefined) throw lost;
      if (profileIdOf(terms) !== profileId) throw refused('PROFILE');
      if (terms.method === 'auto') throw refused('METHOD');
      refuseUnlessReady();
      const recent = beatsUs.filter((atUs) => clock.nowUs() - atUs < slowestHeartbeatMs * 1000);
      if (recent.length < edgesToLive) throw refused('NO_HEARTBEAT');
      settling?.cancel();
      set('FLP_START', false);
      phase = { name: 'powering', terms };
      set('PWR_REQ', true);
    },
    discover: async () => {
      refuseUnlessReady();
      phase = { name: 'discovering', limit: clock.alarm(discoveryWithinMs, () => discovered('not-found')) };
      set('FLP_START', true);
    },
    off,
    heartbeat: () => {
      if (lost !== undefined || closed) return false;
      heartbeatLevel = !heartbeatLevel;
      try {
        lines.set('HEARTBEAT', heartbeatLevel);
        beatsUs = [...beatsUs.slice(1 - edgesToLive), clock.nowUs()];
        return true;
      } catch (error) {
        lose(error instanceof Error ? error.message : String(error));
        return false;
      }
    },
    reportLink: async (up) => {
      if (lost !== undefined) throw lost;
      if (phase.name !== 'on') return;
      phase.linkDownSinceUs = up ? null : (phase.linkDownSinceUs ?? clock.nowUs());
      set('FLP_START', up);
    },
    takeStoredTrip: () => needsSerial('the last trip'),
    selftest: () => needsSerial('the self-test'),
    storeProfile: () => needsSerial('storing a profile'),
    readProfile: () => needsSerial('reading the profile'),
    show: (signal) => {
      if (lost !== undefined || closed) return;
      try {
        lines.set('STATUS_LIGHT', signal === 'running');
      } catch (error) {
        lose(error instanceof Error ? error.message : String(error));
      }
    },
    onReport: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      if (closed) return;
      endDiscovery();
      release();
      await comesTrue(() => !isHigh('PGOOD'), farewellMs);
      closed = true;
      settling?.cancel();
      lines.close();
      lost ??= new BenchError('BOARD_LOST', 'the discrete lines (closed by us)');
    },
  };
};

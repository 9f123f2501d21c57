import type { BoardFact, PowerOffCause } from '../timeline/events.js';
import type { injectorPulseNanoseconds, selfTestResults } from '../wire/injector-messages.js';

/**
 * The contract with the injector board. What every driver guarantees:
 *
 * - Power is off before `identify` has answered, after `close`, after a crash of this process, after the cable is
 *   pulled and after garbage on the line: the board sees to it by itself, the driver never holds it on.
 * - There is no way to power a jack but `discoverAndPower`; the board discovers and powers by itself, in one command.
 * - Calls may overlap; the board answers them in order. A call in flight at `close` or when the board is lost rejects
 *   with BenchError BOARD_LOST. A refusal rejects with BenchError BOARD_REFUSED that names the board's code, and nothing
 *   has changed.
 * - Everything the board reports by itself arrives through `onReport`, in order, stamped with board cycles. No report
 *   arrives after `close` has resolved.
 * - Units are in the names.
 */
export interface BoardIdentity {
  readonly protocol: number;
  readonly firmware: string;
  readonly revision: number;
  readonly serial: string;
  readonly resetCause: string;
  /** `2026-11-23`; null: no valid calibration, the board refuses to discover and to power. */
  readonly calibratedOn: string | null;
}

export interface PowerRequest {
  readonly echoes: number;
  /** Of one pulse width. */
  readonly maxBursts: number;
  /** Of the first try; where nothing at all comes back the board repeats the discovery once with 1000. */
  readonly pulseNanoseconds: (typeof injectorPulseNanoseconds)[number];
  readonly inrushTimerMs: number;
  readonly overloadMilliamps: number;
  readonly overloadMs: number;
  readonly underloadMilliamps: number;
  readonly underloadMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly linkDeadlineMs: number;
  readonly offDwellMs: number;
}

export interface BoardReport {
  readonly fact: BoardFact;
  readonly boardCycles: number;
}

export interface StoredTrip {
  readonly cause: PowerOffCause;
  readonly switchOffMs: number;
  /** null: the jack was not seen below 2.8 V yet. */
  readonly jackSafeMs: number | null;
}

export type SelfTestResult = (typeof selfTestResults)[number];

/** What the board found out about itself; `not possible`: this revision has no line for it. */
export interface SelfTest {
  readonly checks: {
    /** The ADC's reference against the chip's own bandgap, and its zero. */
    readonly reference: SelfTestResult;
    readonly adcZero: SelfTestResult;
    /** No current and less than 2.8 V on the jack, with the switches open. */
    readonly currentZero: SelfTestResult;
    readonly jackOff: SelfTestResult;
    /** The short comparator's latch can be cleared. */
    readonly shortLatch: SelfTestResult;
    /** The FLP comparator hears nothing of what is sent while its front end is off the jack. */
    readonly comparatorQuiet: SelfTestResult;
    /** The FLP comparator hears what is sent, by a loop on the board. */
    readonly loopback: SelfTestResult;
    /** The discovery relay reads back each position. */
    readonly relayFrontEnd: SelfTestResult;
    readonly relayPassThrough: SelfTestResult;
    /** Closed. */
    readonly estop: SelfTestResult;
  };
  readonly resetCause: string;
  readonly referenceCounts: number;
  readonly milliamps: number;
  readonly jackMillivolts: number;
}

export interface Injector {
  identify(): Promise<BoardIdentity>;
  /** Resolves when the board has accepted; what follows arrives as reports (`flp-burst`, `discovery`, `power-on`, ...). */
  discoverAndPower(request: PowerRequest): Promise<void>;
  /** Discovery alone; the jack stays off. */
  discover(request: Pick<PowerRequest, 'echoes' | 'maxBursts' | 'pulseNanoseconds'>): Promise<void>;
  /** Resolves when the board has accepted; `power-off` follows as a report. Allowed in every state. */
  off(): Promise<void>;
  /** To be called every 100 ms from the loop that conducts the run. Cheap, never throws, never waits. */
  heartbeat(): void;
  /** Tells the board that link came up or went down after power-on; up lifts the board's link deadline. */
  reportLink(up: boolean): Promise<void>;
  /** The last trip the board kept, and forgets it; undefined when there is none. */
  takeStoredTrip(): Promise<StoredTrip | undefined>;
  /** Rejects with BOARD_REFUSED (BUSY) unless the board is off and at rest. Never energises the jack. Takes some 100 ms. */
  selftest(): Promise<SelfTest>;
  onReport(listener: (report: BoardReport) => void): () => void;
  close(): Promise<void>;
}

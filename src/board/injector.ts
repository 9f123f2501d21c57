import type { BoardFact, EventStamp, PowerOffCause } from '../timeline/events.js';
import type { Feed, PowerMethod } from '../timeline/feed.js';
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
 * - Everything the board reports by itself arrives through `onReport`, in order, stamped with board cycles (of lines: with the kernel's time). No report
 *   arrives after `close` has resolved.
 * - The jack is never fed by other pairs or another polarity than asked for: what a board cannot feed it refuses
 *   (PAIRS). It says what it fed in `power-on`.
 * - The driver of the discrete lines alone knows no more than the lines tell: what a report cannot say is null, a call
 *   that wants serial rejects with NEEDS_SERIAL and changes nothing, and terms other than the stored profile's are refused
 *   (PROFILE).
 * - Units are in the names.
 */
export interface BoardIdentity {
  /** null here and below: not told by the discrete lines. */
  readonly protocol: number | null;
  readonly firmware: string | null;
  readonly revision: number | null;
  readonly serial: string;
  readonly resetCause: string | null;
  /** `2026-11-23`; null: no valid calibration, the board refuses to discover and to power; or not told. */
  readonly calibratedOn: string | null;
  /** Of the profile stored on the board; null: none that is valid. Over the lines alone: what the operator says it is. */
  readonly profileId: number | null;
}

/** How an unpowered phone is looked for, and what it is fed with and kept within: a request's, and a stored profile's. */
export interface PowerTerms {
  readonly method: PowerMethod;
  /** null: by the method that found the phone, spare pairs in its own polarity. */
  readonly feed: Feed | null;
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

/** What the board does by itself when the discrete lines command it and no host is on serial. */
export interface BoardProfile extends PowerTerms {
  /** 1..65535. */
  readonly id: number;
}

export interface BoardReport {
  readonly fact: BoardFact;
  readonly stamp: EventStamp;
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
    /** Closed. While it is open the checks of both switches and of the detection source are not possible. */
    readonly estop: SelfTestResult;
    /** The second switch by its rest contact, with the first one open. */
    readonly switch2Opens: SelfTestResult;
    readonly switch2Closes: SelfTestResult;
    /** The first switch by its gate's level, with the second one open. */
    readonly gateOpens: SelfTestResult;
    readonly gateCloses: SelfTestResult;
    /** The gate falls by itself when PUMP is no longer toggled. */
    readonly pumpNeeded: SelfTestResult;
    /** Both levels of the 802.3af detection source, not joined to the jack. */
    readonly detectionSource: SelfTestResult;
    /** A guard loop that hangs is ended by the watchdog; `not possible` unless asked for. */
    readonly watchdog: SelfTestResult;
  };
  readonly resetCause: string;
  readonly referenceCounts: number;
  readonly milliamps: number;
  readonly jackMillivolts: number;
}

/** What a person at the bench shall see and hear: a run goes on, or how it ended; `none`: all dark. */
export type BenchSignal = 'none' | 'running' | 'pass' | 'marginal' | 'fail' | 'error';

export interface Injector {
  identify(): Promise<BoardIdentity>;
  /** Resolves when the board has accepted; what follows arrives as reports (`flp-burst`, `discovery`, `power-on`, ...). */
  discoverAndPower(request: PowerTerms): Promise<void>;
  /** Discovery alone; the jack stays off. A low-voltage probe (below 10 V) may be part of it. */
  discover(request: Pick<PowerTerms, 'method' | 'echoes' | 'maxBursts' | 'pulseNanoseconds'>): Promise<void>;
  /** Resolves when the board has accepted; `power-off` follows as a report. Allowed in every state. */
  off(): Promise<void>;
  /**
   * To be called every 100 ms from the loop that conducts the run. Cheap, never throws, never waits. False: none could be sent,
   * because the board is gone or has said nothing yet that it would answer.
   */
  heartbeat(): boolean;
  /** Tells the board that link came up or went down after power-on; up lifts the board's link deadline. */
  reportLink(up: boolean): Promise<void>;
  /** The last trip the board kept, and forgets it; undefined when there is none. */
  takeStoredTrip(): Promise<StoredTrip | undefined>;
  /**
   * Rejects with BOARD_REFUSED (BUSY) unless the board is off and at rest. Never energises the jack, and never closes both
   * switches together. Takes up to a second. `provesWatchdog`: the board then stops feeding its watchdog, restarts, and
   * has been identified again when this resolves; other calls must wait until then. Whoever drives no board that can
   * restart by itself says `not possible`.
   */
  selftest(options?: { readonly provesWatchdog: boolean }): Promise<SelfTest>;
  /**
   * Writes the profile into the board's memory, where it outlives the loss of supply; resolves when it has been read back.
   * Off and at rest only (BUSY); contents out of bounds are refused (BAD_PARAMETER, PAIRS) and the old profile stays.
   * The id is the terms' own (profile-id.ts), so that who knows it knows the terms.
   */
  storeProfile(terms: PowerTerms): Promise<BoardProfile>;
  /** undefined: none that is valid. */
  readProfile(): Promise<BoardProfile | undefined>;
  /** On the bench's own lamps and buzzer, where the driver reaches any. Stays after `close`. Never throws, never waits. */
  show(signal: BenchSignal): void;
  onReport(listener: (report: BoardReport) => void): () => void;
  close(): Promise<void>;
}

import type { Injector, PowerTerms } from '../board/injector.js';
import { isBenchError } from '../errors.js';
import type { IpAttachment } from '../network/ip-attachment.js';
import { createBridgedStory } from '../observe/phones.js';
import { type CalibrationTerms, calibrationDue } from '../plan/calibration.js';
import type { Label } from '../plan/identity.js';
import type { Plan } from '../plan/plan.js';
import type { Service } from '../services/service.js';
import { startServices } from '../services/services.js';
import type { Clock } from '../timeline/clock.js';
import type { Fact } from '../timeline/events.js';
import { feeds } from '../timeline/feed.js';
import { sleep } from '../timeline/wait.js';
import { attachOptions } from './attach-options.js';
import { benchFault } from './bench-fault.js';
import { heartbeatPeriodMs, startHeartbeat } from './heartbeat.js';
import { createLinkReporter } from './link-reporter.js';
import type { OpenPort } from './port.js';
import { createPowerWatch, powerOff, within } from './power-off.js';
import { powerTerms } from './power-terms.js';
import { createPrompter, type Prompter } from './prompter.js';
import type { RunTimeline } from './run-timeline.js';
import type { RunRequest } from './runner.js';
import type { PortSupply } from './supply-keeper.js';

export interface ConductParts {
  readonly plan: Plan;
  readonly port: OpenPort;
  readonly timeline: RunTimeline;
  readonly clock: Clock;
  readonly faults: ReadonlySet<string>;
  /** Aborted: an operator or a signal ends the run; the reason's text goes into the record. */
  readonly signal: AbortSignal;
  /** Aborted: the run can no longer be recorded; whoever aborted it has told why. Power goes off. */
  readonly recordingFailed: AbortSignal;
  readonly runId: string;
  readonly label: Label;
  /** Of the bench file; null: the board's figures count for ever. */
  readonly calibration: CalibrationTerms | null;
  /** Somebody else serves, behind the port's uplink: our services stay off. */
  readonly observe: boolean;
  /** undefined: the bench file tells of none, power is there for all. */
  readonly supply: PortSupply | undefined;
  readonly request: Pick<RunRequest, 'answers' | 'isAttended'>;
  /** Told before anything is asked: whose answers are taken. */
  onPrompter(prompter: Prompter): void;
}

/**
 * One run, from arm to off. Returns when power is off and the last event is on the timeline; it throws only for errors
 * before anything was armed. Everything that goes wrong later is a fact on the timeline, and power goes off first.
 */
export const conduct = async (parts: ConductParts): Promise<void> => {
  const { plan, port, timeline, clock, signal } = parts;
  const { injector, network } = port;
  const stop = new AbortController();
  const endRun = (reason: string) => stop.abort(reason);
  const fault = (error: unknown) => {
    timeline.tell(benchFault(error));
    endRun('the bench failed');
  };
  const onAbort = () => {
    timeline.tell({ kind: 'interrupted', by: String(signal.reason) });
    endRun(`interrupted: ${String(signal.reason)}`);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  parts.recordingFailed.addEventListener('abort', () => endRun('the recording failed'), { once: true });

  timeline.tell({ kind: 'run-start', runId: parts.runId, limited: network.limited });
  const { label } = parts;
  if (label.serial !== null || label.mac !== null) timeline.tell({ kind: 'label', ...label });
  timeline.tell({ kind: 'capture-proven' });

  const link = createLinkReporter({
    ...{ injector, clock, hidesCarrier: network.hidesCarrier === true },
    tell: (fact) => timeline.tell(fact),
  });
  const power = createPowerWatch(link);
  const story = parts.observe ? createBridgedStory() : undefined;
  const unsubscribe = [
    injector.onReport(({ fact, stamp }) => {
      timeline.tell(fact, stamp);
      power.hear(fact);
      if (fact.kind === 'power-on') parts.supply?.poweredOn(plan);
    }),
    network.link.onCarrier((up) => link.carrier(up)),
    network.link.onFrame((frame) => {
      const isIn = frame.direction === 'in';
      const isOurs = isIn && network.isBenchSide(sourceMac(frame.bytes));
      // Before what the frame shows: a phone that speaks has link.
      if (isIn && !isOurs) link.heard();
      if (story?.concerns(frame) ?? true) timeline.frame(frame);
      if (isOurs) link.ownFrameReturned();
    }),
  ];
  const heartbeat = startHeartbeat(injector, clock);
  const prompter = createPrompter({ runId: parts.runId, timeline, request: parts.request });
  parts.onPrompter(prompter);
  const watch = clock.every(20, () => {
    prompter.ask();
    const end = timeline.tribunal.shouldEnd();
    if (end !== null) endRun(end.reason);
  });
  let ip: IpAttachment | undefined;
  let services: Service | undefined;
  const serve = async () => {
    ip = await network.attach(attachOptions(plan));
    services = await startServices({
      plan,
      link: network.link,
      ip,
      clock,
      faults: parts.faults,
      tell: (fact) => timeline.tell(fact),
    });
  };
  const prepareAndPower = async () => {
    const identity = await injector.identify();
    timeline.tell({ kind: 'board-identified', ...identityFact(identity) });
    if (parts.calibration !== null) {
      const today = clock.wallClock().toISOString().slice(0, 10);
      const due = calibrationDue(parts.calibration, identity.calibratedOn);
      timeline.tell({ kind: 'calibration', calibratedOn: identity.calibratedOn, due, today });
      // The judge of power has the word; where it refuses, nothing is powered.
      if (timeline.tribunal.shouldEnd() !== null) return;
    }
    if (parts.observe) timeline.tell({ kind: 'bridged', uplink: port.uplink ?? '' });
    else await serve();
    if (stop.signal.aborted) return;
    // The last thing before the discovery, which must be fresh when power goes on; no stage has begun.
    if (parts.supply !== undefined) await waitForSupply(parts.supply, parts, stop.signal);
    if (stop.signal.aborted) return;
    timeline.tell({ kind: 'power-requested' });
    // The board powers nobody whose heartbeat it has not heard.
    await Promise.race([heartbeat.begun, sleep(clock, 2.5 * heartbeatPeriodMs, stop.signal)]);
    const asked = powerTerms(plan);
    // On purpose: pairs that revision A does not feed.
    const request = parts.faults.has('wrong-pairs') ? { ...asked, feed: feeds[2] } : asked;
    await requestPower(injector, plan, request, (fact) => timeline.tell(fact), clock, stop.signal);
  };
  // Nobody waits for it: a step that hangs must not keep the end of the run away.
  const prepared = prepareAndPower().catch((error) => {
    // What fails because the run ends already is no fault of its own.
    if (!stop.signal.aborted) fault(error);
  });
  await aborted(stop.signal);

  // Power first, whatever else hangs.
  const reason = String(stop.signal.reason ?? 'ended');
  const off = powerOff({ injector, clock, timeline, power });
  // While the board still hears of it: a frame that says goodbye, where the phone is there to hear it.
  services?.leave?.();
  await off.catch((error) => timeline.tell(benchFault(error)));
  // What a switch that nobody knows to be open may still pass stays counted.
  parts.supply?.ended(power.isSwitchOpen);
  heartbeat.cancel();
  watch.cancel();
  signal.removeEventListener('abort', onAbort);
  const steps: readonly (readonly [what: string, step: () => Promise<void> | undefined])[] = [
    ['what was being prepared', () => prepared],
    ['closing the services', () => services?.close()],
    ["closing the bench's addresses", () => ip?.close()],
  ];
  for (const [what, step] of steps)
    await within(clock, what, Promise.resolve(step())).catch((error) => timeline.tell(benchFault(error)));
  for (const leave of unsubscribe) leave();
  const pacing = await within(clock, "the simulated bench's pacing", port.pacing()).catch(() => null);
  if (pacing !== null) timeline.tell({ kind: 'simulated-time', ...pacing });
  timeline.end(reason);
};

const waitForSupply = async (
  supply: PortSupply,
  { plan, port, timeline }: ConductParts,
  signal: AbortSignal,
): Promise<void> => {
  if (supply.isUnproven()) {
    // Now the board answers, and takes an "off".
    await port.injector.off();
    supply.proven();
  }
  timeline.tell(await supply.reserve(plan, { signal, onWait: (fact) => timeline.tell(fact) }));
};

const identityFact = (identity: Awaited<ReturnType<Injector['identify']>>) => ({
  firmware: identity.firmware,
  revision: identity.revision,
  serial: identity.serial,
  resetCause: identity.resetCause,
  calibratedOn: identity.calibratedOn,
});

/** Refusals that pass by waiting: a run right after another, and a board that has not heard us for long enough yet. */
const passingRefusals = (
  plan: Plan,
): Readonly<Record<string, { readonly waitMs: number; readonly times: number }>> => ({
  OFF_DWELL: { waitMs: plan.power.offDwellMs + 100, times: 1 },
  NO_HEARTBEAT: { waitMs: heartbeatPeriodMs / 2, times: (6 * plan.power.heartbeatTimeoutMs) / heartbeatPeriodMs },
});

/** Asks for power, waiting out such refusals a few times. Other refusals become facts. */
const requestPower = async (
  injector: Injector,
  plan: Plan,
  request: PowerTerms,
  tell: (fact: Fact) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  const passing = passingRefusals(plan);
  const waited = new Map<string, number>();
  for (;;) {
    try {
      return await injector.discoverAndPower(request);
    } catch (error) {
      const code = refusalCode(error);
      if (code === undefined) throw error;
      const times = (waited.get(code) ?? 0) + 1;
      const refusal = passing[code];
      if (refusal === undefined || times > refusal.times) return tell({ kind: 'power-refused', code });
      waited.set(code, times);
      await sleep(clock, refusal.waitMs, signal);
    }
  }
};

const refusalCode = (error: unknown): string | undefined =>
  isBenchError(error) && error.code === 'BOARD_REFUSED'
    ? (/\(([A-Z_]+)\)/.exec(error.message)?.[1] ?? 'UNKNOWN')
    : undefined;

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

const sourceMac = (frame: Uint8Array): string =>
  [...frame.subarray(6, 12)].map((octet) => octet.toString(16).padStart(2, '0')).join(':');

import type { Injector } from '../board/injector.js';
import { BenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import type { BoardFact } from '../timeline/events.js';
import type { LinkReporter } from './link-reporter.js';
import type { RunTimeline } from './run-timeline.js';

/** Off commanded -> the board's own word that the jack is safe; it decides on SWITCH_STUCK after 500 ms. */
const powerOffWaitMs = 1_500;
/** Each step of the teardown has its own limit, so that its end is certain whatever hangs. */
const teardownStepMs = 2_000;

/** What the board says of its switches; the host never guesses. */
export interface PowerWatch {
  hear(fact: BoardFact): void;
  readonly isOn: boolean;
  /** Powered at some time, and neither "jack safe" nor "stuck" was heard since. */
  readonly jackUnknown: boolean;
  /** The board's own word, after all that could have closed it. False: nobody knows; a board that is lost says nothing. */
  readonly isSwitchOpen: boolean;
  /** The board took our last "off". */
  offTaken(): void;
}

/** From here on the switch is closed, or may be: a board that is lost tells nothing, nor does one whose switch is stuck. */
const closesOrHides = (fact: BoardFact): boolean =>
  fact.kind === 'power-on' ||
  fact.kind === 'board-lost' ||
  (fact.kind === 'board-fault' && (fact.code === 'SWITCH_STUCK' || fact.code === 'FOREIGN_VOLTAGE'));

export const createPowerWatch = (link: LinkReporter): PowerWatch => {
  let isOn = false;
  let jackUnknown = false;
  /** What was heard last of the switches. */
  let heard: 'nothing' | 'closed' | 'open' = 'nothing';
  return {
    get isOn() {
      return isOn;
    },
    get jackUnknown() {
      return jackUnknown;
    },
    get isSwitchOpen() {
      return heard === 'open';
    },
    offTaken: () => {
      if (heard === 'nothing') heard = 'open';
    },
    hear: (fact) => {
      if (fact.kind === 'jack-safe') heard = 'open';
      else if (closesOrHides(fact)) heard = 'closed';
      if (fact.kind === 'power-on') {
        isOn = true;
        jackUnknown = true;
        link.powered();
      }
      if (fact.kind === 'power-off' || fact.kind === 'board-lost') {
        isOn = false;
        link.unpowered();
      }
      if (fact.kind === 'jack-safe' || fact.kind === 'board-fault' || fact.kind === 'board-lost') jackUnknown = false;
    },
  };
};

/** Takes power away and waits, within limits, for the board's word that the jack is safe. */
export const powerOff = async (parts: {
  readonly injector: Injector;
  readonly clock: Clock;
  readonly timeline: RunTimeline;
  readonly power: PowerWatch;
}): Promise<void> => {
  const { injector, clock, timeline, power } = parts;
  const settled = Promise.race([
    timeline.heard('jack-safe', powerOffWaitMs),
    timeline.heard('board-fault', powerOffWaitMs),
    timeline.heard('board-lost', powerOffWaitMs),
  ]);
  // Also when the board says it is off: the last word is always ours. A lost board is off by itself.
  const off = within(clock, 'power off', injector.off()).then(() => power.offTaken());
  if (power.isOn) await off;
  else await off.catch(() => {});
  if (power.jackUnknown) await settled;
};

/** `what` for a person; on time-out the work goes on by itself and nobody waits for it any more. */
export const within = <T>(clock: Clock, what: string, work: Promise<T>, limitMs = teardownStepMs): Promise<T> =>
  new Promise((resolve, reject) => {
    const limit = clock.alarm(limitMs, () =>
      reject(new BenchError('TEARDOWN_STUCK', `${what} took longer than ${limitMs} ms`)),
    );
    work.then(
      (value) => {
        limit.cancel();
        resolve(value);
      },
      (error) => {
        limit.cancel();
        reject(error);
      },
    );
  });

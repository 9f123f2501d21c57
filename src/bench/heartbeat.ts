import type { Injector } from '../board/injector.js';
import type { Alarm, Clock } from '../timeline/clock.js';

/** Design, "off by construction" 2: every 100 ms, from the loop that conducts the run and nowhere else. */
export const heartbeatPeriodMs = 100;

/** Until the board has said something that can be answered. */
const firstTryMs = 10;

export interface Heartbeat extends Alarm {
  /** Resolves when the first one has left. */
  readonly begun: Promise<void>;
}

export const startHeartbeat = (injector: Injector, clock: Clock): Heartbeat => {
  let beat: Alarm | undefined;
  const begun = new Promise<void>((resolve) => {
    beat = clock.every(firstTryMs, () => {
      if (!injector.heartbeat()) return;
      beat?.cancel();
      beat = clock.every(heartbeatPeriodMs, () => injector.heartbeat());
      resolve();
    });
  });
  return { begun, cancel: () => beat?.cancel() };
};

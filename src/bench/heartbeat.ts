import type { Injector } from '../board/injector.js';
import type { Alarm, Clock } from '../timeline/clock.js';

/** Design, "off by construction" 2: every 100 ms, from the loop that conducts the run and nowhere else. */
export const heartbeatPeriodMs = 100;

export const startHeartbeat = (injector: Injector, clock: Clock): Alarm =>
  clock.every(heartbeatPeriodMs, () => injector.heartbeat());

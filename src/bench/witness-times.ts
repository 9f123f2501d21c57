/** How long a simulated jack stayed on, by what the simulator saw itself: nothing of it went through firmware or daemon. */
import { existsSync, readFileSync } from 'node:fs';

/** 16 MHz. */
export const cyclesPerMs = 16_000;

export interface WitnessFact {
  readonly event: string;
  readonly cycle: number;
  readonly on?: boolean;
  readonly fresh?: boolean;
}

/** A line that is being written is left out. */
export const readWitness = (path: string): readonly WitnessFact[] =>
  [`${path}.1`, path]
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as WitnessFact];
      } catch {
        return [];
      }
    });

export interface SwitchOff {
  /** When the switches stopped conducting. */
  readonly cycle: number;
  /** Last valid heartbeat to the switches not conducting. */
  readonly switchOpenMs: number;
  /** Last valid heartbeat to the jack below 2.8 V. */
  readonly jackSafeMs: number;
}

/** The last switch-off; undefined while the jack is powered or not safe yet. */
export const lastSwitchOffSeen = (facts: readonly WitnessFact[]): SwitchOff | undefined => {
  const opened = facts.findLast(({ event }) => event === 'conducting');
  if (opened === undefined || opened.on !== false) return undefined;
  const heartbeat = facts.findLast(
    ({ event, fresh, cycle }) => event === 'heartbeat' && fresh === true && cycle <= opened.cycle,
  );
  const safe = facts.find(({ event, on, cycle }) => event === 'jack' && on === false && cycle >= opened.cycle);
  if (heartbeat === undefined || safe === undefined) return undefined;
  return {
    cycle: opened.cycle,
    switchOpenMs: (opened.cycle - heartbeat.cycle) / cyclesPerMs,
    jackSafeMs: (safe.cycle - heartbeat.cycle) / cyclesPerMs,
  };
};

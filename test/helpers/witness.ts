import { existsSync, readFileSync } from 'node:fs';

/** 16 MHz. */
export const cyclesPerMs = 16_000;

interface WitnessFact {
  readonly event: string;
  readonly cycle: number;
  readonly on?: boolean;
  readonly fresh?: boolean;
}

/** What the simulated bench saw by itself, in CPU cycles; nothing of it went through firmware or daemon. */
export const readWitness = (path: string): readonly WitnessFact[] =>
  [`${path}.1`, path]
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as WitnessFact);

export interface SwitchOff {
  /** Last valid heartbeat to the switches not conducting. */
  readonly switchOpenMs: number;
  /** Last valid heartbeat to the jack below 2.8 V. */
  readonly jackSafeMs: number;
}

/** The last switch-off; throws when the jack is still powered. */
export const lastSwitchOff = (facts: readonly WitnessFact[]): SwitchOff => {
  const opened = facts.findLast(({ event, on }) => event === 'conducting' && on === false);
  const isConducting = facts.findLast(({ event }) => event === 'conducting')?.on !== false;
  const heartbeat = facts.findLast(
    ({ event, fresh, cycle }) => event === 'heartbeat' && fresh === true && cycle <= (opened?.cycle ?? 0),
  );
  const safe = facts.find(({ event, on, cycle }) => event === 'jack' && on === false && cycle >= (opened?.cycle ?? 0));
  if (opened === undefined || isConducting || heartbeat === undefined || safe === undefined)
    throw new Error('the witness saw no complete switch-off');
  return {
    switchOpenMs: (opened.cycle - heartbeat.cycle) / cyclesPerMs,
    jackSafeMs: (safe.cycle - heartbeat.cycle) / cyclesPerMs,
  };
};

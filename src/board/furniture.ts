/** The bench's own lamps and buzzer on the Firmata board, by johnny-five. Nothing of it is near -48 V. */
import johnnyFive from 'johnny-five';
import type { Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import type { BenchSignal } from './injector.js';
import { furniturePins } from './pi-pinmap.js';

type Lamp = 'STATUS_LED' | 'LAMP_GREEN' | 'LAMP_RED';

/** The status LED beside a colour: there is something to read on the screen before the phone goes anywhere. */
const looks: Readonly<Record<BenchSignal, { readonly lit: readonly Lamp[]; readonly beepsMs: readonly number[] }>> = {
  none: { lit: [], beepsMs: [] },
  running: { lit: ['STATUS_LED'], beepsMs: [] },
  pass: { lit: ['LAMP_GREEN'], beepsMs: [80] },
  marginal: { lit: ['LAMP_GREEN', 'STATUS_LED'], beepsMs: [80, 80] },
  fail: { lit: ['LAMP_RED'], beepsMs: [80, 80, 80] },
  error: { lit: ['LAMP_RED', 'STATUS_LED'], beepsMs: [400] },
};
const betweenBeepsMs = 80;

export interface Furniture {
  show(signal: BenchSignal): void;
  /** Resolves when the last signal has been heard to its end. */
  quiet(): Promise<void>;
}

export const createFurniture = (board: johnnyFive.Board, clock: Clock): Furniture => {
  const output = (pin: number) => new johnnyFive.Led({ pin, board } as johnnyFive.LedOption);
  let outputs: Readonly<Record<keyof typeof furniturePins, johnnyFive.Led>> | undefined;
  /** Made when they are used: a board of somebody else may have no such pins. */
  const made = () => {
    outputs ??= {
      STATUS_LED: output(furniturePins.STATUS_LED),
      BUZZER: output(furniturePins.BUZZER),
      LAMP_GREEN: output(furniturePins.LAMP_GREEN),
      LAMP_RED: output(furniturePins.LAMP_RED),
    };
    return outputs;
  };
  let beeping = Promise.resolve();
  const beep = async (beepsMs: readonly number[]) => {
    for (const ms of beepsMs) {
      made().BUZZER.on();
      await sleep(clock, ms);
      made().BUZZER.off();
      await sleep(clock, betweenBeepsMs);
    }
  };
  return {
    show: (signal) => {
      const { lit, beepsMs } = looks[signal];
      try {
        for (const lamp of ['STATUS_LED', 'LAMP_GREEN', 'LAMP_RED'] as const) {
          if (lit.includes(lamp)) made()[lamp].on();
          else made()[lamp].off();
        }
      } catch {
        // A line that has ended: its own driver tells.
        return;
      }
      beeping = beeping.then(() => beep(beepsMs)).catch(() => {});
    },
    quiet: () => beeping,
  };
};

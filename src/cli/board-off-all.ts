/** `board off --all`: what a service does after its end, whatever that was. */

import type { HeldBoard } from '../bench/boards.js';
import { isBenchError } from '../errors.js';
import { loadBenchFile } from '../plan/load-bench-file.js';
import { exitCodes } from '../stages/exit-code.js';
import type { Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import type { VerbContext } from './verb.js';

interface OffAllOptions {
  readonly bench: string;
  readonly json: boolean;
}

/** A board that has just switched off rests, and refuses its self-test, for as long as its off dwell. */
const restTries = { count: 24, everyMs: 500 } as const;

/**
 * Every board of a bench file's hardware ports: power off, and the board's own word that no current flows and the jack is
 * below 2.8 V. Exit 6: a jack is live; 5: a board could not be asked (it is off 500 ms after its last heartbeat).
 */
export const allOff = async ({ composition, done }: VerbContext, { bench, json }: OffAllOptions): Promise<void> => {
  const { terminal, clock } = composition;
  const ports = loadBenchFile(bench).ports.filter((port) => port.kind === 'hardware');
  const tell = (text: string, value: object) => terminal.line(json ? JSON.stringify(value) : text);
  if (ports.length === 0 && !json) terminal.line(`${bench} has no hardware port: there is no power to switch off`);
  let code: number = exitCodes.good;
  for (const { name, driver } of ports) {
    try {
      const board = await composition.boards.open({ bench, port: name });
      try {
        const { serial } = await board.injector.identify();
        await board.injector.off();
        if (driver === 'lines') {
          // Its FAULT_N is high, or it would not have identified itself: no switch is stuck, the jack is below 2.8 V.
          tell(`${name}: board ${serial} by ${board.path}: power is off (PGOOD low, FAULT_N high)`, {
            port: name,
            path: board.path,
            serial,
            off: true,
          });
          continue;
        }
        const { jackMillivolts, milliamps, checks } = await atRest(board, clock);
        const isDead = checks.jackOff === 'passed' && checks.currentZero === 'passed';
        if (!isDead) code = exitCodes.safetyTrip;
        const reading = `${(jackMillivolts / 1000).toFixed(2)} V, ${milliamps} mA`;
        tell(
          `${name}: board ${serial} on ${board.path}: ${isDead ? 'power is off' : terminal.paint('red', 'THE JACK IS LIVE: pull the 48 V supply')} (${reading})`,
          { port: name, path: board.path, serial, off: isDead, jackMillivolts, milliamps },
        );
      } finally {
        await board.close();
      }
    } catch (error) {
      if (!isBenchError(error)) throw error;
      if (code === exitCodes.good) code = exitCodes.wentWrong;
      tell(
        `${name}: cannot be asked (${error.code}: ${error.detail}); a board switches off 500 ms after its last heartbeat`,
        {
          port: name,
          off: null,
          code: error.code,
          detail: error.detail,
        },
      );
    }
  }
  if (code !== exitCodes.good) done(code);
};

const atRest = async ({ injector }: HeldBoard, clock: Clock): ReturnType<HeldBoard['injector']['selftest']> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await injector.selftest();
    } catch (error) {
      if (!isBenchError(error) || error.code !== 'BOARD_REFUSED' || tries === restTries.count) throw error;
      await sleep(clock, restTries.everyMs);
    }
  }
};

import type { HeldBoard } from '../bench/boards.js';
import { isBenchError } from '../errors.js';
import { describeFact } from '../reports/describe-fact.js';
import type { Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import type { Terminal } from './terminal.js';

const retryMs = 1_000;

/** Tells what a board reports until `signal`; a board that went away is waited for, under whatever path it comes back. */
export const watchBoard = async (parts: {
  /** `last`: where and who the board was that went away. */
  open(last: { readonly board: string; readonly serial: string } | undefined): Promise<HeldBoard>;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly json: boolean;
}): Promise<void> => {
  const { terminal, clock, signal, json } = parts;
  const tell = (text: string, value: object) =>
    json ? void process.stdout.write(`${JSON.stringify(value)}\n`) : terminal.line(text);
  let last: { readonly board: string; readonly serial: string } | undefined;
  let waiting = false;
  while (!signal.aborted) {
    let board: HeldBoard | undefined;
    try {
      board = await parts.open(last);
      const lost = untilLost(board, signal, (fact) => tell(describeFact(fact), fact));
      const identity = await board.injector.identify();
      last = { board: board.path, serial: identity.serial };
      waiting = false;
      const { firmware, revision, serial, resetCause, calibratedOn } = identity;
      const fact = { kind: 'board-identified', firmware, revision, serial, resetCause, calibratedOn } as const;
      tell(`${describeFact(fact)} (${board.path})`, { ...fact, path: board.path });
      await lost;
    } catch (error) {
      // The first time a board that is not there is an error; one that went away comes back.
      if (last === undefined || !isBenchError(error)) throw error;
      if (!waiting) tell(`waiting for ${last.serial} (${error.code}: ${error.detail})`, { kind: 'waiting', ...last });
      waiting = true;
    } finally {
      await board?.close();
    }
    await sleep(clock, retryMs, signal).catch(() => {});
  }
};

type Report = Parameters<Parameters<HeldBoard['injector']['onReport']>[0]>[0];

const untilLost = (board: HeldBoard, signal: AbortSignal, tell: (fact: Report['fact']) => void): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    board.injector.onReport(({ fact }) => {
      tell(fact);
      if (fact.kind === 'board-lost') resolve();
    });
  });

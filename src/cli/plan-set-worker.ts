/** `plan-set-worker`: looks at one plan set for a station, which started it (src/fleet/plan-set-keeper.ts). */
import { constants, setPriority } from 'node:os';
import { isBenchError } from '../errors.js';
import { readPublicKey } from '../fleet/plan-key.js';
import { longestPlanSetBytes } from '../fleet/plan-set.js';
import type { PlanSetOrder, PlanSetOutcome } from '../fleet/plan-set-keeper.js';
import { type PlanSetPlace, readStoredSet, type SetInForce, takePlanSet } from '../fleet/plan-set-store.js';
import type { RegisterVerb } from './verb.js';

const refusalOf = (error: unknown): { readonly code: string; readonly message: string } => {
  if (!isBenchError(error)) throw error;
  return { code: error.code, message: error.message };
};

/** What is stored is looked at also where what came is refused: that is what stays in force. */
const storedOutcome = (place: PlanSetPlace): PlanSetOutcome => {
  try {
    const stored = readStoredSet(place);
    return {
      inForce: stored?.inForce ?? null,
      refused: null,
      change: stored?.isRestored === true ? 'restored' : 'none',
    };
  } catch (error) {
    return { inForce: null, refused: refusalOf(error), change: 'none' };
  }
};

const take = (place: PlanSetPlace, message: Uint8Array, now: Date): PlanSetOutcome => {
  try {
    const { inForce, isNew }: { readonly inForce: SetInForce; readonly isNew: boolean } = takePlanSet(
      place,
      message,
      now,
    );
    return { inForce, refused: null, change: isNew ? 'taken' : 'none' };
  } catch (error) {
    return { ...storedOutcome(place), refused: refusalOf(error) };
  }
};

const readAll = async (stream: NodeJS.ReadableStream, most: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += (chunk as Buffer).length;
    if (length > most) break;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};

const longestOrderBytes = 64 * 1024;

export const registerPlanSetWorker: RegisterVerb = (program, { composition }) => {
  const { clock, terminal } = composition;
  program.command('plan-set-worker', { hidden: true }).action(async () => {
    // Behind the station, whose session it shares; not behind all the world: nobody tests before it has ended.
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    const input = await readAll(process.stdin, longestPlanSetBytes + longestOrderBytes);
    const end = input.indexOf('\n');
    const { folder, plantKeyPath, plant, isTaking } = JSON.parse(
      input.subarray(0, end).toString('utf8'),
    ) as PlanSetOrder;
    try {
      const place: PlanSetPlace = { folder, plant, key: readPublicKey(plantKeyPath) };
      const outcome = isTaking ? take(place, input.subarray(end + 1), clock.wallClock()) : storedOutcome(place);
      terminal.line(JSON.stringify(outcome));
    } catch (error) {
      terminal.line(
        JSON.stringify({ inForce: null, refused: refusalOf(error), change: 'none' } satisfies PlanSetOutcome),
      );
    }
  });
};

/** Shared things of this machine's station, by its local socket. */
import { randomUUID } from 'node:crypto';
import { BenchError } from '../errors.js';
import type { LeaseNote, ThingView } from './leases.js';
import type { SharedRequest } from './protocol.js';
import { talk } from './station-client.js';

const heldVariable = 'LINKPULSE_LEASES';

/** What `linkpulse shared with` holds for the command that this process is. */
export const heldLeases = (): readonly string[] =>
  (process.env[heldVariable] ?? '').split(',').filter((id) => id !== '');
export const withHeldLease = (id: string): NodeJS.ProcessEnv => ({
  ...process.env,
  [heldVariable]: [...heldLeases(), id].join(','),
});

export const listThings = async (
  socketPath: string,
): Promise<{ readonly ports: readonly ThingView[]; readonly shared: readonly ThingView[] }> => {
  let ports: readonly ThingView[] = [];
  let shared: readonly ThingView[] = [];
  await talk(socketPath, { type: 'things' }, (reply) => {
    if (reply.type === 'things') ({ ports, shared } = reply);
  });
  return { ports, shared };
};

export interface HeldThing {
  readonly id: string;
  readonly lease: LeaseNote;
  /** Resolves when it is given back; without an end of its own it was held until now. */
  giveBack(): Promise<void>;
  /** Resolves when the station no longer holds it for us. */
  readonly over: Promise<void>;
}

/** `signal` ends the wait. Throws BenchError SHARED_TAKEN, SHARED_UNKNOWN, STATION_UNREACHABLE, INTERRUPTED. */
export const takeShared = async (
  socketPath: string,
  wanted: Omit<SharedRequest, 'id'>,
  signal: AbortSignal,
  onWait: (has: LeaseNote) => void,
): Promise<HeldThing> => {
  const id = randomUUID();
  const end = new AbortController();
  const leave = () => end.abort();
  signal.addEventListener('abort', leave, { once: true });
  let over: Promise<void> = Promise.resolve();
  const lease = await new Promise<LeaseNote>((resolve, reject) => {
    over = talk(
      socketPath,
      { type: 'take', id, ...wanted },
      (reply) => {
        if (reply.type === 'waiting') onWait({ ...reply, since: '', remainingMs: null });
        if (reply.type === 'taken') resolve(reply.lease);
      },
      end.signal,
    );
    over.then(() => reject(new BenchError('STATION_UNREACHABLE', `${socketPath} closed`)), reject);
    if (signal.aborted) leave();
  });
  signal.removeEventListener('abort', leave);
  return {
    id,
    lease,
    over: over.catch(() => {}),
    giveBack: async () => {
      end.abort();
      await over.catch(() => {});
    },
  };
};

/** What a run has while it goes on: its port, and the shared things that it needs. */
import { randomUUID } from 'node:crypto';
import type { RunRequest, SharedWait } from '../bench/runner.js';
import { BenchError } from '../errors.js';
import type { BenchFile } from '../plan/bench-file.js';
import type { Leases, Thing } from './leases.js';

export interface RunHolds {
  /** In turn with whoever else wants them. Rejects with the signal's reason. */
  takeNeeds(signal: AbortSignal, onWait: (wait: SharedWait) => void): Promise<void>;
  /** Whatever it has; safe to call whenever. */
  giveBack(): void;
}

/** Shared things in the order of the bench file, the same for every run: no two wait for each other. */
export const needsOf =
  ({ shared, golden, ports }: Pick<BenchFile, 'shared' | 'golden' | 'ports'>) =>
  ({ port, golden: isGolden }: Pick<RunRequest, 'port' | 'golden'>): readonly string[] => {
    const own = ports.find(({ name }) => name === port)?.needs ?? [];
    const needed = new Set([...own, ...(isGolden === true ? (golden?.needs ?? []) : [])]);
    return shared.filter((name) => needed.has(name));
  };

/** The port at once. Throws BenchError PORT_RESERVED, PORT_BUSY, LEASE_ENDED. */
export const holdForRun = (leases: Leases, request: RunRequest, needs: readonly string[]): RunHolds => {
  const { port, by = 'somebody', leases: ids = [] } = request;
  const given = ids.map((id) => leases.held(id)).filter((lease) => lease !== undefined);
  const isGiven = ({ kind, name }: Thing) => given.some(({ thing }) => thing.kind === kind && thing.name === name);
  const taken: string[] = [];
  const asking = (thing: Thing, purpose: string) => {
    const id = randomUUID();
    taken.push(id);
    return { id, thing, owner: by, purpose, forMs: null };
  };
  const ofPort: Thing = { kind: 'port', name: port };
  if (!isGiven(ofPort)) {
    // Whoever names a lease believes to have the port: without it the run would be somebody else's.
    if (ids.length > given.length && leases.of(ofPort) === undefined)
      throw new BenchError('LEASE_ENDED', `the run on ${port} does not begin`);
    leases.take(asking(ofPort, 'a run'));
  }
  return {
    takeNeeds: async (signal, onWait) => {
      for (const name of needs) {
        const thing: Thing = { kind: 'shared', name };
        if (isGiven(thing)) continue;
        await leases.takeInTurn(asking(thing, `run on ${port}`), signal, (has) => {
          const { owner, purpose, until } = leases.note(has);
          onWait({ shared: name, owner, purpose, until });
        });
      }
    },
    giveBack: () => {
      for (const id of taken) leases.giveBack(id);
    },
  };
};

/** Shares the power of the bench file's supplies among all runs of this process. */
import { BenchError } from '../errors.js';
import type { BenchFile, BenchPort } from '../plan/bench-file.js';
import type { Plan } from '../plan/plan.js';
import type { SupplyTerms } from '../plan/supply.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import type { FactOf } from '../timeline/events.js';
import { supplyNeed } from './power-terms.js';
import {
  ask,
  countIn,
  giveBack,
  holds,
  isTooLarge,
  lacking,
  reserved,
  type SupplyNeed,
  type SupplyState,
  settle,
  unusedSupply,
} from './supply-policy.js';

/** A supply as it stands; milliwatts. */
export interface SupplyView {
  readonly name: string;
  readonly budget: SupplyNeed;
  /** For good, and at this moment. */
  readonly reserved: SupplyNeed;
  readonly holders: readonly string[];
  /** Of the holders: those whose run is over and whose switch nobody knows to be open. */
  readonly unproven: readonly string[];
  /** First come, first served. */
  readonly waiting: readonly string[];
}

export interface WaitsForSupply {
  readonly signal: AbortSignal;
  /** Called once, when it has to wait. */
  onWait(fact: FactOf<'supply-wait'>): void;
}

/** One port's side of its supply. */
export interface PortSupply {
  /** Throws BenchError SUPPLY_TOO_SMALL: the plan's phone would never be powered. */
  refuseTooSmall(plan: Plan): void;
  /** A run before this one ended without proof that the switch is open: what it held is held still. */
  isUnproven(): boolean;
  /** Waits for its turn. Rejects with the signal's reason, and has left the queue then. */
  reserve(plan: Plan, wait: WaitsForSupply): Promise<FactOf<'supply-granted'>>;
  /** Power is on: the inrush is over when its timer has run. */
  poweredOn(plan: Plan): void;
  /** The run is over. What it held is given back where the switch is known to be open. */
  ended(isSwitchOpen: boolean): void;
  /** The board has answered, or an engineer has looked at the jack: what was unproven is given back. */
  proven(): void;
  /** A daemon that died ran it, and its board says nothing. */
  countIn(plan: Plan): void;
}

export interface SupplyKeeper {
  /** undefined: the bench file names no supply for it. */
  of(port: string): PortSupply | undefined;
  views(): readonly SupplyView[];
}

/** The supply that feeds a port: the one it names, or the only one. */
const feederOf = ({ supplies }: BenchFile, { supply }: BenchPort): SupplyTerms | undefined =>
  supply === undefined ? supplies[0] : supplies.find(({ name }) => name === supply);

const watts = (milliwatts: number): string => `${Math.round(milliwatts / 100) / 10} W`;

export const createSupplyKeeper = (bench: BenchFile, clock: Clock): SupplyKeeper => {
  const shelves = new Map(bench.supplies.map((terms) => [terms.name, createShelf(terms, clock)]));
  const feeders = new Map(bench.ports.map((port) => [port.name, feederOf(bench, port)?.name]));
  return {
    of: (port) => shelves.get(feeders.get(port) ?? '')?.of(port),
    views: () => [...shelves.values()].map((shelf) => shelf.view()),
  };
};

/** One supply with whoever waits for it. */
const createShelf = (terms: SupplyTerms, clock: Clock) => {
  const { name, millivolts } = terms;
  let state: SupplyState = unusedSupply(terms);
  const admitted = new Map<string, () => void>();
  const inrushes = new Map<string, Alarm>();
  const unproven = new Set<string>();

  const change = (next: SupplyState) => {
    state = next;
    for (const [port, tell] of [...admitted]) if (holds(state, port)) tell();
  };
  const needOf = (plan: Plan) => supplyNeed(plan, millivolts);

  const waitFact = (port: string, need: SupplyNeed): FactOf<'supply-wait'> => {
    const limit = lacking(state, need) ?? 'steady';
    const key = `${limit}Milliwatts` as const;
    const ports = state.queue.map((waiting) => waiting.port);
    return {
      kind: 'supply-wait',
      supply: name,
      limit,
      neededMilliwatts: need[key],
      reservedMilliwatts: reserved(state)[key],
      budgetMilliwatts: state.budget[key],
      holders: state.holds.map((hold) => hold.port),
      unproven: [...unproven],
      ahead: ports.slice(0, ports.indexOf(port)),
    };
  };

  const end = (port: string) => {
    unproven.delete(port);
    inrushes.get(port)?.cancel();
    inrushes.delete(port);
    change(giveBack(state, port));
  };

  const of = (port: string): PortSupply => ({
    refuseTooSmall: (plan) => {
      const need = needOf(plan);
      if (!isTooLarge(state.budget, need)) return;
      const { steadyMilliwatts: steady, inrushMilliwatts: inrush } = need;
      throw new BenchError(
        'SUPPLY_TOO_SMALL',
        `the plan ${plan.name} lets ${port} draw ${watts(steady)} (${watts(inrush)} at inrush), ` +
          `${name} gives ${watts(terms.steadyMilliwatts)} (${watts(terms.inrushMilliwatts)})`,
      );
    },
    isUnproven: () => unproven.has(port),
    reserve: (plan, { signal, onWait }) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const need = needOf(plan);
        const askedUs = clock.nowUs();
        const leave = () => {
          admitted.delete(port);
          end(port);
          reject(signal.reason);
        };
        admitted.set(port, () => {
          admitted.delete(port);
          signal.removeEventListener('abort', leave);
          const waitedMs = Math.round((clock.nowUs() - askedUs) / 1000);
          resolve({ kind: 'supply-granted', supply: name, waitedMs, ...need });
        });
        signal.addEventListener('abort', leave, { once: true });
        change(ask(state, port, need));
        if (!holds(state, port)) onWait(waitFact(port, need));
      }),
    poweredOn: (plan) => {
      inrushes.get(port)?.cancel();
      inrushes.set(
        port,
        clock.alarm(plan.power.inrushTimerMs, () => change(settle(state, port))),
      );
    },
    ended: (isSwitchOpen) => {
      if (isSwitchOpen) end(port);
      else if (holds(state, port)) unproven.add(port);
    },
    proven: () => {
      if (unproven.has(port)) end(port);
    },
    countIn: (plan) => {
      unproven.add(port);
      change(countIn(state, port, needOf(plan)));
    },
  });

  const view = (): SupplyView => ({
    name,
    budget: state.budget,
    reserved: reserved(state),
    holders: state.holds.map(({ port }) => port),
    unproven: [...unproven],
    waiting: state.queue.map(({ port }) => port),
  });
  return { of, view };
};

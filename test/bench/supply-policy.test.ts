import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ask,
  countIn,
  giveBack,
  isTooLarge,
  lacking,
  reserved,
  type SupplyState,
  settle,
  unusedSupply,
} from '../../src/bench/supply-policy.js';

const need = (steadyMilliwatts: number, inrushMilliwatts = steadyMilliwatts) => ({
  steadyMilliwatts,
  inrushMilliwatts,
});
const supply = unusedSupply(need(30, 40));
const holders = (state: SupplyState) => state.holds.map(({ port }) => port);
const queue = (state: SupplyState) => state.queue.map(({ port }) => port);

describe('who is powered by one supply', () => {
  it('powers at once while both budgets hold, and lets the next wait for the end of an inrush', () => {
    const one = ask(supply, 'a', need(10, 25));
    const two = ask(one, 'b', need(10, 25));
    expect([holders(one), holders(two), queue(two)]).toEqual([['a'], ['a'], ['b']]);
    expect(lacking(one, need(10, 25))).toBe('inrush');
    const settled = settle(two, 'a');
    expect([holders(settled), queue(settled)]).toEqual([['a', 'b'], []]);
    expect(reserved(settled)).toEqual(need(20, 35));
  });

  it('keeps a small need behind a large one that waits, and powers both when there is room', () => {
    const full = settle(ask(supply, 'a', need(20)), 'a');
    const waiting = ask(ask(full, 'large', need(15)), 'small', need(5));
    expect([holders(waiting), queue(waiting)]).toEqual([['a'], ['large', 'small']]);
    expect(lacking(waiting, need(15))).toBe('steady');
    expect(holders(giveBack(waiting, 'a'))).toEqual(['large', 'small']);
  });

  it('lets who gives up leave the queue, and those behind it move up', () => {
    const waiting = ask(ask(ask(supply, 'a', need(20)), 'b', need(25)), 'c', need(10));
    expect(holders(giveBack(waiting, 'b'))).toEqual(['a', 'c']);
  });

  it('queues nobody who would wait for ever, and nobody twice', () => {
    expect(isTooLarge(supply.budget, need(31))).toBe(true);
    expect(isTooLarge(supply.budget, need(10, 41))).toBe(true);
    expect(ask(supply, 'a', need(31))).toEqual(supply);
    const one = ask(supply, 'a', need(10));
    expect(ask(one, 'a', need(5))).toEqual(one);
  });

  it('counts a switch that nobody opened, whether there is room or not', () => {
    const lost = countIn(ask(supply, 'a', need(30)), 'b', need(20));
    expect(reserved(lost).steadyMilliwatts).toBe(50);
    expect(queue(ask(giveBack(lost, 'a'), 'c', need(15)))).toEqual(['c']);
  });
});

const ports = ['a', 'b', 'c', 'd', 'e', 'f'];
const port = fc.constantFrom(...ports);
const budget = need(30_000, 40_000);
const fitting = fc
  .tuple(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 0, max: 10_000 }))
  .map(([steady, more]) => need(steady, steady + more));
const step = fc.oneof(
  fc.record({ do: fc.constant('ask' as const), port, need: fitting }),
  fc.record({ do: fc.constantFrom('settle' as const, 'give back' as const), port }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const after = (state: SupplyState, taken: Step): SupplyState => {
  if (taken.do === 'ask') return ask(state, taken.port, taken.need);
  return taken.do === 'settle' ? settle(state, taken.port) : giveBack(state, taken.port);
};

const isWithin = (state: SupplyState) => {
  const now = reserved(state);
  expect(now.steadyMilliwatts).toBeLessThanOrEqual(state.budget.steadyMilliwatts);
  expect(now.inrushMilliwatts).toBeLessThanOrEqual(state.budget.inrushMilliwatts);
};

describe('whatever ports do', () => {
  it('the budget is never exceeded, nobody overtakes, and the first who waits could not be powered', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state = unusedSupply(budget);
        for (const taken of steps) {
          const before = state;
          state = after(state, taken);
          isWithin(state);
          const asked = [...queue(before), ...(taken.do === 'ask' ? [taken.port] : [])];
          const admitted = holders(state).filter((name) => !holders(before).includes(name));
          const left = taken.do === 'give back' ? asked.filter((name) => name !== taken.port) : asked;
          expect(admitted).toEqual(left.slice(0, admitted.length));
          const [first] = state.queue;
          if (first !== undefined) expect(lacking(state, first.need)).toBeDefined();
        }
      }),
    );
  });

  it('everybody is powered in the end, in the order of asking, when those who are on go off', () => {
    fc.assert(
      fc.property(fc.array(fitting, { minLength: 1, maxLength: 40 }), (needs) => {
        let state = unusedSupply(budget);
        for (const [index, each] of needs.entries()) state = ask(state, `p${index}`, each);
        const powered: string[] = [];
        while (state.holds.length > 0) {
          for (const name of holders(state)) if (!powered.includes(name)) powered.push(name);
          isWithin(state);
          state = giveBack(state, state.holds[0]?.port ?? '');
        }
        expect(powered).toEqual(needs.map((_, index) => `p${index}`));
      }),
    );
  });
});

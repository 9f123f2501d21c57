import { describe, expect, it } from 'vitest';
import { createSupplyKeeper, type PortSupply } from '../../src/bench/supply-keeper.js';
import { parseBenchFile } from '../../src/plan/load-bench-file.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { describeFact } from '../../src/reports/describe-fact.js';
import type { FactOf } from '../../src/timeline/events.js';
import { ManualClock } from '../services/manual-clock.js';

/** 375 mA for good, 450 mA for 60 ms. */
const { plan } = loadPlan('plans/quick.yaml');
const names = ['jack1', 'jack2', 'jack3'];

const keeper = (supply: string) => {
  const ports = names.map((name) => `  ${name}: { kind: hardware, board: /dev/${name}, interface: eth-${name} }`);
  const text = ['station: s', 'runs: runs', 'supplies:', `  shelf: ${supply}`, 'ports:', ...ports, ''].join('\n');
  const clock = new ManualClock();
  const kept = createSupplyKeeper(parseBenchFile(text, 'bench.yaml'), clock);
  return { clock, kept, of: (name: string): PortSupply => kept.of(name) ?? expect.fail(name) };
};

const asking = (supply: PortSupply) => {
  const abort = new AbortController();
  const waits: FactOf<'supply-wait'>[] = [];
  let granted: FactOf<'supply-granted'> | undefined;
  const done = supply.reserve(plan, { signal: abort.signal, onWait: (fact) => void waits.push(fact) }).then((fact) => {
    granted = fact;
  });
  return { abort, waits, done, isGranted: () => granted !== undefined, granted: () => granted };
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the power of a supply, shared out', () => {
  it('tells who draws what, powers when an inrush is over, and how long that took', async () => {
    const { clock, of } = keeper('{ steady: 40W, inrush: 40W }');
    const one = asking(of('jack1'));
    await one.done;
    expect(one.granted()).toEqual({
      ...{ kind: 'supply-granted', supply: 'shelf', waitedMs: 0 },
      ...{ steadyMilliwatts: 18_000, inrushMilliwatts: 21_600 },
    });
    const two = asking(of('jack2'));
    expect(two.waits.map(describeFact)).toEqual([
      'Waits for the supply shelf: jack1 may draw 21.6 W of 40 W at inrush, 21.6 W more are needed',
    ]);
    of('jack1').poweredOn(plan);
    clock.advance(59);
    await turn();
    expect(two.isGranted()).toBe(false);
    clock.advance(1);
    await two.done;
    expect(two.granted()?.waitedMs).toBe(60);
    of('jack2').poweredOn(plan);
    clock.advance(60);
    const three = asking(of('jack3'));
    expect(three.waits.map(describeFact)).toEqual([
      'Waits for the supply shelf: jack1 and jack2 may draw 36 W of 40 W, 18 W more are needed',
    ]);
    of('jack1').ended(true);
    await three.done;
    expect(clock.pending).toBe(0);
  });

  it('lets an abort end the wait at once, and those behind move up', async () => {
    const { of, kept } = keeper('{ steady: 30W }');
    await asking(of('jack1')).done;
    const two = asking(of('jack2'));
    const three = asking(of('jack3'));
    expect(three.waits[0]?.ahead).toEqual(['jack2']);
    two.abort.abort('power off');
    await expect(two.done).rejects.toBe('power off');
    expect(kept.views()).toMatchObject([{ name: 'shelf', holders: ['jack1'], waiting: ['jack3'] }]);
    of('jack1').ended(true);
    await three.done;
    expect(kept.views()).toMatchObject([{ holders: ['jack3'], waiting: [] }]);
  });

  it('keeps what a lost board may still draw until its switch is known to be open', async () => {
    const { of, kept } = keeper('{ steady: 30W }');
    of('jack1').countIn(plan);
    expect(of('jack1').isUnproven()).toBe(true);
    const two = asking(of('jack2'));
    expect(two.waits.map(describeFact)).toEqual([
      'Waits for the supply shelf: jack1 may draw 18 W of 30 W, 18 W more are needed, nobody knows jack1 to be off',
    ]);
    of('jack1').proven();
    await two.done;
    expect(kept.views()[0]?.reserved).toEqual({ steadyMilliwatts: 18_000, inrushMilliwatts: 21_600 });
  });

  it('takes an engineer’s word for a run that is over, never for one that goes on', async () => {
    const { of, kept } = keeper('{ steady: 30W }');
    await asking(of('jack1')).done;
    of('jack1').proven();
    expect(kept.views()[0]).toMatchObject({ holders: ['jack1'], unproven: [] });
    of('jack1').ended(false);
    expect(kept.views()[0]).toMatchObject({ holders: ['jack1'], unproven: ['jack1'] });
    of('jack1').proven();
    expect(kept.views()[0]).toMatchObject({ holders: [], unproven: [] });
    // Who never held anything has nothing to prove.
    of('jack2').ended(false);
    expect(of('jack2').isUnproven()).toBe(false);
  });

  it('refuses a plan whose phone would wait for ever', () => {
    const { of } = keeper('{ steady: 20W, inrush: 21W }');
    expect(() => of('jack1').refuseTooSmall(plan)).toThrow(
      'The supply could never power this phone: the plan quick lets jack1 draw 18 W (21.6 W at inrush), shelf gives 20 W (21 W)',
    );
    keeper('{ steady: 20W, inrush: 22W }').of('jack1').refuseTooSmall(plan);
  });

  it('knows what feeds a port: the one it names, the only one, or none', () => {
    const text = (port: string, supplies: string) =>
      `station: s\nruns: runs\n${supplies}ports:\n  jack1: { kind: hardware, board: /dev/b, interface: eth1${port} }\n`;
    const named = (port: string, supplies: string) =>
      createSupplyKeeper(parseBenchFile(text(port, supplies), 'b.yaml'), new ManualClock())
        .of('jack1')
        ?.isUnproven();
    const two = 'supplies: { left: { steady: 9W }, right: { steady: 50W, voltage: 55V } }\n';
    expect(named('', '')).toBeUndefined();
    expect(named('', 'supplies: { left: { steady: 9W } }\n')).toBe(false);
    const right = createSupplyKeeper(parseBenchFile(text(', supply: right', two), 'b.yaml'), new ManualClock());
    right.of('jack1')?.countIn(plan);
    expect(right.views().map(({ reserved }) => reserved.steadyMilliwatts)).toEqual([0, 20_625]);
  });
});

import { describe, expect, it } from 'vitest';
import { FirmwareBench, usualRequest } from './firmware-bench.js';

const burstPeriod = 256_000;
/** By the protocol's code. */
const pulseCycles = [2, 4, 8, 16] as const;

interface Burst {
  readonly start: number;
  /** 33 characters, from the rises alone. */
  readonly positions: string;
}

/** Bursts as they stand on the pin; throws when a rise stands anywhere but on a multiple of 1000 cycles. */
const burstsOnPin = (bench: FirmwareBench): Burst[] => {
  const rises = bench.edges.filter(({ pin, drive }) => pin === 'FLP_TX' && drive === 'high').map(({ cycle }) => cycle);
  const bursts: { start: number; marks: string[] }[] = [];
  for (const rise of rises) {
    const current = bursts.at(-1);
    if (current === undefined || rise - current.start > 40_000) {
      bursts.push({ start: rise, marks: ['1', ...Array<string>(32).fill('0')] });
      continue;
    }
    const position = (rise - current.start) / 1000;
    if (!Number.isInteger(position) || position > 32) throw new Error(`a rise ${rise - current.start} cycles in`);
    current.marks[position] = '1';
  }
  return bursts.map(({ start, marks }) => ({ start, positions: marks.join('') }));
};

const widths = (bench: FirmwareBench): Set<number> => {
  const edges = bench.edges.filter(({ pin, cycle }) => pin === 'FLP_TX' && cycle > 100_000);
  return new Set(
    edges.flatMap((edge, index) => {
      const next = edges[index + 1];
      return edge.drive === 'high' && next !== undefined ? [next.cycle - edge.cycle] : [];
    }),
  );
};

describe('the FLP burst', () => {
  it.each(pulseCycles)(
    'of pulses %i cycles wide has 17 clocks 2000 cycles apart, data 1000 after, every 256000',
    (width) => {
      const bench = new FirmwareBench().identify();
      bench.echoDelay = undefined;
      bench.send('DISCOVER', { ...usualRequest, flags: 0, maxBursts: 40, pulseWidth: pulseCycles.indexOf(width) });
      bench.runWhile(1000, () => bench.all('BURST').length === 30);

      const bursts = burstsOnPin(bench).slice(0, 30);
      expect(bursts).toHaveLength(30);
      for (const { positions } of bursts) {
        expect([...positions].filter((_, index) => index % 2 === 0).join('')).toBe('1'.repeat(17));
      }
      const starts = bursts.map(({ start }) => start);
      expect(starts.slice(1).map((start, index) => start - (starts[index] ?? 0))).toEqual(Array(29).fill(burstPeriod));
      expect(widths(bench)).toEqual(new Set([width]));
      expect(new Set(bench.all('BURST').map(({ fields }) => fields.pulseWidth))).toEqual(
        new Set([pulseCycles.indexOf(width)]),
      );
    },
  );

  it.each(pulseCycles)(
    'of pulses %i cycles wide keeps to the cycle while the line is flooded, and no byte is lost',
    (width) => {
      const bench = new FirmwareBench().identify();
      bench.echoDelay = undefined;
      const ledOutput = [0xf4, 13, 1];
      bench.sendBytes(ledOutput);
      bench.send('DISCOVER', { ...usualRequest, flags: 0, maxBursts: 60, pulseWidth: pulseCycles.indexOf(width) });
      bench.runMs(10);
      // Every message turns the LED over: an edge for each says that none was lost on the way.
      const messages = 1600;
      let turns = 0;
      bench.machine.onPin('STATUS_LED', () => turns++);
      for (let n = 0; n < messages; n++) bench.sendBytes([0xf5, 13, (n + 1) % 2]);
      bench.runMs(900);

      const bursts = burstsOnPin(bench).slice(0, 40);
      expect(bursts).toHaveLength(40);
      const starts = bursts.map(({ start }) => start);
      expect(new Set(starts.slice(1).map((start, index) => start - (starts[index] ?? 0)))).toEqual(
        new Set([burstPeriod]),
      );
      expect(widths(bench)).toEqual(new Set([width]));
      expect(bench.machine.serialInBacklog).toBe(0);
      expect(bench.machine.lostBytes).toBe(0);
      expect(turns).toBe(messages);
      expect(bench.unreadable).toEqual([]);
    },
  );

  it('carries a fresh word every time, never 0 and never the last one, and reports it as sent', () => {
    const bench = new FirmwareBench().identify();
    bench.echoDelay = undefined;
    bench.send('DISCOVER', { ...usualRequest, flags: 0, maxBursts: 60, pulseWidth: 3 });
    bench.runMs(1300);

    const reports = bench.all('BURST').map(({ fields }) => fields);
    const onPin = burstsOnPin(bench).map(({ positions }) => positions);
    expect(onPin).toHaveLength(60);
    expect(reports.map(({ sent }) => sent)).toEqual(onPin);
    expect(reports.map(({ index }) => index)).toEqual(onPin.map((_, index) => index + 1));
    for (const { word, sent } of reports) {
      const bits = Array.from({ length: 16 }, (_, bit) => sent[2 * bit + 1]).reverse();
      expect(Number.parseInt(bits.join(''), 2)).toBe(word);
      expect(word).not.toBe(0);
    }
    expect(new Set(onPin).size).toBeGreaterThan(55);
  });

  it('uses other words for other entropy', () => {
    const wordsFor = (entropy: number): number[] => {
      const bench = new FirmwareBench().identify();
      bench.echoDelay = undefined;
      bench.send('DISCOVER', { ...usualRequest, flags: 0, maxBursts: 5, pulseWidth: 3, entropy });
      bench.runMs(300);
      return bench.all('BURST').map(({ fields }) => fields.word);
    };
    expect(wordsFor(1)).toHaveLength(5);
    expect(wordsFor(1)).not.toEqual(wordsFor(2));
  });

  it.each([
    { width: 2, delay: 1, cycles: 4 },
    { width: 2, delay: 4, cycles: 4 },
    { width: 2, delay: 5, cycles: 5 },
    { width: 2, delay: 17, cycles: 17 },
    { width: 2, delay: 27, cycles: 27 },
    { width: 4, delay: 3, cycles: 5 },
    { width: 4, delay: 6, cycles: 6 },
    { width: 4, delay: 27, cycles: 27 },
    { width: 8, delay: 4, cycles: 4 },
    { width: 8, delay: 7, cycles: 7 },
    // The sample that gave way to the pulse's end.
    { width: 8, delay: 8, cycles: 9 },
    { width: 8, delay: 9, cycles: 9 },
    { width: 16, delay: 3, cycles: 4 },
    { width: 16, delay: 15, cycles: 15 },
    { width: 16, delay: 16, cycles: 17 },
    { width: 16, delay: 27, cycles: 27 },
  ] as const)('$width cycles wide: an echo after $delay cycles is measured as $cycles', ({ width, delay, cycles }) => {
    const bench = new FirmwareBench().identify();
    bench.echoDelay = delay;
    bench.send('DISCOVER', { ...usualRequest, flags: 0, pulseWidth: pulseCycles.indexOf(width) });
    bench.runMs(250);
    expect(bench.last('DISCOVERY').outcome).toBe(0);
    expect(bench.all('BURST').map(({ fields }) => fields.roundTripCycles)).toEqual([cycles, cycles, cycles]);
  });
});

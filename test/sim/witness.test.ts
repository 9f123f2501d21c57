import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWitness, type Witness } from '../../src/sim/witness.js';
import { encodeInjectorMessage } from '../../src/wire/injector.js';

let directory: string;
let path: string;
let witness: Witness;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'linkpulse-witness-'));
  path = join(directory, 'witness.ndjson');
  witness = createWitness(path);
});
afterEach(() => rmSync(directory, { recursive: true }));

const told = (): Record<string, unknown>[] => {
  witness.flush();
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
};

let cycle = 0;
const framed = (content: Uint8Array) => [0xf0, 0x0c, ...content, 0xf7];
const later = () => {
  cycle += 2778;
  return cycle;
};
const heartbeat = (counter: number, spoil = false) => {
  const bytes = framed(encodeInjectorMessage('HEARTBEAT', 1, { counter }));
  if (spoil) bytes[4] = (bytes[4] ?? 0) ^ 1;
  for (const byte of bytes) witness.hostByte(byte, later());
};
const tick = (counter: number) => {
  const fields = { counter, time: 1, state: 0, milliamps: 0, jackMillivolts: 0, flags: 0 };
  for (const byte of framed(encodeInjectorMessage('TICK', 1, fields))) witness.boardByte(byte, later());
};

describe('the witness', () => {
  it('stamps a heartbeat with the cycle of its last byte', () => {
    tick(7);
    heartbeat(7);
    expect(told()).toEqual([{ event: 'heartbeat', counter: 7, fresh: true, cycle }]);
  });

  it.each([
    ['the newest counter', [5], 5, true],
    ['the one before', [4, 5], 4, true],
    ['the oldest kept', [1, 32], 1, true],
    ['one no longer kept', [1, 33], 1, false],
    ['one the board never sent', [5], 6, false],
    ['any before the first TICK', [], 0, false],
    ['the one before, over the wrap of the counter', [0xffff, 0], 0xffff, true],
  ])('judges a heartbeat with %s', (_, ticks, counter, fresh) => {
    for (const number of ticks) tick(number);
    heartbeat(counter);
    expect(told().at(-1)).toMatchObject({ counter, fresh });
  });

  it('takes a repeated heartbeat, or an older one after a newer, for none', () => {
    tick(8);
    tick(9);
    heartbeat(9);
    heartbeat(9);
    heartbeat(8);
    expect(told().map((fact) => fact.fresh)).toEqual([true, false, false]);
  });

  it('tells nothing of a heartbeat with a wrong CRC, nor of noise around it', () => {
    tick(1);
    for (const byte of [0xf7, 0xf0, 0x0c, 1, 0xf0, 0x79, 0xf7, 0xff]) witness.hostByte(byte, cycle);
    for (let count = 0; count < 1000; count++) witness.hostByte(0x11, cycle);
    heartbeat(1, true);
    expect(told()).toEqual([]);
    heartbeat(1);
    expect(told()).toHaveLength(1);
  });

  it('keeps the newest facts and at most two files', () => {
    for (let number = 0; number < 120_000; number++) {
      witness.tell({ event: 'filler', cycle: number, padding: 'x'.repeat(60) });
      if (number % 1000 === 0) witness.flush();
    }
    witness.tell({ event: 'last', cycle: 1 });
    const facts = told();
    expect(facts.at(-1)).toEqual({ event: 'last', cycle: 1 });
    expect(facts.length).toBeLessThan(60_000);
    expect(readFileSync(`${path}.1`, 'utf8').length).toBeLessThan(5e6);
  });
});

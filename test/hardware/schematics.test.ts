import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  analogOnly,
  kicad,
  kicadIsThere,
  loadBoard,
  pads,
  pi,
  pinmap,
  root,
  schematics,
  scratch,
  shiftRegisters,
} from './schematics-board.js';
import type { Board } from './schematics-net-list.js';

const strict = process.env.LINKPULSE_STRICT === '1';
const analogPads: Readonly<Record<number, string>> = { 6: '19', 7: '22' };
// SN74HC594, outputs QA..QH.
const registerPads = ['15', '1', '2', '3', '4', '5', '6', '7'];
// Raspberry Pi header: pin of each BCM number that the pin map uses.
const headerPins: Readonly<Record<number, string>> = {
  5: '29',
  6: '31',
  12: '32',
  14: '8',
  15: '10',
  17: '11',
  22: '15',
  23: '16',
  24: '18',
  25: '22',
  27: '13',
};

it('kicad-cli is there where everything optional is mandatory', () => {
  expect(kicadIsThere || !strict, 'LINKPULSE_STRICT=1 and no kicad-cli 9').toBe(true);
});

it('the committed drawings are what the generator writes', () => {
  const folder = join(scratch, 'generated');
  execFileSync('node', [join(schematics, 'generate.mjs'), folder]);
  for (const name of readdirSync(folder))
    expect(
      readFileSync(join(schematics, name), 'utf8') === readFileSync(join(folder, name), 'utf8'),
      `${name} is not what node schematics/generate.mjs writes: run it, then node schematics/export.mjs`,
    ).toBe(true);
});

describe.skipIf(!kicadIsThere)('the schematic', () => {
  let board: Board;
  beforeAll(() => {
    board = loadBoard();
  });
  const mcu = (): string => board.part('ATMEGA328P-AU').ref;
  const netOf = (ref: string, pin: string): string => board.netOf(ref, pin);
  const ends = (net: string): readonly string[] => board.pinsOf(net).map(({ ref, pin }) => `${ref}.${pin}`);

  it('passes the electrical rules check without an error or a warning', () => {
    const report = join(scratch, 'erc.json');
    kicad('sch', 'erc', '--severity-all', '--format', 'json', '-o', report, 'linkpulse.kicad_sch');
    const sheets: { readonly violations: readonly { readonly type: string }[] }[] = JSON.parse(
      readFileSync(report, 'utf8'),
    ).sheets;
    expect(sheets).toHaveLength(10);
    expect(sheets.flatMap((sheet) => sheet.violations)).toEqual([]);
  });

  it('gives the committed bill of materials, and each line has a number, a maker and a rating', () => {
    execFileSync('node', [join(schematics, 'export.mjs'), scratch]);
    const bom = readFileSync(join(scratch, 'bom.csv'), 'utf8');
    expect(readFileSync(join(root, 'hardware/bom.csv'), 'utf8')).toBe(bom);
    const rows = bom
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.slice(1, -1).split('","'));
    expect(rows.length).toBeGreaterThan(50);
    for (const [references, quantity, , mpn, manufacturer, rating] of rows) {
      expect(mpn && manufacturer && rating, `${references} has no number, maker or rating`).toBeTruthy();
      expect(Number(quantity)).toBe(references?.split(',').length);
    }
  });

  it('has every part in a committed drawing', () => {
    const drawn = readdirSync(join(schematics, 'drawings'))
      .map((name) => readFileSync(join(schematics, 'drawings', name), 'utf8'))
      .join('');
    expect([...board.parts.keys()].filter((ref) => !drawn.includes(`>${ref}<`))).toEqual([]);
  });

  it.each(pinmap)('leads $name to the pin that the pin map gives it', ({ name, port, bit }) => {
    const pad = pads[port][bit] ?? '';
    expect(netOf(mcu(), pad).split('/').at(-1)).toBe(name);
    expect(ends(netOf(mcu(), pad)).length).toBeGreaterThan(1);
  });

  it.each(analogOnly)('leads $name to its analogue pad', ({ name, analog }) => {
    expect(
      netOf(mcu(), analogPads[analog] ?? '')
        .split('/')
        .at(-1),
    ).toBe(name);
    expect(ends(netOf(mcu(), analogPads[analog] ?? '')).length).toBeGreaterThan(1);
  });

  it('has each bit of the shift registers at its output, the spare ones open', () => {
    const registers = [...board.parts.values()].filter(({ mpn }) => mpn === 'SN74HC594D').map(({ ref }) => ref);
    expect(registers).toHaveLength(2);
    // Register 1 is the one that the MCU feeds; its last stage feeds the other.
    const first = registers.find((ref) => netOf(ref, '14').endsWith('SHIFT_DATA')) ?? '';
    const second = registers.find((ref) => ref !== first) ?? '';
    expect([...ends(netOf(second, '14'))].sort()).toEqual([`${first}.9`, `${second}.14`].sort());
    for (let bit = 0; bit < 16; bit += 1) {
      const net = netOf(bit < 8 ? first : second, registerPads[bit % 8] ?? '');
      const name = shiftRegisters.bits.find((entry) => entry.bit === bit)?.name;
      if (name === undefined) expect(ends(net), `bit ${bit}`).toHaveLength(1);
      else {
        expect(net.split('/').at(-1)).toBe(name);
        expect(ends(net).length, name).toBeGreaterThan(1);
      }
    }
    for (const ref of registers) {
      expect(netOf(ref, '11').endsWith('STATUS_LED')).toBe(true);
      expect(netOf(ref, '12').endsWith('SHIFT_LATCH')).toBe(true);
    }
  });

  it.each(pi.pins)(
    "leads the Pi's $name (BCM $bcm) somewhere through its resistor, or to the operator",
    ({ name, bcm }) => {
      const header = board.part('SSQ-120-03-T-D').ref;
      const net = netOf(header, headerPins[bcm] ?? '');
      const [part] = board
        .pinsOf(net)
        .filter(({ ref }) => ref !== header)
        .map(({ ref }) => board.parts.get(ref));
      if (name === 'START_BUTTON') {
        expect(part?.mpn).toBe('B3F-1000');
        return;
      }
      expect(part?.ref).toMatch(/^R/);
      const far = part?.nets.find((other) => other !== net) ?? '';
      const expected: Readonly<Record<string, string>> = {
        UART_TX: '/HOST_TXD',
        UART_RX: '/HOST_RXD',
        ESTOP_OK: '/ESTOP_SENSE',
      };
      if (name !== 'STATUS_LIGHT') expect(far).toBe(expected[name] ?? `/${name}_H`);
      // ESTOP_SENSE is what the board's own isolator reads: a pin of the Pi driven by mistake must not move it.
      if (name === 'ESTOP_OK') expect(part?.value).toBe('10k');
    },
  );

  it('takes the values that the SPICE decks prove', () => {
    const proven: Record<string, { value: number; unit: string }> = JSON.parse(
      readFileSync(join(schematics, 'spice/values.json'), 'utf8'),
    ).values;
    const scale: Record<string, number> = { M: 1e6, k: 1e3, R: 1, u: 1e-6, n: 1e-9, p: 1e-12 };
    const drawn = [...board.parts.values()].filter((part) => part.function);
    expect(drawn.length).toBeGreaterThan(50);
    for (const part of drawn) {
      const [, whole, letter = '', fraction] = /^(\d+)([MkRunp])(\d*)/.exec(part.value) ?? [];
      const value = Number(`${whole}.${fraction || 0}`) * (scale[letter] ?? Number.NaN);
      expect(value / (proven[part.function]?.value ?? 0), `${part.ref} ${part.function}`).toBeCloseTo(1, 6);
    }
    const used = new Set(drawn.map((part) => part.function));
    const parts = Object.keys(proven).filter((name) => /^[RC]_/.test(name) && !/^R_(path|detect_reject)/.test(name));
    expect(parts.filter((name) => !used.has(name))).toEqual([]);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Board, isBarrier, reachable, readBoard } from './schematics-net-list.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const schematics = join(root, 'schematics');
const strict = process.env.LINKPULSE_STRICT === '1';
const version = spawnSync('kicad-cli', ['version'], { encoding: 'utf8' }).stdout ?? '';
const kicadIsThere = /^(9|[1-9]\d)\./.test(version);
if (!kicadIsThere) console.log('schematics: skipped, no kicad-cli of version 9 or later');

const scratch = mkdtempSync(join(tmpdir(), 'linkpulse-schematics-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const kicad = (...args: readonly string[]): void => {
  execFileSync('kicad-cli', [...args], { cwd: schematics, env: { ...process.env, HOME: scratch }, stdio: 'ignore' });
};

interface PinmapPin {
  readonly name: string;
  readonly port: 'B' | 'C' | 'D';
  readonly bit: number;
}
const pinmap: readonly PinmapPin[] = JSON.parse(readFileSync(join(root, 'hardware/pinmap.json'), 'utf8')).pins;
// ATmega328P data sheet, figure 1-1, TQFP-32: pad of each port bit.
const pads = {
  B: ['12', '13', '14', '15', '16', '17', '7', '8'],
  C: ['23', '24', '25', '26', '27', '28', '29'],
  D: ['30', '31', '32', '1', '2', '9', '10', '11'],
} as const;

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
    const file = join(scratch, 'netlist.xml');
    kicad('sch', 'export', 'netlist', '--format', 'kicadxml', '-o', file, 'linkpulse.kicad_sch');
    board = readBoard(readFileSync(file, 'utf8'));
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
    expect(sheets).toHaveLength(9);
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

  it('takes the values that the SPICE decks prove', () => {
    const proven: Record<string, { value: number; unit: string }> = JSON.parse(
      readFileSync(join(schematics, 'spice/values.json'), 'utf8'),
    ).values;
    const scale: Record<string, number> = { M: 1e6, k: 1e3, R: 1, u: 1e-6, n: 1e-9, p: 1e-12 };
    const drawn = [...board.parts.values()].filter((part) => part.function);
    expect(drawn.length).toBeGreaterThan(30);
    for (const part of drawn) {
      const [, whole, letter = '', fraction] = /^(\d+)([MkRunp])(\d*)/.exec(part.value) ?? [];
      const value = Number(`${whole}.${fraction || 0}`) * (scale[letter] ?? Number.NaN);
      expect(value / (proven[part.function]?.value ?? 0), `${part.ref} ${part.function}`).toBeCloseTo(1, 6);
    }
    const used = new Set(drawn.map((part) => part.function));
    const parts = Object.keys(proven).filter((name) => /^[RC]_/.test(name) && !/^R_(path|detect_reject)/.test(name));
    expect(parts.filter((name) => !used.has(name))).toEqual([]);
  });

  it('crosses the barrier in isolators only', () => {
    const pi = reachable(board, 'GND_PI');
    const pse = reachable(board, 'VEE48');
    expect([...pi].filter((net) => pse.has(net))).toEqual([]);
    const across = [...board.parts.values()].filter(
      (part) => part.nets.some((net) => pi.has(net)) && part.nets.some((net) => pse.has(net)),
    );
    expect(across.map((part) => part.mpn).sort()).toEqual([
      'AQY212EH',
      'ISO7721FDWV',
      'ISO7741FDW',
      'ISO7742FDW',
      'ITX0505SA-H',
      'ITX0512SA-H',
    ]);
    expect(across.every(isBarrier)).toBe(true);
    // Isolators whose outputs fail to low: TI's F suffix.
    for (const part of across.filter(({ mpn }) => mpn.startsWith('ISO'))) expect(part.mpn).toMatch(/^ISO77\d\dF/);
  });

  it("never leads pins 4, 5, 7 and 8 of the phone's jack, nor the supply, to the Pi's port", () => {
    const phone = 'J701';
    const port = 'J501';
    for (const pin of ['4', '5', '7', '8']) {
      expect(ends(netOf(port, pin))).toEqual([`${port}.${pin}`]);
      const reach = reachable(board, netOf(phone, pin));
      for (const other of ['1', '2', '3', '6']) expect(reach.has(netOf(port, other)), `${pin} to ${other}`).toBe(false);
    }
    const supply = reachable(board, 'VEE48');
    for (const pin of ['1', '2', '3', '6']) expect(supply.has(netOf(port, pin))).toBe(false);
    expect(netOf(phone, '4')).toBe(netOf(phone, '5'));
    expect(netOf(phone, '7')).toBe(netOf(phone, '8'));
  });

  it.each(['GATE', 'PUMP', 'SWITCH2', 'LATCH_CLEAR', 'DISC_RELAY', 'FLP_TX', 'AF_CONNECT', 'AF_CLASS', 'POL_REVERSE'])(
    'pulls %s down, so that a pin in reset is off',
    (name) => {
      const down = board.pinsOf(`/${name}`).filter(({ ref }) => {
        const part = board.parts.get(ref);
        return ref.startsWith('R') && part?.nets.includes('VEE48');
      });
      expect(down).toHaveLength(1);
    },
  );

  it('lets the e-stop contact break the gate supply and the second switch by itself', () => {
    const contact = board.part('XB5AS8442');
    expect([...contact.nets].sort()).toEqual(['+5V_PI', '/ESTOP_5V']);
    // Only the contact (and its terminal) joins the loop to the Pi's 5 V.
    const feeders = [...board.parts.values()].filter((p) => p.nets.includes('+5V_PI') && p.nets.includes('/ESTOP_5V'));
    expect(feeders.map((p) => p.mpn).sort()).toEqual(['1757242', 'XB5AS8442']);
    // With the contact open, nothing on the Pi's side reaches the loop but what it feeds.
    const safe = board.part('ITX0512SA-H');
    const photo = board.part('AQY212EH');
    const loop = reachable(board, '/ESTOP_5V', {
      without: new Set([...feeders.map((p) => p.ref)]),
      stopAt: new Set(['GND_PI']),
      blocks: (part) => part.mpn.startsWith('ISO'),
    });
    expect(loop.has(board.netOf(safe.ref, '2'))).toBe(true);
    expect(loop.has(board.netOf(photo.ref, '1'))).toBe(true);
    expect(loop.has('+5V_PI')).toBe(false);
    expect(loop.has('+3V3_PI')).toBe(false);
    // The safe rail has one source, feeds the relay's coil, and the gate supply through the PhotoMOS.
    const sources = board.pinsOf('+12V_SAFE').filter(({ type }) => type === 'power_out');
    expect(sources.map(({ ref }) => ref)).toEqual([safe.ref]);
    expect(board.netOf(board.part('V23047-A1012-A501').ref, 'A1')).toBe('+12V_SAFE');
    expect([board.netOf(photo.ref, '3'), board.netOf(photo.ref, '4')].sort()).toEqual(['+12V_SAFE', '/VGATE']);
    expect(board.netOf(board.part('LM321MF/NOPB').ref, '5')).toBe('/VGATE');
  });

  it('has two switches in series between the supply and the jack, and no way round them', () => {
    const fet = board.part('PSMN3R7-100BSE,118');
    const relay = board.part('V23047-A1012-A501');
    expect(board.netOf(fet.ref, '2')).toBe(board.netOf(relay.ref, '13'));
    expect(board.netOf(relay.ref, '14')).toBe('/NEG_OUT');
    expect([...ends(board.netOf(fet.ref, '2'))].sort()).toEqual([`${fet.ref}.2`, `${relay.ref}.13`].sort());
    const shunt = [...board.parts.values()].find((part) => part.function === 'R_sense');
    expect([...(shunt?.nets ?? [])].sort()).toEqual(['VEE48', board.netOf(fet.ref, '3')].sort());
  });

  it('pumps the enable through a capacitor: a stuck PUMP enables nothing', () => {
    const loop = reachable(board, '/PUMP', {
      without: new Set([mcu()]),
      stopAt: new Set(['VEE48']),
      blocks: (part) => part.ref.startsWith('C'),
    });
    const hold = [...board.parts.values()].find((part) => part.function === 'C_hold');
    expect(hold?.nets.some((net) => net !== 'VEE48' && loop.has(net))).toBe(false);
  });

  it('gives the ADC and the current limit one reference of 0.5 % or better', () => {
    const reference = board.part('REF3025AIDBZR');
    expect(reference.rating).toContain('0.2 %');
    expect(board.netOf(reference.ref, '2')).toBe('VREF');
    expect(board.netOf(mcu(), '20')).toBe('VREF');
  });
});

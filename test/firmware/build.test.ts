import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hexText } from './firmware-bench.js';

const hardware = fileURLToPath(new URL('../../hardware/', import.meta.url));
const compilerIsThere = spawnSync('avr-gcc', ['--version']).status === 0;
const strict = process.env.LINKPULSE_STRICT === '1';

describe('the committed image', () => {
  it.skipIf(!compilerIsThere && !strict)('is what the sources give, byte for byte (needs avr-gcc)', () => {
    const build = mkdtempSync(join(tmpdir(), 'linkpulse-firmware-'));
    try {
      const out = join(build, 'rebuilt.hex');
      execFileSync('make', ['-s', '-C', join(hardware, 'firmware'), `OUT=${out}`, `BUILD=${build}`], { stdio: 'pipe' });
      expect(readFileSync(out, 'utf8')).toBe(hexText);
    } finally {
      rmSync(build, { recursive: true });
    }
  });

  it('and the simulator follow the pin map', () => {
    const check = spawnSync(process.execPath, [join(hardware, 'generate-pinmap.mjs'), '--check'], { encoding: 'utf8' });
    expect(check.stderr).toBe('');
    expect(check.status).toBe(0);
  });
});

type Entry = Record<string, unknown>;
interface PinMap {
  readonly pins: Entry[];
  readonly shiftRegisters: { parts: number };
  readonly pi: { readonly pins: Entry[] };
}

describe('the pin map', () => {
  const errorsOf = async (change: (gate: Entry, map: PinMap) => void): Promise<string[]> => {
    const { pinmapErrors } = (await import(join(hardware, 'generate-pinmap.mjs'))) as {
      pinmapErrors(map: unknown): string[];
    };
    const map = JSON.parse(readFileSync(join(hardware, 'pinmap.json'), 'utf8')) as PinMap;
    const gate = map.pins.find(({ name }) => name === 'GATE');
    if (gate !== undefined) change(gate, map);
    return pinmapErrors(map);
  };

  it('as it stands has no errors', async () => {
    expect(await errorsOf(() => {})).toEqual([]);
  });
  it('refuses a pin that nobody accounts for, one of the crystal, and more outputs than the registers have', async () => {
    const errors = await errorsOf((gate, map) => {
      Object.assign(gate, { bit: 6, arduino: 14 });
      map.shiftRegisters.parts = 1;
    });
    expect(errors).toEqual(
      expect.arrayContaining([
        "GATE: PB6 does not exist or is the crystal's or RESET",
        'PB0 is not accounted for: name it, or list it in notConnected',
        'BUZZER: there is no register output 8',
        '3 register outputs too many',
      ]),
    );
  });
  it('refuses a number of the Pi used twice', async () => {
    const errors = await errorsOf((_, map) => Object.assign(map.pi.pins[2] ?? {}, { bcm: 27 }));
    expect(errors).toEqual(['BCM number 27 is used twice: FLP_START and PWR_REQ']);
  });
  it('refuses a pin used twice', async () => {
    expect(await errorsOf((gate) => Object.assign(gate, { port: 'D', bit: 4, arduino: 4 }))).toEqual([
      'port bit PD4 is used twice: SWITCH2 and GATE',
      'Arduino number 4 is used twice: SWITCH2 and GATE',
      'PB0 is not accounted for: name it, or list it in notConnected',
    ]);
  });
  it('refuses a name used twice, and a number that is not the pin', async () => {
    expect(await errorsOf((gate) => Object.assign(gate, { name: 'PUMP' }))).toEqual([
      'name PUMP is used twice: PUMP and PUMP',
    ]);
    expect(await errorsOf((gate) => Object.assign(gate, { arduino: 30 }))).toEqual(['GATE: PB0 is not Arduino pin 30']);
  });
});

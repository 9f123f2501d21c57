// The schematic as kicad-cli reads it, and what the pin map says of it: shared by the tests of both.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { type Board, readBoard } from './schematics-net-list.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const schematics = join(root, 'schematics');
const version = spawnSync('kicad-cli', ['version'], { encoding: 'utf8' }).stdout ?? '';
export const kicadIsThere = /^(9|[1-9]\d)\./.test(version);
if (!kicadIsThere) console.log('schematics: skipped, no kicad-cli of version 9 or later');

export const scratch = mkdtempSync(join(tmpdir(), 'linkpulse-schematics-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
export const kicad = (...args: readonly string[]): void => {
  execFileSync('kicad-cli', [...args], { cwd: schematics, env: { ...process.env, HOME: scratch }, stdio: 'ignore' });
};

/** The net list of the committed schematic. */
export const loadBoard = (): Board => {
  const file = join(scratch, 'netlist.xml');
  kicad('sch', 'export', 'netlist', '--format', 'kicadxml', '-o', file, 'linkpulse.kicad_sch');
  return readBoard(readFileSync(file, 'utf8'));
};

interface PinmapPin {
  readonly name: string;
  readonly port: 'B' | 'C' | 'D';
  readonly bit: number;
  readonly direction: string;
}
interface Pinmap {
  readonly pins: readonly PinmapPin[];
  readonly analogOnly: readonly { readonly name: string; readonly analog: number }[];
  readonly shiftRegisters: { readonly bits: readonly { readonly name: string; readonly bit: number }[] };
  readonly pi: { readonly pins: readonly { readonly name: string; readonly bcm: number }[] };
}
export const {
  pins: pinmap,
  analogOnly,
  shiftRegisters,
  pi,
}: Pinmap = JSON.parse(readFileSync(join(root, 'hardware/pinmap.json'), 'utf8'));
// ATmega328P data sheet, figure 1-1, TQFP-32: pad of each port bit.
export const pads = {
  B: ['12', '13', '14', '15', '16', '17', '7', '8'],
  C: ['23', '24', '25', '26', '27', '28', '29'],
  D: ['30', '31', '32', '1', '2', '9', '10', '11'],
} as const;

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { programBoard, programmingSteps } from '../../src/board/avrdude.js';
import { readFirmwareImage } from '../../src/board/firmware-image.js';
import type { BenchError } from '../../src/errors.js';
import { readIntelHex } from '../../src/sim/intel-hex.js';
import { systemClock } from '../../src/timeline/clock.js';
import { encodeBoardBlock, nominalBlock } from '../../src/wire/board-block.js';
import { injectorProtocol } from '../../src/wire/injector.js';
import { root, strict } from '../helpers/linkpulse.js';
import { type Chip, newChip, openProgrammer, type Programmer } from '../helpers/stk500v1.js';

const image = readFirmwareImage(join(root, 'hardware/firmware'));
const flashBytes = readIntelHex(readFileSync(image.path, 'utf8'), 32 * 1024);
const hasAvrdude = spawnSync('avrdude', ['-?']).error === undefined;
const eesave = 0x08;

let programmer: Programmer | undefined;
const temporaryFolder = process.env.TMPDIR;
afterEach(() => {
  programmer?.close();
  programmer = undefined;
  if (temporaryFolder === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporaryFolder;
});

const program = async (chip: Chip, prepare: (opened: Programmer) => void = () => {}) => {
  programmer = openProgrammer(chip);
  prepare(programmer);
  const titles: string[] = [];
  const request = { programmer: 'stk500v1', port: programmer.path, bitClockUs: 8 };
  const result = await programBoard(image, request, systemClock, ({ name }) => titles.push(name));
  return { result, titles };
};
const failure = (work: Promise<unknown>): Promise<BenchError> =>
  work.then(
    () => Promise.reject(new Error('it went through')),
    (error: BenchError) => error,
  );

const calibration = encodeBoardBlock(nominalBlock('LP000042'));
const calibrated = (): Chip => {
  const chip = newChip();
  chip.eeprom.set(calibration);
  return chip;
};

describe.skipIf(!hasAvrdude && !strict)('programming a board with the real avrdude', () => {
  it('brings image and fuses onto a new chip, and says that it has no calibration yet', async () => {
    const chip = newChip();
    const { result, titles } = await program(chip);
    expect(Buffer.compare(chip.flash, flashBytes)).toBe(0);
    expect(chip.fuses).toEqual({ low: 0xf7, high: 0xc7, extended: 0xfc, lock: 0xff });
    expect(result).toEqual({ fusesBefore: newChip().fuses, calibration: 'none yet' });
    expect(titles).toEqual(['identify', 'fuses', 'image', 'verify']);
  }, 60_000);

  it('keeps the calibration of a board, because EESAVE is written before the erase', async () => {
    const chip = calibrated();
    const { result } = await program(chip);
    expect(chip.erases).toBe(1);
    expect(chip.eeprom.subarray(0, calibration.length)).toEqual(calibration);
    expect(result.calibration).toBe('kept');
  }, 60_000);

  it('writes the calibration back where the erase took it', async () => {
    const chip = calibrated();
    const { result } = await program(chip, (opened) => {
      // A chip on which the new fuse does not act yet.
      opened.beforeCommand = () => {
        if (chip.erases === 1 && (chip.fuses.high & eesave) === 0 && chip.flash[0] === 0xff) chip.eeprom.fill(0xff);
      };
    });
    expect(result.calibration).toBe('restored');
    expect(chip.eeprom.subarray(0, calibration.length)).toEqual(calibration);
  }, 60_000);

  it('writes nothing to another chip', async () => {
    const chip = newChip();
    chip.signature = [0x1e, 0x94, 0x06];
    const error = await failure(program(chip));
    expect(error.code).toBe('WRONG_CHIP');
    expect(error.detail).toContain('0x1e9406 (probably m168)');
    expect(chip).toMatchObject({ erases: 0, fuses: newChip().fuses });
  }, 60_000);

  it('writes nothing to a locked chip, whose calibration nobody can read', async () => {
    const chip = calibrated();
    chip.fuses.lock = 0xfc;
    const error = await failure(program(chip));
    expect(error.detail).toContain('locked (lock byte 0xFC)');
    expect(chip.erases).toBe(0);
  }, 60_000);

  it('tells a cell that does not hold what was written, and where the calibration is meanwhile', async () => {
    const chip = calibrated();
    chip.stuck.add(0x64);
    const folder = mkdtempSync(join(tmpdir(), 'linkpulse-flash-test-'));
    process.env.TMPDIR = folder;
    const error = await failure(program(chip));
    expect(error.code).toBe('PROGRAM_MISMATCH');
    expect(error.detail).toMatch(/^flash: device 0xff != input 0x\w\w at addr 0x0064/);
    const backup = /kept in (\S+):/.exec(error.remedy)?.[1] ?? '';
    expect(readIntelHex(readFileSync(backup, 'utf8'), 1024).subarray(0, calibration.length)).toEqual(calibration);
    rmSync(folder, { recursive: true });
  }, 60_000);

  it('tells a fuse that reads otherwise', async () => {
    const chip = newChip();
    const error = await failure(
      program(chip, (opened) => {
        opened.beforeCommand = () => {
          if (chip.erases > 0) chip.fuses.extended = 0xff;
        };
      }),
    );
    expect(error.code).toBe('PROGRAM_MISMATCH');
    expect(error.detail).toBe('efuse 0xFF, not 0xFC');
  }, 60_000);

  it('tells a port that is not there', async () => {
    const request = { programmer: 'stk500v1', port: '/dev/no-such-programmer', bitClockUs: 8 };
    const error = await failure(programBoard(image, request, systemClock, () => {}));
    expect(error.code).toBe('PROGRAMMER_FAILED');
    expect(error.detail).toContain('/dev/no-such-programmer');
  }, 60_000);

  it('tells a programmer that avrdude does not know', async () => {
    const request = { programmer: 'no-such-thing', port: undefined, bitClockUs: 8 };
    const error = await failure(programBoard(image, request, systemClock, () => {}));
    expect(error.code).toBe('PROGRAMMER_FAILED');
    expect(error.detail).toContain('no-such-thing');
  }, 60_000);
});

describe('programming a board', () => {
  it('names the package where avrdude is missing', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      const error = await failure(programBoard(image, request(), systemClock, () => {}));
      expect(error.code).toBe('TOOL_MISSING');
      expect(error.remedy).toContain('package avrdude');
    } finally {
      process.env.PATH = path;
    }
  });

  it('leaves the bit clock to the programmer where it is 0', () => {
    const words = programmingSteps(image, { ...request(), bitClockUs: 0 }, '/tmp/e.hex').flatMap((step) => step.words);
    expect(words).not.toContain('-B');
  });
});

describe('the firmware that came with the daemon', () => {
  it('speaks its protocol', () => {
    expect(image.protocol).toBe(injectorProtocol);
    expect(image.imageBytes).toBe(flashBytes.length - [...flashBytes].reverse().findIndex((byte) => byte !== 0xff));
  });
});

const request = () => ({ programmer: 'usbasp', port: '/dev/no-such-programmer', bitClockUs: 8 });

/**
 * Programs a board over SPI with avrdude. The order keeps the calibration: it is read first, the fuses (EESAVE among them)
 * come before the erase, and in the end everything is read back in a session of its own, under the fuses just written.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, isBenchError } from '../errors.js';
import { toolMissing } from '../os/system-tools.js';
import type { Clock } from '../timeline/clock.js';
import { type FirmwareImage, type FuseBytes, type FuseName, readFirmwareImage } from './firmware-image.js';

export interface ProgramRequest {
  /** avrdude's name of the programmer (`avrdude -c ?`). */
  readonly programmer: string;
  /** Where it is; undefined: avrdude's own default (USB). */
  readonly port: string | undefined;
  /** SPI clock period. A new chip runs at 1 MHz and takes no less than 4 of its cycles. 0: the programmer's own. */
  readonly bitClockUs: number;
}

export interface ProgrammingStep {
  readonly name: 'identify' | 'fuses' | 'image' | 'verify' | 'restore';
  readonly title: string;
  readonly words: readonly [string, ...string[]];
}

export interface ProgramResult {
  readonly fusesBefore: FuseBytes;
  /** `restored`: the erase took it (the chip came without EESAVE), and it was written back. */
  readonly calibration: 'kept' | 'restored' | 'none yet';
}

const memories: Readonly<Record<FuseName, string>> = { low: 'lfuse', high: 'hfuse', extended: 'efuse', lock: 'lock' };
const readFuses = Object.values(memories).flatMap((memory) => ['-U', `${memory}:r:-:h`]);
const hexByte = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
/** The slowest real programmer needs half a minute; one that hangs is ended. */
const stepWithinMs = 180_000;

/** The commands, in order; `restore` is run only where the calibration was lost on the way. */
export const programmingSteps = (
  image: FirmwareImage,
  request: ProgramRequest,
  backupPath: string,
): readonly ProgrammingStep[] => {
  const avrdude = (...words: readonly string[]): readonly [string, ...string[]] => [
    'avrdude',
    '-q',
    '-p',
    image.mcu.toLowerCase().replace('atmega', 'm'),
    '-c',
    request.programmer,
    ...(request.port === undefined ? [] : ['-P', request.port]),
    ...(request.bitClockUs === 0 ? [] : ['-B', String(request.bitClockUs)]),
    ...words,
  ];
  const { low, high, extended } = image.fuses;
  const fuse = (memory: string, value: number) => ['-U', `${memory}:w:${hexByte(value)}:m`];
  return [
    {
      name: 'identify',
      title: 'reads the chip and its calibration',
      words: avrdude(...readFuses, '-U', `eeprom:r:${backupPath}:i`),
    },
    {
      name: 'fuses',
      title: 'writes the fuses',
      words: avrdude('-V', ...fuse('lfuse', low), ...fuse('hfuse', high), ...fuse('efuse', extended)),
    },
    {
      name: 'image',
      title: `writes firmware ${image.version}`,
      words: avrdude('-e', '-V', '-U', `flash:w:${image.path}:i`),
    },
    {
      name: 'verify',
      title: 'reads everything back',
      words: avrdude('-U', `flash:v:${image.path}:i`, ...readFuses, '-U', `eeprom:v:${backupPath}:i`),
    },
    {
      name: 'restore',
      title: 'writes the calibration back',
      words: avrdude('-U', `eeprom:w:${backupPath}:i`),
    },
  ];
};

/**
 * Throws BenchError TOOL_MISSING, PROGRAMMER_FAILED, WRONG_CHIP (nothing was written then) or PROGRAM_MISMATCH. Whatever it
 * throws, a board without a sound image keeps its pins at high impedance: off.
 */
export const programBoard = async (
  image: FirmwareImage,
  request: ProgramRequest,
  clock: Clock,
  tell: (step: ProgrammingStep) => void,
): Promise<ProgramResult> => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-program-'));
  const backupPath = join(folder, 'eeprom.hex');
  const steps = programmingSteps(image, request, backupPath);
  const run = async (name: ProgrammingStep['name']): Promise<Answer> => {
    const step = steps.find((candidate) => candidate.name === name) as ProgrammingStep;
    tell(step);
    return runAvrdude(step, clock);
  };
  let hasCalibration = false;
  let isAtRisk = false;
  try {
    const fusesBefore = fusesOf(accepted(await run('identify')));
    if ((fusesBefore.lock & image.fuseMasks.lock) !== image.fuseMasks.lock)
      throw new BenchError(
        'PROGRAMMER_FAILED',
        `the chip is locked (lock byte ${hexByte(fusesBefore.lock)}): its calibration cannot be read and would be lost`,
        { remedy: 'Nothing was written. Erase the chip with avrdude -e, flash again, then calibrate the board anew.' },
      );
    hasCalibration = holdsData(readFileSync(backupPath, 'utf8'));
    isAtRisk = hasCalibration;
    accepted(await run('fuses'));
    accepted(await run('image'));
    const readBack = await run('verify');
    const isCalibrationLost = readBack.mismatchIn === 'eeprom';
    if (!isCalibrationLost) accepted(readBack);
    compareFuses(fusesOf(readBack), image);
    if (isCalibrationLost) accepted(await run('restore'));
    isAtRisk = false;
    return { fusesBefore, calibration: isCalibrationLost ? 'restored' : hasCalibration ? 'kept' : 'none yet' };
  } catch (error) {
    if (!isAtRisk || !isBenchError(error)) throw error;
    const remedy = `${error.remedy} The board's calibration is kept in ${backupPath}: avrdude -U eeprom:w:${backupPath}:i`;
    throw new BenchError(error.code, error.detail, { cause: error, remedy });
  } finally {
    if (!isAtRisk) rmSync(folder, { recursive: true, force: true });
  }
};

/** Whether an Intel hex file has a byte that is not 0xFF. */
const holdsData = (hex: string): boolean =>
  [...hex.matchAll(/^:[0-9A-F]{6}00([0-9A-F]*)[0-9A-F]{2}\s*$/gm)].some(([, data = '']) => !/^(FF)*$/.test(data));

interface Answer {
  readonly output: string;
  readonly failure: BenchError | undefined;
  /** Memory whose content was not what it should be. */
  readonly mismatchIn: string | undefined;
}

const accepted = (answer: Answer): Answer => {
  if (answer.failure !== undefined) throw answer.failure;
  return answer;
};

/** avrdude prints them one a line, in the order asked for. */
const fusesOf = ({ output }: Answer): FuseBytes => {
  const [low, high, extended, lock] = [...output.matchAll(/^0x([0-9a-f]+)\s*$/gim)].map(([text]) => Number(text));
  if (low === undefined || high === undefined || extended === undefined || lock === undefined)
    throw new BenchError('PROGRAMMER_FAILED', `the fuses could not be read (${output.trim() || 'no answer'})`);
  return { low, high, extended, lock };
};

const compareFuses = (found: FuseBytes, { fuses, fuseMasks }: FirmwareImage): void => {
  const wrong = (Object.keys(memories) as FuseName[]).filter(
    (name) => (found[name] & fuseMasks[name]) !== (fuses[name] & fuseMasks[name]),
  );
  if (wrong.length === 0) return;
  const differences = wrong.map((name) => `${memories[name]} ${hexByte(found[name])}, not ${hexByte(fuses[name])}`);
  throw new BenchError('PROGRAM_MISMATCH', differences.join('; '));
};

const runAvrdude = (step: ProgrammingStep, clock: Clock): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const [program, ...words] = step.words;
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let output = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const limit = clock.alarm(stepWithinMs, () => child.kill('SIGKILL'));
    child.on('error', (cause: NodeJS.ErrnoException) => {
      limit.cancel();
      reject(cause.code === 'ENOENT' ? toolMissing('avrdude', 'avrdude') : cause);
    });
    child.on('close', (code, signal) => {
      limit.cancel();
      resolve({ output, ...failureOf(step, said, signal ?? code) });
    });
  });

const failureOf = (
  step: ProgrammingStep,
  said: string,
  ended: number | string | null,
): Pick<Answer, 'failure' | 'mismatchIn'> => {
  const complaints = [...said.matchAll(/^avrdude(?: OS)? error: (.*)$/gm)].map(([, text = '']) => text);
  // It may end with 0 after a memory that could not be read: its complaints count, too.
  if (ended === 0 && complaints.length === 0) return { failure: undefined, mismatchIn: undefined };
  if (said.includes('expected signature')) {
    const found = /device signature = (.*)/.exec(said)?.[1] ?? 'no signature';
    const failure = new BenchError('WRONG_CHIP', `the programmer found ${found}`);
    return { failure, mismatchIn: undefined };
  }
  if (said.includes('verification mismatch')) {
    const memory = [...said.matchAll(/verifying (\w+) memory/g)].at(-1)?.[1] ?? 'memory';
    const where = /device 0x.*/.exec(said)?.[0].replace(' (error)', '') ?? '';
    return { failure: new BenchError('PROGRAM_MISMATCH', `${memory}: ${where}`), mismatchIn: memory };
  }
  const why = complaints.length > 0 ? complaints.join('; ') : `ended with ${ended}`;
  return {
    failure: new BenchError('PROGRAMMER_FAILED', `avrdude could not do this: ${step.title} (${why})`),
    mismatchIn: undefined,
  };
};

/** Both over the firmware in `folder`, for the composition root. */
export const createFirmwareTools = (folder: string, clock: Clock) => ({
  image: () => readFirmwareImage(folder),
  programmingCommands: (request: ProgramRequest) =>
    programmingSteps(readFirmwareImage(folder), request, join(tmpdir(), 'eeprom.hex')).map(
      ({ name, title, words }) => ({
        title: name === 'restore' ? `${title}, only where the erase took it` : title,
        commandLine: words.map(quoted).join(' '),
      }),
    ),
  program: (request: ProgramRequest, tell: (step: ProgrammingStep) => void) =>
    programBoard(readFirmwareImage(folder), request, clock, tell),
});

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

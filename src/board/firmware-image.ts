/** The firmware that came with this daemon, as hardware/firmware has it: image, fuse bytes, version. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../errors.js';

export type FuseName = 'low' | 'high' | 'extended' | 'lock';
export type FuseBytes = Readonly<Record<FuseName, number>>;

export interface FirmwareImage {
  readonly version: string;
  readonly protocol: number;
  readonly mcu: string;
  readonly path: string;
  readonly imageBytes: number;
  readonly sha256: string;
  readonly fuses: FuseBytes;
  /** Bits of each fuse byte that exist. */
  readonly fuseMasks: FuseBytes;
}

/** Throws BenchError FIRMWARE_UNREADABLE. */
export const readFirmwareImage = (folder: string): FirmwareImage => {
  const read = (name: string): string => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch (cause) {
      throw new BenchError('FIRMWARE_UNREADABLE', join(folder, name), { cause });
    }
  };
  const hex = read('linkpulse.hex');
  // The image is built from this header byte for byte (a test rebuilds it); the image itself holds the numbers in code only.
  const header = read('config.h');
  const constant = (name: string): number => {
    const value = new RegExp(`^#define ${name} (\\d+)`, 'm').exec(header)?.[1];
    if (value === undefined) throw new BenchError('FIRMWARE_UNREADABLE', `${join(folder, 'config.h')} has no ${name}`);
    return Number(value);
  };
  const fuses = JSON.parse(read('fuses.json')) as {
    readonly mcu: string;
    readonly bytes: Readonly<Record<FuseName, string>>;
    readonly masks: Readonly<Record<FuseName, string>>;
  };
  return {
    version: `${constant('FIRMWARE_MAJOR')}.${constant('FIRMWARE_MINOR')}`,
    protocol: constant('PROTOCOL_VERSION'),
    mcu: fuses.mcu,
    path: join(folder, 'linkpulse.hex'),
    imageBytes: dataBytes(hex),
    sha256: createHash('sha256').update(hex).digest('hex'),
    fuses: numbers(fuses.bytes),
    fuseMasks: numbers(fuses.masks),
  };
};

/** Of an Intel hex file: the lengths of its data records (`:LLAAAA00...`). */
const dataBytes = (hex: string): number =>
  [...hex.matchAll(/^:([0-9A-Fa-f]{2})[0-9A-Fa-f]{4}00/gm)].reduce(
    (sum, [, length = '0']) => sum + Number.parseInt(length, 16),
    0,
  );

const numbers = (texts: Readonly<Record<FuseName, string>>): FuseBytes => ({
  low: Number(texts.low),
  high: Number(texts.high),
  extended: Number(texts.extended),
  lock: Number(texts.lock),
});

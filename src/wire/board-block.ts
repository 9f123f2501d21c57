/** The blocks of the board's EEPROM: what production writes, and the profile of the discrete lines (docs/board-protocol.md). */
import { crc16, injectorPayload } from './injector.js';
import type { InjectorFields } from './injector-messages.js';

/** ADC counts to mA (2^16ths) and mV (2^9ths) at the full scales of hardware/pinmap.json: one number for both. */
export const nominalGain = 32_031;
const serialBytes = 8;
const blockBytes = 21;
const millisecondsPerDay = 86_400_000;
const firstDay = Date.UTC(2000, 0, 1);

export interface BoardBlock {
  /** Printable ASCII, at most 8 characters. */
  readonly serial: string;
  readonly revision: number;
  /** mA a count in parts of 2^16, and an offset in parts of 2^8 mA. */
  readonly currentGain: number;
  readonly currentOffset: number;
  /** mV a count in parts of 2^9, and an offset in mV. */
  readonly jackGain: number;
  readonly jackOffset: number;
  /** Days since 2000-01-01. */
  readonly calibrationDays: number;
}

/** `days` since 2000-01-01 as `2026-11-23`. */
export const dateOfDays = (days: number): string =>
  new Date(firstDay + days * millisecondsPerDay).toISOString().slice(0, 10);

/** Throws RangeError for what does not fit its field. */
export const encodeBoardBlock = (block: BoardBlock): Uint8Array => {
  if (!/^[ -~]{1,8}$/.test(block.serial)) throw new RangeError(`serial "${block.serial}"`);
  const bytes = Buffer.alloc(blockBytes);
  bytes.write(block.serial.padEnd(serialBytes), 'latin1');
  let offset = bytes.writeUInt8(block.revision, serialBytes);
  offset = bytes.writeUInt16LE(block.currentGain, offset);
  offset = bytes.writeInt16LE(block.currentOffset, offset);
  offset = bytes.writeUInt16LE(block.jackGain, offset);
  offset = bytes.writeInt16LE(block.jackOffset, offset);
  offset = bytes.writeUInt16LE(block.calibrationDays, offset);
  bytes.writeUInt16LE(crc16(bytes.subarray(0, offset)), offset);
  return Uint8Array.from(bytes);
};

/** A board exactly as drawn. */
export const nominalBlock = (serial: string): BoardBlock => ({
  serial,
  revision: 1,
  currentGain: nominalGain,
  currentOffset: 0,
  jackGain: nominalGain,
  jackOffset: 0,
  calibrationDays: 9_823,
});

/** Where the profile stands in the EEPROM. */
export const profileAt = 32;

/** The profile as STORE_PROFILE leaves it there: its payload and a CRC. Throws RangeError for what does not fit its field. */
export const encodeProfileBlock = (profile: InjectorFields<'STORE_PROFILE'>): Uint8Array => {
  const payload = injectorPayload('STORE_PROFILE', profile);
  const crc = crc16(payload);
  return Uint8Array.of(...payload, crc & 0xff, crc >> 8);
};

/** A whole EEPROM's beginning: the board's block, and where given the profile behind it. */
export const encodeEeprom = (block: BoardBlock, profile?: InjectorFields<'STORE_PROFILE'>): Uint8Array => {
  if (profile === undefined) return encodeBoardBlock(block);
  const stored = encodeProfileBlock(profile);
  const bytes = new Uint8Array(profileAt + stored.length).fill(0xff);
  bytes.set(encodeBoardBlock(block));
  bytes.set(stored, profileAt);
  return bytes;
};

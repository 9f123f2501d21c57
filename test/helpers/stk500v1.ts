/**
 * An STK500 version 1 programmer (Atmel AVR061) with an ATmega328P on it, behind a pty: what avrdude finds at the wire.
 * The chip keeps flash, EEPROM and fuses as the data sheet has it (27.8): erased is 0xFF, programming clears bits only, and a
 * chip erase spares the EEPROM only while EESAVE (high fuse, bit 3) is programmed.
 */
import { openPty } from '../../src/os/pty.js';
import { systemClock } from '../../src/timeline/clock.js';

const inSync = 0x14;
const ok = 0x10;
const endOfCommand = 0x20;
const flashBytes = 32 * 1024;
const eepromBytes = 1024;

export interface Chip {
  signature: readonly [number, number, number];
  readonly flash: Uint8Array;
  readonly eeprom: Uint8Array;
  /** As a new chip comes; unused bits of the extended fuse read 1. */
  readonly fuses: { low: number; high: number; extended: number; lock: number };
  /** Bytes of flash that cannot be programmed. */
  readonly stuck: Set<number>;
  erases: number;
}

export const newChip = (): Chip => ({
  signature: [0x1e, 0x95, 0x0f],
  flash: new Uint8Array(flashBytes).fill(0xff),
  eeprom: new Uint8Array(eepromBytes).fill(0xff),
  fuses: { low: 0x62, high: 0xd9, extended: 0xff, lock: 0xff },
  stuck: new Set(),
  erases: 0,
});

export const erase = (chip: Chip): void => {
  chip.erases += 1;
  chip.flash.fill(0xff);
  chip.fuses.lock = 0xff;
  if ((chip.fuses.high & 0x08) !== 0) chip.eeprom.fill(0xff);
};

const writeFlash = (chip: Chip, at: number, byte: number) => {
  if (!chip.stuck.has(at)) chip.flash[at] = (chip.flash[at] ?? 0xff) & byte;
};

/** Answer byte of one SPI instruction (data sheet table 27-19). */
const spi = (chip: Chip, [first = 0, second = 0, third = 0, fourth = 0]: Uint8Array): number => {
  const address = second * 256 + third;
  const { fuses } = chip;
  switch ((first << 8) | second) {
    case 0x5000:
      return fuses.low;
    case 0x5808:
      return fuses.high;
    case 0x5008:
      return fuses.extended;
    case 0x5800:
      return fuses.lock;
    case 0xac80:
      erase(chip);
      return 0;
    case 0xaca0:
      fuses.low = fourth;
      return 0;
    case 0xaca8:
      fuses.high = fourth;
      return 0;
    case 0xaca4:
      fuses.extended = fourth | 0xf8;
      return 0;
    case 0xace0:
      fuses.lock = fourth | 0xc0;
      return 0;
  }
  switch (first) {
    case 0x30:
      return chip.signature[third & 3] ?? 0;
    case 0xa0:
      return chip.eeprom[address % eepromBytes] ?? 0;
    case 0xc0:
      chip.eeprom[address % eepromBytes] = fourth;
      return 0;
    case 0x20:
    case 0x28:
      return chip.flash[(address * 2 + (first === 0x28 ? 1 : 0)) % flashBytes] ?? 0;
    default:
      return 0;
  }
};

/** Bytes of a command's parameters after the command byte, before the end byte; undefined: not all here yet. */
const parameterBytes = (bytes: readonly number[]): number | undefined => {
  switch (bytes[0]) {
    case 0x40:
      return 2;
    case 0x41:
      return 1;
    case 0x42:
      return 20;
    case 0x45:
      return bytes.length < 2 ? undefined : bytes[1];
    case 0x55:
      return 2;
    case 0x56:
      return 4;
    case 0x64:
      return bytes.length < 3 ? undefined : 3 + (bytes[1] ?? 0) * 256 + (bytes[2] ?? 0);
    case 0x74:
      return 3;
    default:
      return 0;
  }
};

const answer = (chip: Chip, command: number, parameters: Uint8Array, state: { address: number }): readonly number[] => {
  const [first = 0, second = 0, third = 0] = parameters;
  const size = first * 256 + second;
  const isFlash = third === 0x46;
  // AVR061 counts words of flash; avrdude counts bytes of EEPROM.
  const start = isFlash ? state.address * 2 : state.address;
  switch (command) {
    case 0x41:
      return [0x02];
    case 0x52:
      erase(chip);
      return [];
    case 0x55:
      state.address = second * 256 + first;
      return [];
    case 0x56:
      return [spi(chip, parameters)];
    case 0x75:
      return chip.signature;
    case 0x64:
      for (let index = 0; index < size; index += 1) {
        const byte = parameters[3 + index] ?? 0xff;
        if (isFlash) writeFlash(chip, start + index, byte);
        else chip.eeprom[(start + index) % eepromBytes] = byte;
      }
      return [];
    case 0x74:
      return [...(isFlash ? chip.flash : chip.eeprom).subarray(start, start + size)];
    default:
      return [];
  }
};

export interface Programmer {
  /** For avrdude's -P. */
  readonly path: string;
  readonly chip: Chip;
  /** Between two commands: the test may change the chip. */
  beforeCommand: (command: number) => void;
  close(): void;
}

export const openProgrammer = (chip: Chip = newChip()): Programmer => {
  const pty = openPty();
  const state = { address: 0 };
  let waiting: number[] = [];
  const programmer: Programmer = {
    path: pty.path,
    chip,
    beforeCommand: () => {},
    close: () => {
      polling.cancel();
      pty.close();
    },
  };
  const polling = systemClock.every(1, () => {
    waiting.push(...pty.read());
    for (;;) {
      const length = parameterBytes(waiting);
      if (length === undefined || waiting.length < length + 2) break;
      const [command = 0, ...rest] = waiting.slice(0, length + 1);
      if (waiting[length + 1] !== endOfCommand) {
        waiting = [];
        break;
      }
      waiting = waiting.slice(length + 2);
      programmer.beforeCommand(command);
      pty.write(Uint8Array.from([inSync, ...answer(chip, command, Uint8Array.from(rest), state), ok]));
    }
    pty.flush();
  });
  return programmer;
};

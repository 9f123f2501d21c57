/**
 * The board's Firmata side, byte for byte as hardware/firmware/firmata.c answers it: version, firmware, capabilities, analog
 * mapping, pin states, the host's own outputs. Analog and digital reports, which nobody asks for, are not modelled.
 */
import { injectorSysexId } from '../../wire/injector.js';
import { pins, registerBits } from '../pinmap.js';
import type { Outbox } from './outbox.js';

const command = {
  digitalMessage: 0x90,
  setDigitalPin: 0xf5,
  setPinMode: 0xf4,
  reportVersion: 0xf9,
  sysexStart: 0xf0,
  sysexEnd: 0xf7,
  systemReset: 0xff,
} as const;
const sysex = { mapping: 0x69, capability: 0x6b, state: 0x6d, firmware: 0x79 } as const;
/** Answers to a query have the id behind it. */
const answerTo = (id: number) => id + 1;
const mode = { input: 0, output: 1, analog: 2 } as const;
const none = 0x7f;
const digitalBits = 1;
const analogBits = 10;
const firmataVersion = [2, 5] as const;
const firmwareVersion = [2, 0] as const;
const firmwareName = 'Linkpulse';
const longestSysex = 160;

type Kind = 'guarded' | 'input' | 'output' | 'reading';

/** By Firmata's number: the chip's pins, then the host's outputs on the registers. */
const kinds: readonly Kind[] = [
  ...Object.entries(pins)
    .sort(([, one], [, other]) => one.arduino - other.arduino)
    .map(([name, pin]): Kind => {
      if ('analog' in pin) return 'reading';
      if (name === 'STATUS_LED') return 'output';
      return ['FLP_START', 'PWR_REQ', 'HEARTBEAT'].includes(name) ? 'input' : 'guarded';
    }),
  ...Object.keys(registerBits)
    .filter((name) => ['BUZZER', 'LAMP_GREEN', 'LAMP_RED'].includes(name))
    .map((): Kind => 'output'),
];

const modeOf: Readonly<Record<Exclude<Kind, 'guarded'>, number>> = {
  input: mode.input,
  output: mode.output,
  reading: mode.analog,
};

/** Data bytes that a command waits for. */
const lengthOf = (status: number): number => {
  if ((status & 0xf0) === command.digitalMessage || (status & 0xf0) === 0xe0) return 2;
  if ((status & 0xf0) === 0xc0 || (status & 0xf0) === 0xd0) return 1;
  return status === command.setPinMode || status === command.setDigitalPin ? 2 : 0;
};

export interface FirmataSide {
  /** A byte has wholly arrived. */
  byte(byte: number): void;
}

export const createFirmataSide = (
  outbox: Outbox,
  on: { message(content: Uint8Array): void; systemReset(): void },
): FirmataSide => {
  const high = new Set<number>();
  let status = 0;
  let data: number[] = [];

  const say = (slot: string, bytes: readonly number[]) => outbox.bytes(Uint8Array.from(bytes), slot);
  const saySysex = (id: number, bytes: readonly number[], slot = `sysex ${id}`) =>
    say(slot, [command.sysexStart, id, ...bytes, command.sysexEnd]);
  const sayVersion = () => say('version', [command.reportVersion, ...firmataVersion]);
  const sayFirmware = () =>
    saySysex(sysex.firmware, [...firmwareVersion, ...[...firmwareName].flatMap((letter) => [letter.charCodeAt(0), 0])]);

  const write = (pin: number, isHigh: boolean) => {
    if (kinds[pin] !== 'output') return;
    if (isHigh) high.add(pin);
    else high.delete(pin);
  };
  const sayCapabilities = () =>
    saySysex(
      answerTo(sysex.capability),
      kinds.flatMap((kind) =>
        kind === 'guarded' ? [none] : [modeOf[kind], kind === 'reading' ? analogBits : digitalBits, none],
      ),
    );
  const sayMapping = () => {
    let channel = 0;
    saySysex(
      answerTo(sysex.mapping),
      kinds.map((kind) => {
        if (kind !== 'reading') return none;
        channel += 1;
        return channel - 1;
      }),
    );
  };
  const sayState = (pin: number) => {
    const kind = kinds[pin];
    if (kind === undefined) return;
    const state = kind === 'guarded' ? [] : [modeOf[kind], high.has(pin) ? 1 : 0];
    saySysex(answerTo(sysex.state), [pin, ...state], `state ${pin}`);
  };

  const endSysex = () => {
    const [id, first = none] = data;
    if (id === injectorSysexId) on.message(Uint8Array.from(data.slice(1)));
    else if (id === sysex.firmware) sayFirmware();
    else if (id === sysex.capability) sayCapabilities();
    else if (id === sysex.mapping) sayMapping();
    else if (id === sysex.state && data.length === 2) sayState(first);
  };
  const endShort = () => {
    const [first = 0, second = 0] = data;
    if (status === command.setDigitalPin) write(first, second !== 0);
    else if ((status & 0xf0) === command.digitalMessage)
      for (let bit = 0; bit < 8; bit += 1)
        write((status & 0x0f) * 8 + bit, (((first | (second << 7)) >> bit) & 1) === 1);
  };

  sayVersion();
  sayFirmware();
  return {
    byte: (byte) => {
      if (byte < 0x80) {
        if (status === 0 || data.length >= longestSysex) return;
        data.push(byte);
        if (status === command.sysexStart || data.length < lengthOf(status)) return;
        endShort();
        status = 0;
        return;
      }
      // Every byte from 0x80 on starts something new; an unfinished message is forgotten.
      if (byte === command.sysexEnd && status === command.sysexStart) endSysex();
      status = byte === command.sysexStart || lengthOf(byte) > 0 ? byte : 0;
      data = [];
      if (byte === command.systemReset) {
        high.clear();
        on.systemReset();
      } else if (byte === command.reportVersion) sayVersion();
    },
  };
};

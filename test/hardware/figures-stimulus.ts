/**
 * One description of what happens around the chip, played in either simulator: levels, ADC counts and serial bytes at
 * given cycles, and answers to what the firmware does on its pins. Both players give the same kind of log.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cyclesPerSecond, Machine } from '../../src/sim/machine.js';
import { analogOnlyPins, type PinName, pins, type RegisterBit, registerBits } from '../../src/sim/pinmap.js';
import { attachShiftRegister } from '../../src/sim/shift-register.js';
import { encodeEeprom, nominalBlock } from '../../src/wire/board-block.js';
import { decodeInjectorMessage, injectorSysexId } from '../../src/wire/injector.js';
import type { BoardMessageName, InjectorMessage } from '../../src/wire/injector-messages.js';
import { usualProfile } from '../firmware/firmware-bench.js';

export const cyclesPerMs = cyclesPerSecond / 1000;
const hostByteCycles = (10 * cyclesPerSecond) / 57_600;
const hexPath = fileURLToPath(new URL('../../hardware/firmware/linkpulse.hex', import.meta.url));

const eeprom = encodeEeprom(nominalBlock('LP000042'), usualProfile);
const hexWords = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16)).join(' ');

const analogPins = { CURRENT: pins.CURRENT, JACK_VOLTS: pins.JACK_VOLTS, ...analogOnlyPins } as const;
type AnalogPin = keyof typeof analogPins;
/** What the firmware drives: a pin, or an output of the shift registers. */
export type Output = PinName | RegisterBit;
export type Action =
  | { readonly pin: PinName; readonly high: boolean }
  | { readonly analog: AnalogPin; readonly counts: number }
  | { readonly bytes: readonly number[] };
export interface Timed {
  readonly cycle: number;
  readonly action: Action;
}
/** Whenever the firmware drives `pin` to `high` (while it holds `when`), `action` follows `after` cycles later. */
export interface Answer {
  readonly pin: Output;
  readonly high: boolean;
  readonly when?: { readonly pin: Output; readonly high: boolean };
  readonly after: number;
  readonly action: Action;
}
export interface Scenario {
  readonly endCycle: number;
  readonly at: readonly Timed[];
  readonly answers: readonly Answer[];
}

export interface Edge {
  readonly cycle: number;
  readonly pin: Output;
  readonly high: boolean;
}
export type BoardMessage = InjectorMessage<BoardMessageName> & { readonly cycle: number };
export interface RunLog {
  /** What the firmware drives high, and no longer does. */
  readonly edges: readonly Edge[];
  readonly did: readonly Timed[];
  readonly messages: readonly BoardMessage[];
  /** When the last byte of each `bytes` action was wholly in the receiver. */
  readonly arrivals: readonly number[];
  readonly lostBytes: number;
  readonly resets: number;
}
export type Play = (scenario: Scenario) => RunLog;

const isRegisterBit = (name: Output): name is RegisterBit => name in registerBits;
const pinCode = (name: Output): string =>
  isRegisterBit(name) ? `R${registerBits[name]}` : `${pins[name].port}${pins[name].bit}`;
const outputNames = new Map(
  ([...Object.keys(pins), ...Object.keys(registerBits)] as Output[]).map((name) => [pinCode(name), name]),
);
const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');
const actionText = (action: Action): string => {
  if ('pin' in action) return `pin ${pinCode(action.pin)} ${Number(action.high)}`;
  if ('analog' in action) return `adc ${analogPins[action.analog].analog} ${action.counts}`;
  return `serial ${action.bytes.map(hexByte).join(' ')}`;
};

class Log implements RunLog {
  readonly edges: Edge[] = [];
  readonly did: Timed[] = [];
  readonly messages: BoardMessage[] = [];
  readonly arrivals: number[] = [];
  lostBytes = 0;
  resets = 0;
  #lineFreeAt = 0;
  #sysex: number[] | undefined;

  act(cycle: number, action: Action): void {
    this.did.push({ cycle, action });
    if (!('bytes' in action)) return;
    this.#lineFreeAt = Math.max(cycle, this.#lineFreeAt) + action.bytes.length * hostByteCycles;
    this.arrivals.push(Math.ceil(this.#lineFreeAt));
  }
  hear(byte: number, cycle: number): void {
    if (byte === 0xf0) this.#sysex = [];
    else if (byte !== 0xf7) this.#sysex?.push(byte);
    else if (this.#sysex !== undefined) {
      const [id, ...content] = this.#sysex;
      this.#sysex = undefined;
      if (id !== injectorSysexId) return;
      const message = decodeInjectorMessage(Uint8Array.from(content));
      if (message.name === 'malformed' || message.name === 'unknown')
        throw new Error(`the board sent a ${message.name}`);
      this.messages.push({ ...message, cycle } as BoardMessage);
    }
  }
}

export const playInAvr8js: Play = (scenario) => {
  const machine = new Machine({ hex: readFileSync(hexPath, 'utf8'), eeprom });
  const log = new Log();
  const counts: Record<AnalogPin, number> = { CURRENT: 0, JACK_VOLTS: 0, READBACK: 0, AF_SENSE: 0 };
  for (const name of Object.keys(counts) as AnalogPin[]) machine.setAnalog(name, () => counts[name]);
  const perform = (action: Action, cycle: number): void => {
    log.act(cycle, action);
    if ('pin' in action) machine.setPin(action.pin, action.high);
    else if ('analog' in action) counts[action.analog] = action.counts;
    else for (const byte of action.bytes) machine.serialIn(byte);
  };
  for (const { cycle, action } of scenario.at) machine.at(cycle, () => perform(action, cycle));
  const levels = new Map<Output, boolean>();
  const changed = (name: Output, high: boolean, cycle: number): void => {
    if ((levels.get(name) ?? false) === high) return;
    levels.set(name, high);
    log.edges.push({ cycle, pin: name, high });
    for (const answer of scenario.answers) {
      if (answer.pin !== name || answer.high !== high) continue;
      if (answer.when !== undefined && (levels.get(answer.when.pin) ?? false) !== answer.when.high) continue;
      const due = cycle + answer.after;
      machine.at(due, () => perform(answer.action, due));
    }
  };
  for (const name of outputNames.values()) {
    if (!isRegisterBit(name)) machine.onPin(name, (drive, cycle) => changed(name, drive === 'high', cycle));
  }
  attachShiftRegister(machine, changed);
  machine.onSerialOut((byte, cycle) => log.hear(byte, cycle));
  machine.onReset(() => log.resets++);
  machine.runUntil(scenario.endCycle);
  log.lostBytes = machine.lostBytes;
  return log;
};

/** The script that hardware/simavr/linkpulse-simavr.c reads. */
const toScript = ({ endCycle, at, answers }: Scenario): string =>
  [
    `end ${endCycle}`,
    `eeprom ${hexWords(eeprom)}`,
    ...at.map(({ cycle, action }) => `at ${cycle} ${actionText(action)}`),
    ...answers.map(({ pin, high, when, after, action }) => {
      const condition = when === undefined ? '' : `if ${pinCode(when.pin)} ${Number(when.high)} `;
      return `on ${pinCode(pin)} ${Number(high)} ${condition}after ${after} ${actionText(action)}`;
    }),
    '',
  ].join('\n');

/** `harness`: the program built from hardware/simavr. */
export const playInSimavr =
  (harness: string): Play =>
  (scenario) => {
    const run = spawnSync(harness, [hexPath], {
      input: toScript(scenario),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const lines = run.stdout.split('\n');
    if (run.status !== 0)
      throw new Error(`simavr ended with ${run.status}: ${run.stderr}${lines.slice(-3).join(', ')}`);
    const actions = new Map(
      [...scenario.at, ...scenario.answers].map(({ action }) => [actionText(action), action] as const),
    );
    const log = new Log();
    for (const line of lines) {
      const [, stamp, kind, rest = ''] = /^(\d+) (\w+) ?(.*)$/.exec(line) ?? [];
      const cycle = Number(stamp);
      if (kind === 'edge') {
        const [code = '', level] = rest.split(' ');
        const pin = outputNames.get(code);
        if (pin !== undefined) log.edges.push({ cycle, pin, high: level === '1' });
      } else if (kind === 'did') {
        const action = actions.get(rest);
        if (action === undefined) throw new Error(`simavr did what nobody asked for: ${line}`);
        log.act(cycle, action);
      } else if (kind === 'out') log.hear(Number.parseInt(rest, 16), cycle);
      else if (kind === 'lost') log.lostBytes++;
      else if (kind === 'reset') log.resets++;
    }
    return log;
  };

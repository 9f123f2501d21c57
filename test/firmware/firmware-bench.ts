/**
 * The committed firmware on the simulated chip, with the outside played as simply as the tests need: pulses sent come
 * back after a delay, currents and volts are what the test says, relays follow at once.
 */
import { readFileSync } from 'node:fs';
import { cyclesPerSecond, Machine, type PinDrive } from '../../src/sim/machine.js';
import { adcReferenceVolts, type PinName, type RegisterBit } from '../../src/sim/pinmap.js';
import { attachShiftRegister, type ShiftRegister } from '../../src/sim/shift-register.js';
import { encodeEeprom, nominalBlock } from '../../src/wire/board-block.js';
import {
  decodeInjectorMessage,
  encodeInjectorMessage,
  injectorProtocol,
  injectorSysexId,
} from '../../src/wire/injector.js';
import type {
  BoardMessageName,
  HostMessageName,
  InjectorFields,
  InjectorMessage,
} from '../../src/wire/injector-messages.js';

export const cyclesPerMs = cyclesPerSecond / 1000;
export const hexText = readFileSync(new URL('../../hardware/firmware/linkpulse.hex', import.meta.url), 'utf8');
export const heardCycles = 6;

export interface Edge {
  readonly pin: PinName | RegisterBit;
  readonly drive: PinDrive;
  readonly cycle: number;
}
export type BoardMessage = InjectorMessage<BoardMessageName> & { readonly cycle: number };

/** A power request that a healthy phone fits. */
export const usualRequest: InjectorFields<'DISCOVER'> = {
  flags: 1,
  method: 0,
  pairs: 0,
  echoes: 3,
  maxBursts: 20,
  pulseWidth: 0,
  inrushTimerMs: 60,
  overloadMilliamps: 375,
  overloadMs: 60,
  underloadMilliamps: 8,
  underloadMs: 350,
  heartbeatTimeoutMs: 500,
  linkDeadlineMs: 10_000,
  offDwellMs: 500,
  entropy: 0x12345678,
};

/** A profile of the same limits. */
export const usualProfile: InjectorFields<'STORE_PROFILE'> = (() => {
  const { flags: _, entropy: __, ...rest } = usualRequest;
  return { id: 7, ...rest };
})();

/** Detection and class sources, and what the read-back shows of the switches: the contract of hardware/pinmap.json. */
const detection = { lowVolts: 4.4, highVolts: 9.4, ohms: 3900, dividerOhms: 400_000, share: 4 } as const;
const classFullScaleMilliamps = 49.8;
const readbackVolts = { switch2Open: 1.25, gateHigh: 0.6 } as const;
const pumpHoldCycles = 25 * cyclesPerMs;

/** What hangs at the jack for the low-voltage probe; behind a bridge. */
export interface ProbedDevice {
  readonly ohms?: number;
  readonly bridgeVolts?: number;
  readonly classMilliamps?: number;
  /** A capacitor that is still charging: volts it gains a millisecond. */
  readonly risingVoltsPerMs?: number;
}

const watched: readonly PinName[] = ['GATE', 'PUMP', 'SWITCH2', 'DISC_RELAY', 'LATCH_CLEAR', 'FLP_TX'];

export class FirmwareBench {
  readonly machine: Machine;
  readonly edges: Edge[] = [];
  readonly messages: BoardMessage[] = [];
  /** Everything sent that is not our own sysex, and stands outside of it. */
  readonly firmata: number[] = [];
  readonly unreadable: string[] = [];
  milliamps = 0;
  jackVolts = 0;
  /** Cycles from a pulse sent to its echo; undefined: open line. */
  echoDelay: number | undefined = 3;
  /** Only pulses at least so long come back, at their end. */
  shortestPulseCycles = 0;
  /** While on the bench plays a phone: inrush for 20 ms, then this current; jack follows the switches. */
  phoneMilliamps: number | undefined = 60;
  heartbeats = true;
  loopsBack = true;
  probed: ProbedDevice = {};
  readonly registers: ShiftRegister;
  onFirmataByte: ((byte: number) => void) | undefined;
  #onSince: number | undefined;
  #joinedAt = 0;
  #lastPump = Number.NEGATIVE_INFINITY;
  #estop = true;
  #rise = 0;
  #seq = 0;
  #sysex: number[] | undefined;

  constructor(eeprom: Uint8Array = encodeEeprom(nominalBlock('LP000042')), referenceVolts = adcReferenceVolts) {
    const machine = new Machine({ hex: hexText, eeprom, referenceVolts });
    this.machine = machine;
    machine.setPin('SHORT_N', true);
    machine.setPin('ESTOP_OK', true);
    machine.setPin('DISC_READBACK', true);
    machine.setAnalog('CURRENT', () => (this.#current() / 500) * 1023);
    machine.setAnalog('JACK_VOLTS', () => (this.#jack() / 64) * 1023);
    machine.setAnalog('READBACK', () => (this.#readback() / adcReferenceVolts) * 1023);
    machine.setAnalog('AF_SENSE', () => (this.#sense() / adcReferenceVolts) * 1023);
    this.registers = attachShiftRegister(machine, (pin, high, cycle) => {
      this.edges.push({ pin, drive: high ? 'high' : 'low', cycle });
      if (pin === 'AF_CONNECT' && high) this.#joinedAt = cycle;
    });
    machine.onPin('PUMP', (_, cycle) => {
      this.#lastPump = cycle;
    });
    for (const pin of watched) {
      machine.onPin(pin, (drive, cycle) => this.edges.push({ pin, drive, cycle }));
    }
    machine.onPin('DISC_RELAY', (drive) => machine.setPin('DISC_READBACK', drive !== 'high'));
    machine.onPin('FLP_TX', (drive, cycle) => {
      if (drive === 'high') this.#rise = cycle;
      if (drive === 'high' && this.registers.high('FLP_LOOPBACK') && this.loopsBack) this.pulse(cycle + 3);
      if (this.echoDelay === undefined || machine.pinDrive('DISC_RELAY') !== 'high') return;
      const isFiltered = this.shortestPulseCycles > 0;
      if (drive === 'high' ? isFiltered : !isFiltered || cycle - this.#rise < this.shortestPulseCycles) return;
      this.pulse(cycle + this.echoDelay);
    });
    const follow = (): void => {
      const on = machine.pinDrive('GATE') === 'high' && machine.pinDrive('SWITCH2') === 'high';
      if (!on) this.#onSince = undefined;
      else this.#onSince ??= machine.cycles;
    };
    machine.onPin('GATE', follow);
    machine.onPin('SWITCH2', follow);
    machine.onSerialOut((byte, cycle) => this.#hear(byte, cycle));
  }

  #current(): number {
    if (this.#onSince === undefined || this.phoneMilliamps === undefined) return this.milliamps;
    return this.machine.cycles - this.#onSince < 20 * cyclesPerMs ? 420 : this.phoneMilliamps;
  }
  #jack(): number {
    if (this.#onSince === undefined || this.phoneMilliamps === undefined) return this.jackVolts;
    return Math.min(48, ((this.machine.cycles - this.#onSince) / (20 * cyclesPerMs)) * 48);
  }

  get #sourceVolts(): number {
    if (!this.#estop) return 0;
    return this.registers.high('AF_HIGH') ? detection.highVolts : detection.lowVolts;
  }
  /** At the jack's end of the 3.9 kohm. */
  get #probedVolts(): number {
    const { ohms, bridgeVolts = 1.2, risingVoltsPerMs } = this.probed;
    const open = (this.#sourceVolts * detection.dividerOhms) / (detection.dividerOhms + detection.ohms);
    if (risingVoltsPerMs !== undefined) {
      return Math.min(open, bridgeVolts + ((this.machine.cycles - this.#joinedAt) / cyclesPerMs) * risingVoltsPerMs);
    }
    if (ohms === undefined || open <= bridgeVolts) return open;
    const conductance = 1 / detection.ohms + 1 / detection.dividerOhms + 1 / ohms;
    return (this.#sourceVolts / detection.ohms + bridgeVolts / ohms) / conductance;
  }
  #readback(): number {
    if (this.registers.high('AF_CONNECT')) return this.#probedVolts / detection.share;
    return (this.readback({}) / 1023) * adcReferenceVolts;
  }
  get #gate(): boolean {
    return this.high('GATE') && this.#estop && this.machine.cycles - this.#lastPump < pumpHoldCycles;
  }
  /** Counts of READBACK with the jack on the power path, for switches that do not follow their pins. */
  readback({ switch2 = this.high('SWITCH2'), gate = this.#gate }: { switch2?: boolean; gate?: boolean }): number {
    const volts = (switch2 ? 0 : readbackVolts.switch2Open) + (gate ? readbackVolts.gateHigh : 0);
    return (volts / adcReferenceVolts) * 1023;
  }
  #sense(): number {
    if (!this.registers.high('AF_CLASS')) return this.#sourceVolts / detection.share;
    return ((this.probed.classMilliamps ?? 0) / classFullScaleMilliamps) * adcReferenceVolts;
  }
  setEstop(closed: boolean): void {
    this.#estop = closed;
    this.machine.setPin('ESTOP_OK', closed);
  }

  /** A pulse on FLP_RX. */
  pulse(cycle: number): void {
    this.machine.setPin('FLP_RX', true, cycle);
    this.machine.setPin('FLP_RX', false, cycle + heardCycles);
  }

  #hear(byte: number, cycle: number): void {
    this.onFirmataByte?.(byte);
    if (byte === 0xf0) this.#sysex = [];
    else if (this.#sysex === undefined) this.firmata.push(byte);
    else if (byte !== 0xf7) this.#sysex.push(byte);
    else {
      const [id, ...content] = this.#sysex;
      this.#sysex = undefined;
      if (id !== injectorSysexId) {
        this.firmata.push(0xf0, id ?? 0, ...content, 0xf7);
        return;
      }
      const message = decodeInjectorMessage(Uint8Array.from(content));
      if (message.name === 'malformed') this.unreadable.push(message.malformed.reason);
      else if (message.name === 'unknown') this.unreadable.push(`type ${message.type}`);
      else {
        this.messages.push({ ...message, cycle } as BoardMessage);
        if (message.name === 'TICK' && this.heartbeats) this.send('HEARTBEAT', { counter: message.fields.counter });
      }
    }
  }

  sendBytes(bytes: Iterable<number>): void {
    for (const byte of bytes) this.machine.serialIn(byte);
  }
  /** Sends a message and returns its sequence number. */
  send<N extends HostMessageName>(name: N, fields: InjectorFields<N>): number {
    this.#seq = (this.#seq + 1) & 0xff;
    this.sendBytes([0xf0, injectorSysexId, ...encodeInjectorMessage(name, this.#seq, fields), 0xf7]);
    return this.#seq;
  }

  runMs(ms: number): void {
    this.machine.runUntil(this.machine.cycles + ms * cyclesPerMs);
  }
  /** Runs until `done` or `limitMs`; returns whether it was done. */
  runWhile(limitMs: number, done: () => boolean): boolean {
    const limit = this.machine.cycles + limitMs * cyclesPerMs;
    while (!done()) {
      if (this.machine.cycles >= limit) return false;
      this.runMs(1);
    }
    return true;
  }

  all<N extends BoardMessageName>(name: N): (InjectorMessage<N> & { readonly cycle: number })[] {
    return this.messages.filter((message) => message.name === name) as unknown as (InjectorMessage<N> & {
      readonly cycle: number;
    })[];
  }
  last<N extends BoardMessageName>(name: N): InjectorFields<N> {
    const found = this.all(name).at(-1);
    if (found === undefined) throw new Error(`no ${name} was sent`);
    return found.fields as InjectorFields<N>;
  }
  refusals(): number[] {
    return this.all('REFUSED').map((message) => message.fields.code);
  }
  high(pin: PinName): boolean {
    return this.machine.pinDrive(pin) === 'high';
  }
  get powered(): boolean {
    return this.high('GATE') && this.high('SWITCH2');
  }

  /** From reset to an identified board with a heartbeat. */
  identify(): this {
    this.runMs(20);
    this.send('IDENTIFY', { protocol: injectorProtocol });
    this.runMs(150);
    return this;
  }
  /** Discovers and powers; throws when the board does not get there. */
  powerOn(request: Partial<InjectorFields<'DISCOVER'>> = {}): this {
    this.identify();
    this.send('DISCOVER', { ...usualRequest, ...request });
    if (!this.runWhile(2000, () => this.powered)) {
      throw new Error(`no power: ${JSON.stringify(this.messages.slice(-5))}`);
    }
    return this;
  }
}

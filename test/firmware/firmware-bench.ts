/**
 * The committed firmware on the simulated chip, with the outside played as simply as the tests need: pulses sent come
 * back after a delay, currents and volts are what the test says, relays follow at once.
 */
import { readFileSync } from 'node:fs';
import { cyclesPerSecond, Machine, type PinDrive } from '../../src/sim/machine.js';
import type { PinName } from '../../src/sim/pinmap.js';
import { encodeBoardBlock, nominalBlock } from '../../src/wire/board-block.js';
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
  readonly pin: PinName;
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

const watched: readonly PinName[] = ['GATE', 'PUMP', 'SWITCH2', 'DISC_RELAY', 'LATCH_CLEAR', 'FLP_TX', 'STATUS_LED'];

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
  onFirmataByte: ((byte: number) => void) | undefined;
  #onSince: number | undefined;
  #rise = 0;
  #seq = 0;
  #sysex: number[] | undefined;

  constructor(eeprom: Uint8Array = encodeBoardBlock(nominalBlock('LP000042')), referenceVolts = 5) {
    const machine = new Machine({ hex: hexText, eeprom, referenceVolts });
    this.machine = machine;
    machine.setPin('SHORT_N', true);
    machine.setPin('ESTOP_OK', true);
    machine.setPin('DISC_READBACK', true);
    machine.setAnalog('CURRENT', () => (this.#current() / 500) * 1023);
    machine.setAnalog('JACK_VOLTS', () => (this.#jack() / 64) * 1023);
    for (const pin of watched) {
      machine.onPin(pin, (drive, cycle) => this.edges.push({ pin, drive, cycle }));
    }
    machine.onPin('DISC_RELAY', (drive) => machine.setPin('DISC_READBACK', drive !== 'high'));
    machine.onPin('FLP_TX', (drive, cycle) => {
      if (drive === 'high') this.#rise = cycle;
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

/**
 * An ATmega328P at 16 MHz around avr8js: the committed firmware runs in it, everything outside the chip is the caller's.
 * All times are CPU cycles since the machine was made; they go on over resets. Nothing here knows real time: the caller
 * paces by `runUntil`.
 *
 * What avr8js 0.21.1 leaves out or gets wrong and this file mends (ATmega328P data sheet DS40002061B):
 * - CBI takes two cycles (section 31), avr8js counts one.
 * - SLEEP stops the CPU until an interrupt (10.4): idle time is skipped, not executed. Waking costs four cycles more
 *   (7.7.1), an interrupt response four in all, avr8js counts two.
 * - After SEI and RETI one more instruction runs before an interrupt is taken (7.7): `sei; sleep` cannot miss one.
 * - A compare flag is set in the timer clock after the match (16.7, 16.11.9), avr8js sets it at the match; mended for
 *   compare B of Timer 1, the firmware's tick.
 * - Received bytes come no faster than the line carries them; a byte that finds the last one unread is lost and counted.
 *   (The real receiver holds two bytes more: a firmware that loses none here loses none there.)
 * - Every reset, the watchdog's included, resets the peripherals too; SRAM keeps its content except at power-on.
 */
import {
  AVRADC,
  AVRClock,
  AVREEPROM,
  AVRIOPort,
  AVRTimer,
  AVRUSART,
  AVRWatchdog,
  adcConfig,
  avrInstruction,
  CPU,
  EEPROMMemoryBackend,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  usart0Config,
  watchdogConfig,
} from 'avr8js';
import { readIntelHex } from './intel-hex.js';
import { adcReferenceVolts, analogOnlyPins, type PinName, pins } from './pinmap.js';

export const cyclesPerSecond = 16_000_000;
export type AnalogOnlyName = keyof typeof analogOnlyPins;
/** What the firmware does to a pin; after a reset every pin floats. */
export type PinDrive = 'low' | 'high' | 'floating' | 'pull-up';
export type ResetCause = 'power-on' | 'external' | 'watchdog';

export interface MachineOptions {
  /** Text of an Intel hex file. */
  readonly hex: string;
  /** Speed at which the host sends; 57600 unless told. */
  readonly baud?: number;
  /** First bytes of the EEPROM (the board's serial number); the rest is 0xFF. */
  readonly eeprom?: Uint8Array;
  /** The reference on AREF, as drawn unless told. The chip's own bandgap is measured against it. */
  readonly referenceVolts?: number;
}

const flashWords = 16_384;
const sramBytes = 2048;
const sramStart = 0x100;
const eepromBytes = 1024;
const bitsPerByte = 10;
const supplyVolts = 5;
const register = { ADMUX: 0x7c, SMCR: 0x53, MCUSR: 0x54, UCSR0A: 0xc0 } as const;
const bit = { referenceSelect: 0xc0, sleepEnable: 0x01, receiveComplete: 0x80 } as const;
const resetBits: Readonly<Record<ResetCause, number>> = { 'power-on': 0x01, external: 0x02, watchdog: 0x08 };
const portConfigs = { B: portBConfig, C: portCConfig, D: portDConfig } as const;
type PortName = keyof typeof portConfigs;

const plain = 0;
const clearBit = 1;
const holdsInterrupts = 2;
const sleepInstruction = 3;
const classify = (opcode: number): number => {
  if ((opcode & 0xff00) === 0x9800) return clearBit;
  if (opcode === 0x9478 || opcode === 0x9518) return holdsInterrupts;
  return opcode === 0x9588 ? sleepInstruction : plain;
};
const cyclesMissing = { clearBit: 1, interrupt: 2, wake: 4 } as const;

/** The part of CPU that its types keep private. */
interface ClockEvents {
  readonly nextClockEvent: { readonly cycles: number } | null;
}

interface Scheduled {
  readonly cycle: number;
  readonly callback: (cycle: number) => void;
}

/** The part of AVRTimer that its types keep private. */
interface CompareRegister {
  ocrB: number;
}
/** What the timer compares with is one more than what the register reads: the flag comes one timer clock later. */
const delayCompareB = (cpu: CPU, timer: AVRTimer): void => {
  const compare = timer as unknown as CompareRegister;
  const write = cpu.writeHooks[timer1Config.OCRB];
  cpu.writeHooks[timer1Config.OCRB] = (...written) => {
    const handled = write?.(...written);
    compare.ocrB = (compare.ocrB + 1) & 0xffff;
    return handled;
  };
};

/** One chip from reset to reset. */
interface Core {
  readonly cpu: CPU;
  readonly events: ClockEvents;
  readonly usart: AVRUSART;
  readonly ports: Readonly<Record<PortName, AVRIOPort>>;
}

export class Machine {
  readonly #program: Uint16Array;
  readonly #kinds: Uint8Array;
  readonly #eeprom = new EEPROMMemoryBackend(eepromBytes);
  readonly #lineByteCycles: number;
  readonly #inputs: Record<PortName, number> = { B: 0, C: 0, D: 0 };
  readonly #drives = new Map<PinName, PinDrive>();
  readonly #pinListeners = new Map<PinName, ((drive: PinDrive, cycle: number) => void)[]>();
  readonly #serialListeners: ((byte: number, cycle: number) => void)[] = [];
  readonly #resetListeners: ((cause: ResetCause, cycle: number) => void)[] = [];
  readonly #analog = new Map<number, (cycle: number) => number>();
  /** Latest first, so that the next one is popped from the end. */
  readonly #scheduled: Scheduled[] = [];
  readonly #referenceVolts: number;
  #core: Core;
  #sleeping = false;
  #watchdogFired = false;
  #held = false;
  #limit = 0;
  #stop = 0;
  #lineFreeAt = 0;
  #serialInBacklog = 0;
  #lostBytes = 0;
  #instructions = 0;

  constructor(options: MachineOptions) {
    const image = readIntelHex(options.hex, flashWords * 2);
    this.#program = new Uint16Array(image.buffer);
    this.#kinds = Uint8Array.from(this.#program, classify);
    this.#eeprom.memory.set(options.eeprom ?? []);
    this.#referenceVolts = options.referenceVolts ?? adcReferenceVolts;
    this.#lineByteCycles = (cyclesPerSecond * bitsPerByte) / (options.baud ?? 57_600);
    this.#core = this.#build('power-on', undefined);
  }

  /** Cycles since the machine was made. Inside a listener: the cycle of the edge or event. */
  get cycles(): number {
    return this.#core.cpu.cycles;
  }
  /** Bytes given to `serialIn` that are not yet through the line. */
  get serialInBacklog(): number {
    return this.#serialInBacklog;
  }
  /** Received bytes the firmware did not fetch in time. */
  get lostBytes(): number {
    return this.#lostBytes;
  }
  /** Instructions really executed: what a run costs. */
  get instructions(): number {
    return this.#instructions;
  }

  /** Runs until `cycle` is reached; the last instruction may end a few cycles later. */
  runUntil(cycle: number): void {
    this.#limit = cycle;
    while (this.#core.cpu.cycles < cycle) {
      this.#updateStop();
      this.#runCore();
      if (this.#watchdogFired) this.reset('watchdog');
      this.#runScheduled();
    }
  }

  /** Calls back at exactly `cycle` (before the instruction that starts then); in order of cycles. */
  at(cycle: number, callback: (cycle: number) => void): void {
    const entry = { cycle: Math.max(cycle, this.cycles), callback };
    let index = this.#scheduled.length;
    while (index > 0 && (this.#scheduled[index - 1]?.cycle ?? 0) <= entry.cycle) index--;
    this.#scheduled.splice(index, 0, entry);
    this.#updateStop();
  }

  /** Calls back every `periodCycles` from now on, for ever. */
  every(periodCycles: number, callback: (cycle: number) => void): void {
    const run = (cycle: number): void => {
      this.at(cycle + periodCycles, run);
      callback(cycle);
    };
    this.at(this.cycles + periodCycles, run);
  }

  /** Hears every change of what the firmware does to the pin, with its exact cycle. */
  onPin(name: PinName, listener: (drive: PinDrive, cycle: number) => void): void {
    this.#pinListeners.set(name, [...(this.#pinListeners.get(name) ?? []), listener]);
  }
  pinDrive(name: PinName): PinDrive {
    return this.#drives.get(name) ?? 'floating';
  }
  /** What the outside puts on a pin, from `cycle` on (now when left out). Kept over resets. */
  setPin(name: PinName, high: boolean, cycle?: number): void {
    const apply = (): void => {
      const { port, bit: index } = pins[name];
      this.#inputs[port] = high ? this.#inputs[port] | (1 << index) : this.#inputs[port] & ~(1 << index);
      this.#core.ports[port].setPin(index, high);
    };
    if (cycle === undefined || cycle <= this.cycles) apply();
    else this.at(cycle, apply);
  }
  /** What the ADC reads on the pin against the reference as drawn, 0..1023, asked at the start of each conversion. */
  setAnalog(name: PinName | AnalogOnlyName, read: (cycle: number) => number): void {
    const pin = { ...pins, ...analogOnlyPins }[name];
    if ('analog' in pin) this.#analog.set(pin.analog, read);
  }

  /** Puts a byte on the line behind those still waiting; it reaches the receiver one byte time after its turn came. */
  serialIn(byte: number): void {
    const start = Math.max(this.cycles, this.#lineFreeAt);
    this.#lineFreeAt = start + this.#lineByteCycles;
    this.#serialInBacklog++;
    this.at(Math.ceil(this.#lineFreeAt), () => {
      this.#serialInBacklog--;
      const unread = ((this.#core.cpu.data[register.UCSR0A] ?? 0) & bit.receiveComplete) !== 0;
      if (unread || this.#core.usart.writeByte(byte, true) === false) this.#lostBytes++;
    });
  }
  /** Hears each byte the firmware sends, at the cycle its stop bit ends. */
  onSerialOut(listener: (byte: number, cycle: number) => void): void {
    this.#serialListeners.push(listener);
  }

  /** All pins float, the firmware starts anew; `power-on` also spoils the SRAM. */
  reset(cause: ResetCause): void {
    this.#watchdogFired = false;
    this.#sleeping = false;
    this.#stop = 0;
    this.#core = this.#build(cause, this.#core.cpu);
    for (const [name, drive] of [...this.#drives]) {
      if (drive === 'floating') continue;
      this.#drives.set(name, 'floating');
      for (const listener of this.#pinListeners.get(name) ?? []) listener('floating', this.cycles);
    }
    for (const listener of this.#resetListeners) listener(cause, this.cycles);
  }
  /** RESET_N held low: every pin floats and nothing runs, time goes on outside. Let go, the firmware starts anew. */
  holdInReset(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.reset('external');
  }
  onReset(listener: (cause: ResetCause, cycle: number) => void): void {
    this.#resetListeners.push(listener);
  }

  // ---- inside ----------------------------------------------------------------------------------------

  #updateStop(): void {
    this.#stop = Math.min(this.#limit, this.#scheduled.at(-1)?.cycle ?? Number.POSITIVE_INFINITY);
  }

  #runScheduled(): void {
    for (;;) {
      const next = this.#scheduled.at(-1);
      if (next === undefined || next.cycle > this.#core.cpu.cycles) return;
      this.#scheduled.pop();
      next.callback(next.cycle);
    }
  }

  /** Until `#stop` (which listeners may bring nearer) or the watchdog. */
  #runCore(): void {
    const { cpu, events } = this.#core;
    const { data } = cpu;
    const kinds = this.#kinds;
    let executed = 0;
    if (this.#held) cpu.cycles = Math.max(cpu.cycles, this.#stop);
    while (cpu.cycles < this.#stop && !this.#watchdogFired) {
      if (this.#sleeping) {
        this.#advanceSleep();
        continue;
      }
      const kind = kinds[cpu.pc];
      avrInstruction(cpu);
      executed++;
      if (kind !== plain) {
        if (kind === holdsInterrupts) continue;
        if (kind === clearBit) cpu.cycles += cyclesMissing.clearBit;
        else if (((data[register.SMCR] ?? 0) & bit.sleepEnable) !== 0) {
          this.#sleeping = true;
          continue;
        }
      }
      const next = events.nextClockEvent;
      if ((next !== null && next.cycles <= cpu.cycles) || cpu.nextInterrupt >= 0) {
        const enabled = cpu.interruptsEnabled;
        cpu.tick();
        if (enabled && !cpu.interruptsEnabled) cpu.cycles += cyclesMissing.interrupt;
      }
    }
    this.#instructions += executed;
  }

  #advanceSleep(): void {
    const { cpu, events } = this.#core;
    if (cpu.nextInterrupt < 0 || !cpu.interruptsEnabled) {
      const next = events.nextClockEvent;
      cpu.cycles = Math.max(cpu.cycles, Math.min(this.#stop, next?.cycles ?? Number.POSITIVE_INFINITY));
      if (next === null || next.cycles > cpu.cycles) return;
    }
    const enabled = cpu.interruptsEnabled;
    cpu.tick();
    if (enabled && !cpu.interruptsEnabled) {
      cpu.cycles += cyclesMissing.interrupt + cyclesMissing.wake;
      this.#sleeping = false;
    }
  }

  #build(cause: ResetCause, before: CPU | undefined): Core {
    const cpu = new CPU(this.#program, sramBytes);
    const sram = cpu.data.subarray(sramStart, sramStart + sramBytes);
    if (before === undefined || cause === 'power-on') sram.fill(0xa5);
    else sram.set(before.data.subarray(sramStart, sramStart + sramBytes));
    cpu.cycles = before?.cycles ?? 0;
    cpu.data[register.MCUSR] = resetBits[cause];
    cpu.reset = () => {
      this.#watchdogFired = true;
    };
    for (const config of [timer0Config, timer2Config]) new AVRTimer(cpu, config);
    delayCompareB(cpu, new AVRTimer(cpu, timer1Config));
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, cyclesPerSecond));
    new AVREEPROM(cpu, this.#eeprom);
    const adc = new AVRADC(cpu, adcConfig);
    adc.onADCRead = (input) => {
      const read = 'channel' in input ? this.#analog.get(input.channel) : undefined;
      // REFS1..0 = 00 is AREF; a firmware that chose the supply would read half of everything.
      const isExternal = ((cpu.data[register.ADMUX] ?? 0) & bit.referenceSelect) === 0;
      const reference = isExternal ? this.#referenceVolts : supplyVolts;
      const outside = ((read?.(cpu.cycles) ?? 0) * adcReferenceVolts) / reference;
      const own = 'voltage' in input ? (input.voltage / reference) * 1023 : outside;
      const counts = Math.round(Math.min(1023, Math.max(0, own)));
      cpu.addClockEvent(() => adc.completeADCRead(counts), adc.sampleCycles);
    };
    const usart = new AVRUSART(cpu, usart0Config, cyclesPerSecond);
    usart.onByteTransmit = (byte) => {
      const lineCycles = Math.round((cyclesPerSecond * bitsPerByte) / usart.baudRate);
      this.at(cpu.cycles + lineCycles, (cycle) => {
        for (const listener of this.#serialListeners) listener(byte, cycle);
      });
    };
    const ports = {
      B: new AVRIOPort(cpu, portConfigs.B),
      C: new AVRIOPort(cpu, portConfigs.C),
      D: new AVRIOPort(cpu, portConfigs.D),
    };
    for (const [name, port] of Object.entries(ports) as [PortName, AVRIOPort][]) {
      for (let index = 0; index < 8; index++) port.setPin(index, ((this.#inputs[name] >> index) & 1) === 1);
      port.addListener(() => this.#pinsChanged(name, cpu));
    }
    return { cpu, events: cpu as unknown as ClockEvents, usart, ports };
  }

  #pinsChanged(port: PortName, cpu: CPU): void {
    const direction = cpu.data[portConfigs[port].DDR] ?? 0;
    const value = cpu.data[portConfigs[port].PORT] ?? 0;
    for (const [name, pin] of pinsOfPort[port]) {
      const mask = 1 << pin.bit;
      const high = (value & mask) !== 0;
      const drive = (direction & mask) !== 0 ? (high ? 'high' : 'low') : high ? 'pull-up' : 'floating';
      if (this.pinDrive(name) === drive) continue;
      this.#drives.set(name, drive);
      for (const listener of this.#pinListeners.get(name) ?? []) listener(drive, cpu.cycles);
    }
  }
}

const pinsOfPort = ((): Readonly<Record<PortName, readonly (readonly [PinName, { readonly bit: number }])[]>> => {
  const all = Object.entries(pins) as [PinName, (typeof pins)[PinName]][];
  const of = (port: PortName) => all.filter(([, pin]) => pin.port === port);
  return { B: of('B'), C: of('C'), D: of('D') };
})();

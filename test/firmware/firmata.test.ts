import { EventEmitter } from 'node:events';
import firmata from 'firmata-io';
import johnnyFive from 'johnny-five';
import { describe, expect, it } from 'vitest';
import { pins } from '../../src/sim/pinmap.js';
import { FirmwareBench } from './firmware-bench.js';

const sysexAnswers = (bench: FirmwareBench, id: number): number[][] => {
  const answers: number[][] = [];
  bench.firmata.forEach((byte, index) => {
    if (byte !== 0xf0 || bench.firmata[index + 1] !== id) return;
    answers.push(bench.firmata.slice(index + 2, bench.firmata.indexOf(0xf7, index)));
  });
  return answers;
};
const booted = (): FirmwareBench => {
  const bench = new FirmwareBench();
  bench.runMs(20);
  return bench;
};
const ask = (bench: FirmwareBench, ...bytes: number[]): void => {
  bench.sendBytes(bytes);
  bench.runMs(40);
};
const text = (pairs: readonly number[]): string =>
  String.fromCharCode(...pairs.filter((_, index) => index % 2 === 0).map((low) => low));

const input = 0;
const output = 1;
const analog = 2;
const pullUp = 0x0b;
const guarded = Object.values(pins)
  .filter((pin) => pin.guarded)
  .map((pin) => pin.arduino);

describe('Firmata', () => {
  it('announces version and firmware unasked after a reset', () => {
    const bench = booted();
    expect(bench.firmata.slice(0, 3)).toEqual([0xf9, 2, 5]);
    const [firmware] = sysexAnswers(bench, 0x79);
    expect(firmware?.slice(0, 2)).toEqual([1, 1]);
    expect(text(firmware?.slice(2) ?? [])).toBe('Linkpulse');
  });

  it('gives guarded pins no capabilities, and free ones what they can', () => {
    const bench = booted();
    ask(bench, 0xf0, 0x6b, 0xf7);
    const [answer = []] = sysexAnswers(bench, 0x6c);
    const perPin: number[][] = [[]];
    for (const byte of answer) {
      if (byte === 0x7f) perPin.push([]);
      else perPin.at(-1)?.push(byte);
    }
    expect(perPin).toHaveLength(21);
    for (const pin of guarded) expect(perPin[pin]).toEqual([]);
    expect(perPin[13]).toEqual([input, 1, pullUp, 1, output, 1]);
    expect(perPin[16]).toEqual([input, 1, pullUp, 1, output, 1, analog, 10]);
    expect(perPin[19]).toEqual([input, 1, pullUp, 1, output, 1]);
  });

  it('numbers the free analog pins without gaps', () => {
    const bench = booted();
    ask(bench, 0xf0, 0x69, 0xf7);
    const [mapping = []] = sysexAnswers(bench, 0x6a);
    expect(mapping.map((channel, pin) => [pin, channel]).filter(([, channel]) => channel !== 0x7f)).toEqual([
      [16, 0],
      [17, 1],
    ]);
  });

  it('reports analog pins at the sampling interval', () => {
    const bench = booted();
    bench.machine.setAnalog('FREE_A2', () => 300);
    bench.machine.setAnalog('FREE_A3', () => 1023);
    ask(bench, 0xf0, 0x7a, 50, 0, 0xf7, 0xc0, 1, 0xc1, 1);
    const from = bench.firmata.length;
    bench.runMs(1000);
    const reports = bench.firmata.slice(from).join(' ');
    expect(reports.match(new RegExp(`${0xe0} ${300 & 0x7f} ${300 >> 7}`, 'g'))?.length).toBeGreaterThan(18);
    expect(reports.match(new RegExp(`${0xe1} 127 7`, 'g'))?.length).toBeLessThan(22);
    ask(bench, 0xc0, 0, 0xc1, 0);
    const silent = bench.firmata.length;
    bench.runMs(300);
    expect(bench.firmata).toHaveLength(silent);
  });

  it('reports inputs of a port on change, and shows guarded ones as 0', () => {
    const bench = booted();
    ask(bench, 0xd2, 1, 0xd0, 1);
    expect(bench.firmata.slice(-6)).toEqual([0x92, 0, 0, 0x90, 0, 0]);
    bench.machine.setPin('FREE_C5', true);
    bench.machine.setPin('SHORT_N', false);
    bench.runMs(10);
    expect(bench.firmata.slice(-3)).toEqual([0x92, 1 << 3, 0]);
  });

  it('drives a free pin by port message and by single value, and tells its state', () => {
    const bench = booted();
    ask(bench, 0xf4, 13, output, 0x91, 1 << 5, 0);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('high');
    ask(bench, 0xf5, 13, 0);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('low');
    ask(bench, 0xf4, 13, pullUp, 0xf0, 0x6d, 13, 0xf7);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('pull-up');
    expect(sysexAnswers(bench, 0x6e).at(-1)).toEqual([13, pullUp, 1]);
  });

  it('does nothing to a guarded pin, whatever it is told', () => {
    const bench = booted();
    const before = bench.edges.length;
    for (const pin of [...guarded, 20, 63, 127]) {
      for (const mode of [input, output, analog, pullUp, 3, 4]) bench.sendBytes([0xf4, pin, mode, 0xf5, pin, 1]);
    }
    for (let port = 0; port < 16; port++) bench.sendBytes([0x90 | port, 0x7f, 0x01]);
    bench.runMs(200);
    expect(bench.machine.serialInBacklog).toBe(0);
    expect(bench.edges.slice(before)).toEqual([]);
    ask(bench, 0xf0, 0x6d, pins.GATE.arduino, 0xf7);
    expect(sysexAnswers(bench, 0x6e).at(-1)).toEqual([pins.GATE.arduino]);
  });

  it('sets free pins back on SYSTEM_RESET', () => {
    const bench = booted();
    ask(bench, 0xf4, 13, output, 0xf5, 13, 1, 0xff);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('floating');
  });
});

/** The machine's serial line as firmata-io wants it; simulated time runs as fast as the machine can. */
class MachineTransport extends EventEmitter {
  readonly bench = new FirmwareBench();
  #stopped = false;
  constructor() {
    super();
    const out: number[] = [];
    this.bench.onFirmataByte = (byte) => out.push(byte);
    const turn = (): void => {
      if (this.#stopped) return;
      this.bench.runMs(2);
      if (out.length > 0) this.emit('data', Buffer.from(out.splice(0)));
      setImmediate(turn);
    };
    setImmediate(() => {
      this.emit('open');
      turn();
    });
  }
  write(bytes: Iterable<number>): void {
    this.bench.sendBytes(bytes);
  }
  stop(): void {
    this.#stopped = true;
  }
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('johnny-five, unmodified', () => {
  it('becomes ready, drives the LED on pin 13, and cannot touch GATE', async () => {
    const transport = new MachineTransport();
    const { bench } = transport;
    const io = new firmata.Firmata(transport);
    const board = new johnnyFive.Board({ io, repl: false, debug: false });
    await new Promise<void>((resolve) => board.on('ready', () => resolve()));
    expect(io.firmware.name).toBe('Linkpulse');

    const led = new johnnyFive.Led(13);
    led.on();
    await transport.until(() => bench.machine.pinDrive('STATUS_LED') === 'high');
    led.off();
    await transport.until(() => bench.machine.pinDrive('STATUS_LED') === 'low');

    const before = bench.edges.length;
    board.pinMode(pins.GATE.arduino, johnnyFive.Pin.OUTPUT);
    board.digitalWrite(pins.GATE.arduino, 1);
    const sent = bench.machine.cycles;
    await transport.until(() => bench.machine.cycles > sent + 16_000 * 50);
    transport.stop();
    expect(bench.edges.slice(before)).toEqual([]);
  });
});

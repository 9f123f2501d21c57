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
/** What Firmata may do; every other pin reports nothing. */
const abilities: Readonly<Record<number, readonly number[]>> = {
  13: [output, 1],
  14: [analog, 10],
  15: [analog, 10],
  16: [input, 1],
  17: [input, 1],
  19: [input, 1],
  20: [output, 1],
  21: [output, 1],
  22: [output, 1],
};
const guarded = Object.values(pins)
  .filter((pin) => pin.guarded)
  .map((pin) => pin.arduino);

describe('Firmata', () => {
  it('announces version and firmware unasked after a reset', () => {
    const bench = booted();
    expect(bench.firmata.slice(0, 3)).toEqual([0xf9, 2, 5]);
    const [firmware] = sysexAnswers(bench, 0x79);
    expect(firmware?.slice(0, 2)).toEqual([2, 0]);
    expect(text(firmware?.slice(2) ?? [])).toBe('Linkpulse');
  });

  it('gives each pin the one thing it can do, and most nothing', () => {
    const bench = booted();
    ask(bench, 0xf0, 0x6b, 0xf7);
    const [answer = []] = sysexAnswers(bench, 0x6c);
    const perPin: number[][] = [[]];
    for (const byte of answer) {
      if (byte === 0x7f) perPin.push([]);
      else perPin.at(-1)?.push(byte);
    }
    expect(perPin.slice(0, -1)).toEqual(Array.from({ length: 23 }, (_, pin) => abilities[pin] ?? []));
  });

  it('maps the two readings of the guard to channels 0 and 1', () => {
    const bench = booted();
    ask(bench, 0xf0, 0x69, 0xf7);
    const [mapping = []] = sysexAnswers(bench, 0x6a);
    expect(mapping.map((channel, pin) => [pin, channel]).filter(([, channel]) => channel !== 0x7f)).toEqual([
      [14, 0],
      [15, 1],
    ]);
  });

  it('reports readings of the guard at the sampling interval and starts no conversion of its own', () => {
    const bench = booted();
    let conversions = 0;
    bench.machine.setAnalog('CURRENT', () => {
      conversions++;
      return 300;
    });
    bench.machine.setAnalog('JACK_VOLTS', () => {
      conversions++;
      return 1023;
    });
    bench.runMs(1000);
    const perSecond = conversions;
    ask(bench, 0xf0, 0x7a, 50, 0, 0xf7, 0xc0, 1, 0xc1, 1);
    const from = bench.firmata.length;
    conversions = 0;
    bench.runMs(1000);
    expect(Math.abs(conversions - perSecond)).toBeLessThan(5);
    const reports = bench.firmata.slice(from).join(' ');
    expect(reports.match(new RegExp(`${0xe0} ${300 & 0x7f} ${300 >> 7}`, 'g'))?.length).toBeGreaterThan(18);
    expect(reports.match(new RegExp(`${0xe1} 127 7`, 'g'))?.length).toBeLessThan(22);
    ask(bench, 0xc0, 0, 0xc1, 0);
    const silent = bench.firmata.length;
    bench.runMs(300);
    expect(bench.firmata).toHaveLength(silent);
  });

  it('reports the discrete lines on change, and shows every other pin as 0', () => {
    const bench = booted();
    ask(bench, 0xd2, 1, 0xd0, 1);
    expect(bench.firmata.slice(-6)).toEqual([0x92, 0, 0, 0x90, 0, 0]);
    bench.machine.setPin('HEARTBEAT', true);
    bench.machine.setPin('SHORT_N', false);
    bench.runMs(10);
    expect(bench.firmata.slice(-3)).toEqual([0x92, 1 << 3, 0]);
  });

  it('drives the LED by port message and by single value, and tells its state', () => {
    const bench = booted();
    ask(bench, 0xf4, 13, output, 0x91, 1 << 5, 0);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('high');
    ask(bench, 0xf5, 13, 0);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('low');
    ask(bench, 0xf4, 13, pullUp, 0xf5, 13, 1, 0xf0, 0x6d, 13, 0xf7);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('high');
    expect(sysexAnswers(bench, 0x6e).at(-1)).toEqual([13, output, 1]);
  });

  it('drives buzzer and lamps on the registers, and leaves the LED as it was', () => {
    const bench = booted();
    ask(bench, 0xf5, 13, 1, 0xf5, 20, 1, 0xf5, 22, 1);
    expect(bench.registers.word).toBe(0x500);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('high');
    ask(bench, 0x92, 1 << 5, 0);
    expect(bench.registers.word).toBe(0x200);
    ask(bench, 0xf5, 13, 0, 0xf5, 21, 0);
    expect(bench.registers.word).toBe(0);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('low');
  });

  it('does nothing to a guarded pin, whatever it is told', () => {
    const bench = booted();
    const before = bench.edges.length;
    for (const pin of [...guarded, 63, 127]) {
      for (const mode of [input, output, analog, pullUp, 3, 4]) bench.sendBytes([0xf4, pin, mode, 0xf5, pin, 1]);
    }
    for (const port of [0, 1, 3, 4, 15]) bench.sendBytes([0x90 | port, 0x7f, 0x01]);
    bench.sendBytes([0x92, 0x0f, 0]);
    bench.runMs(200);
    expect(bench.machine.serialInBacklog).toBe(0);
    expect(bench.edges.slice(before)).toEqual([]);
    ask(bench, 0xf0, 0x6d, pins.GATE.arduino, 0xf7);
    expect(sysexAnswers(bench, 0x6e).at(-1)).toEqual([pins.GATE.arduino]);
  });

  it('sets its outputs back on SYSTEM_RESET', () => {
    const bench = booted();
    ask(bench, 0xf4, 13, output, 0xf5, 13, 1, 0xf5, 21, 1, 0xff);
    expect(bench.machine.pinDrive('STATUS_LED')).toBe('low');
    expect(bench.registers.word).toBe(0);
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

import { SerialPort } from 'serialport';
import { afterEach, describe, expect, it } from 'vitest';
import { createSerialLine, type SerialLine } from '../../src/sim/serial-line.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';

/** A board that sends every byte back one byte time later, in time of its own. */
const echoBoard = () => {
  const listeners: ((byte: number, cycle: number) => void)[] = [];
  const due: { cycle: number; run: (cycle: number) => void }[] = [];
  const state = { cycles: 0, serialInBacklog: 0 };
  return {
    get cycles() {
      return state.cycles;
    },
    get serialInBacklog() {
      return state.serialInBacklog;
    },
    at: (cycle: number, run: (cycle: number) => void) => {
      due.push({ cycle, run });
    },
    serialIn: (byte: number) => {
      state.serialInBacklog++;
      due.push({
        cycle: state.cycles + 2778 * state.serialInBacklog,
        run: (cycle) => {
          state.serialInBacklog--;
          for (const listener of listeners) listener(byte, cycle);
        },
      });
    },
    onSerialOut: (listener: (byte: number, cycle: number) => void) => {
      listeners.push(listener);
    },
    advance: (cycles: number) => {
      state.cycles += cycles;
      due.sort((left, right) => left.cycle - right.cycle);
      while (due[0] !== undefined && due[0].cycle <= state.cycles) {
        const next = due.shift();
        next?.run(next.cycle);
      }
    },
  };
};

const lines: SerialLine[] = [];
const ports: SerialPort[] = [];
const newLine = (board: ReturnType<typeof echoBoard>, arrivals: number[] = []) => {
  const listeners = { onHostByte: (_: number, cycle: number) => arrivals.push(cycle), onBoardByte: () => {} };
  const line = createSerialLine(board, listeners, systemClock);
  lines.push(line);
  return line;
};
const openHost = async (path: string): Promise<SerialPort> => {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false });
  port.on('error', () => {});
  ports.push(port);
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return port;
};
/** Slices of simulated time until the condition holds. */
const runUntil = async (line: SerialLine, board: ReturnType<typeof echoBoard>, condition: () => boolean) => {
  for (let slice = 0; slice < 3000 && !condition(); slice++) {
    line.exchange();
    board.advance(32_000);
    await sleep(systemClock, 1);
  }
  expect(condition()).toBe(true);
};

afterEach(async () => {
  for (const port of ports.splice(0)) if (port.isOpen) await new Promise((resolve) => port.close(resolve));
  for (const line of lines.splice(0)) line.close();
});

describe('the serial cable of the simulated board', () => {
  it('carries a long write there and back without a byte lost, at the pace of the line', async () => {
    const board = echoBoard();
    const arrivals: number[] = [];
    const line = newLine(board, arrivals);
    const host = await openHost(line.path);
    const sent = Buffer.from(Array.from({ length: 1500 }, (_, index) => (index * 31) & 0xff));
    const got: Buffer[] = [];
    host.on('data', (data: Buffer) => got.push(data));
    host.write(sent);
    await runUntil(line, board, () => Buffer.concat(got).length >= sent.length);
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    const gaps = arrivals.slice(1).map((cycle, index) => cycle - (arrivals[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2777);
  });

  it('ends the host’s port when pulled, and offers another when put back', async () => {
    const board = echoBoard();
    const line = newLine(board);
    const first = line.path;
    const host = await openHost(first);
    host.on('data', () => {});
    const closed = new Promise((resolve) => host.once('close', resolve));
    await runUntil(line, board, () => line.held);
    line.unplug();
    expect(line.held).toBe(false);
    await closed;
    line.replug();
    const again = await openHost(line.path);
    const got: number[] = [];
    again.on('data', (data: Buffer) => got.push(...data));
    again.write(Buffer.of(0x55));
    await runUntil(line, board, () => got.length > 0);
    expect(got).toEqual([0x55]);
  });
});

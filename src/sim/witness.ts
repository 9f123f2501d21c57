/**
 * The electrical truth of a simulated bench, as newline-delimited JSON with a CPU cycle on every line. Written by the
 * simulator, read by tests and `demo`; it does not pass through the firmware or the daemon.
 *
 *     {"event":"conducting","on":false,"cycle":123}     gate, pump-alive, switch2, conducting, jack (above 2.8 V),
 *                                                       relay (at the FLP front end), af-relay, polarity (reversed),
 *                                                       short-latch, estop, barrier
 *     {"event":"register","name":"PGOOD","on":true,"cycle":99}    an output of the shift registers
 *     {"event":"heartbeat","counter":7,"fresh":true,"cycle":99}   last byte of a well-formed HEARTBEAT at the board
 *     {"event":"slip","slipUs":0,"worstLagUs":2300,"speed":1,"cycle":16000000}     once a second
 */
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { decodeInjectorMessage, injectorSysexId } from '../wire/injector.js';

export interface Witness {
  tell(fact: { readonly event: string; readonly cycle: number } & Readonly<Record<string, unknown>>): void;
  /** A byte has wholly reached the board at `cycle`. */
  hostByte(byte: number, cycle: number): void;
  /** The board has begun to send a byte at `cycle`. */
  boardByte(byte: number, cycle: number): void;
  /** Writes what has been told. */
  flush(): void;
}

const sysexStart = 0xf0;
const sysexEnd = 0xf7;
const longestSysex = 160;
/** TICKS_KEPT of hardware/firmware/config.h. */
const ticksKept = 32;
/** Past this the file is kept as `<path>.1` and a new one begun: the newest is always there, and 8 MiB at most. */
const fileBytes = 4 * 1024 * 1024;

/** Cuts a Firmata stream into the contents of the board's own sysex. */
const createSysexCutter = (onContent: (content: Uint8Array) => void) => {
  let bytes: number[] | undefined;
  return (byte: number) => {
    if (byte === sysexStart) bytes = [];
    else if (byte === sysexEnd) {
      if (bytes?.[0] === injectorSysexId) onContent(Uint8Array.from(bytes.slice(1)));
      bytes = undefined;
    } else if (bytes !== undefined && bytes.push(byte) > longestSysex) bytes = undefined;
  };
};

export const createWitness = (path: string): Witness => {
  writeFileSync(path, '');
  rmSync(`${path}.1`, { force: true });
  let lines = '';
  let written = 0;
  let cycle = 0;
  let newestTick: number | undefined;
  let lastUsed: number | undefined;

  const tell: Witness['tell'] = (fact) => {
    lines += `${JSON.stringify(fact)}\n`;
  };

  /** As docs/board-protocol.md has it: of one of the newest TICKs, and newer than all used before. */
  const isFresh = (counter: number): boolean => {
    if (newestTick === undefined || counter === lastUsed) return false;
    const age = (newestTick - counter) & 0xffff;
    const newerThanUsed = lastUsed === undefined || ((counter - lastUsed) & 0xffff) < 0x8000;
    return age < ticksKept && newerThanUsed;
  };

  const fromHost = createSysexCutter((content) => {
    const message = decodeInjectorMessage(content);
    if (message.name !== 'HEARTBEAT') return;
    const { counter } = message.fields;
    const fresh = isFresh(counter);
    if (fresh) lastUsed = counter;
    tell({ event: 'heartbeat', counter, fresh, cycle });
  });
  const fromBoard = createSysexCutter((content) => {
    const message = decodeInjectorMessage(content);
    if (message.name === 'TICK') newestTick = message.fields.counter;
  });

  return {
    tell,
    hostByte: (byte, atCycle) => {
      cycle = atCycle;
      fromHost(byte);
    },
    boardByte: (byte, atCycle) => {
      cycle = atCycle;
      fromBoard(byte);
    },
    flush: () => {
      if (lines === '') return;
      if (written > fileBytes) {
        renameSync(path, `${path}.1`);
        written = 0;
      }
      appendFileSync(path, lines);
      written += lines.length;
      lines = '';
    },
  };
};

/**
 * What the board has to say, one message after the other at the line's own pace. Of a kind that waits still the newest wins;
 * a trace goes behind everything else, a piece at a time (hardware/firmware/reports.c).
 */
import { encodeInjectorMessage, injectorSysexId } from '../../wire/injector.js';
import type { BoardMessageName, InjectorFields } from '../../wire/injector-messages.js';
import type { Agenda } from './agenda.js';

export interface Outbox {
  /** `slot`: what it takes the place of while it waits; left out: it has a place of its own. */
  bytes(bytes: Uint8Array, slot?: string): void;
  message<N extends BoardMessageName>(name: N, fields: InjectorFields<N>, slot?: string): void;
  /** Samples in mA: told in pieces when nothing else waits. */
  trace(milliamps: readonly number[]): void;
}

const sysexStart = 0xf0;
const sysexEnd = 0xf7;
const samplesAPiece = 12;

const framed = (content: Uint8Array): Uint8Array => Uint8Array.of(sysexStart, injectorSysexId, ...content, sysexEnd);

export const createOutbox = (
  agenda: Agenda,
  byteCycles: number,
  onByte: (byte: number, cycle: number) => void,
): Outbox => {
  const waiting = new Map<string, Uint8Array>();
  let traced: readonly number[] = [];
  let tracedUntil = 0;
  let seq = 0;
  let places = 0;
  let isSending = false;

  const message: Outbox['message'] = (name, fields, slot = name) => {
    seq = (seq + 1) & 0xff;
    put(framed(encodeInjectorMessage(name, seq, fields)), slot);
  };
  const nextPiece = (): Uint8Array | undefined => {
    if (tracedUntil >= traced.length) return undefined;
    const milliamps = traced.slice(tracedUntil, tracedUntil + samplesAPiece);
    const piece = encodeInjectorMessage('TRACE', 0, { offset: tracedUntil, milliamps });
    tracedUntil += milliamps.length;
    return framed(piece);
  };
  const next = (): Uint8Array | undefined => {
    const [first] = waiting;
    if (first === undefined) return nextPiece();
    waiting.delete(first[0]);
    return first[1];
  };
  const pump = () => {
    if (isSending) return;
    const bytes = next();
    if (bytes === undefined) return;
    isSending = true;
    const from = agenda.cycles;
    agenda.at(from + bytes.length * byteCycles, () => {
      for (const [index, byte] of bytes.entries()) onByte(byte, Math.ceil(from + (index + 1) * byteCycles));
      isSending = false;
      pump();
    });
  };
  const put = (bytes: Uint8Array, slot: string) => {
    waiting.set(slot, bytes);
    pump();
  };

  return {
    message,
    bytes: (bytes, slot) => {
      places += 1;
      put(bytes, slot ?? `#${places}`);
    },
    trace: (milliamps) => {
      traced = milliamps;
      tracedUntil = 0;
      pump();
    },
  };
};

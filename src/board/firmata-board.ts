import firmata, { type Firmata } from 'firmata-io';
import johnnyFive from 'johnny-five';
import type { Clock } from '../timeline/clock.js';
import { expectWithin } from '../timeline/wait.js';
import { injectorSysexId } from '../wire/injector.js';
import type { SerialTransport } from './serial-transport.js';

/** Firmware that answers to this name is ours; pins and furniture are plain Firmata, power is the injector's sysex. */
export const firmwareName = 'Linkpulse';
const readyTimeoutMs = 10_000;

/** firmata-io keeps one table of sysex handlers for all boards, so one handler finds the board it was heard on. */
const listeners = new WeakMap<Firmata, (content: Uint8Array) => void>();
let registered = false;

export interface FirmataBoard {
  /** johnny-five's board: the bench's own furniture hangs on it. */
  readonly furniture: johnnyFive.Board;
  readonly firmware: string;
  sendSysex(content: Uint8Array): void;
  /** Resolves when the board tells its version unasked, which it does when it starts. Rejects with BOARD_SILENT. */
  nextReset(withinMs: number): Promise<void>;
}

/**
 * serialport -> firmata-io -> johnny-five. Resolves when johnny-five is ready; rejects with BOARD_SILENT. `onSysex` gets
 * the content of the injector's own messages.
 */
export const openFirmataBoard = async (
  transport: SerialTransport,
  clock: Clock,
  onSysex: (content: Uint8Array) => void,
): Promise<FirmataBoard> => {
  const io = new firmata.Firmata(transport);
  // Without a listener an 'error' of the line would end the process; the driver hears it from the transport itself.
  io.on('error', () => {});
  listeners.set(io, onSysex);
  if (!registered) {
    registered = true;
    io.sysexResponse(injectorSysexId, function (this: Firmata, data: number[]) {
      listeners.get(this)?.(Uint8Array.from(data));
    });
  }
  const ready = expectWithin<void>(clock, readyTimeoutMs, 'BOARD_SILENT', 'no Firmata report on the serial line');
  const furniture = new johnnyFive.Board({ io, repl: false, debug: false, sigint: false } as johnnyFive.BoardOption);
  furniture.on('ready', () => ready.met());
  // johnny-five passes the same errors on, once it is ready.
  furniture.on('error', () => {});
  transport.emit('open');
  // A board that has been running for long reported its version long ago: ask.
  io.reportVersion(() => {});
  io.queryFirmware(() => {});
  await ready.promise;
  return {
    furniture,
    firmware: io.firmware.name ?? '',
    sendSysex: (content) => {
      io.sysexCommand([injectorSysexId, ...content]);
    },
    nextReset: (withinMs) => {
      const reset = expectWithin<void>(clock, withinMs, 'BOARD_SILENT', 'the board did not start anew');
      io.once('reportversion', () => reset.met());
      return reset.promise;
    },
  };
};

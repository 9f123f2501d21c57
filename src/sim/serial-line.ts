/** The serial cable of the simulated board: a pty at the host's end, the machine's USART at the other. */
import { openPty, type Pty } from '../os/pty.js';
import type { Clock } from '../timeline/clock.js';
import { cyclesPerSecond, type Machine } from './machine.js';

/** What the line needs of the chip. */
export type BoardSerial = Pick<Machine, 'cycles' | 'at' | 'serialIn' | 'serialInBacklog' | 'onSerialOut'>;

export interface SerialListeners {
  /** A byte from the host has wholly arrived at the board. */
  onHostByte(byte: number, cycle: number): void;
  /** A byte of the board has wholly left it. */
  onBoardByte(byte: number, cycle: number): void;
}

export interface SerialLine {
  /** Where the host finds the port; another one after `replug`. */
  readonly path: string;
  readonly held: boolean;
  readonly plugged: boolean;
  readonly droppedBytes: number;
  /** Carries what either side has said since the last call. Between two slices of simulated time. */
  exchange(): void;
  unplug(): void;
  replug(): void;
  /** The isolators have no supply: nothing passes either way, and the board sees a break. */
  setDark(dark: boolean): void;
  close(): void;
}

const baud = 57_600;
const byteCycles = (10 * cyclesPerSecond) / baud;
/** As much as a USB serial chip keeps; what the host writes beyond waits in the pty. */
const boardBufferBytes = 256;
/**
 * The line falls silent for so long before the host's port ends: serialport 13 reads an ended port for ever when the
 * end comes between its read and its poll.
 */
const silenceMs = 150;

export const createSerialLine = (board: BoardSerial, listeners: SerialListeners, clock: Clock): SerialLine => {
  let pty: Pty = openPty();
  let plugged = true;
  let dark = false;
  let toHost: number[] = [];
  let lineFreeAt = 0;
  board.onSerialOut((byte, cycle) => {
    toHost.push(byte);
    listeners.onBoardByte(byte, cycle);
  });

  const receive = (byte: number) => {
    board.serialIn(byte);
    lineFreeAt = Math.max(board.cycles, lineFreeAt) + byteCycles;
    board.at(Math.ceil(lineFreeAt), (cycle) => listeners.onHostByte(byte, cycle));
  };

  return {
    get path() {
      return pty.path;
    },
    get held() {
      return plugged && pty.held;
    },
    get plugged() {
      return plugged;
    },
    get droppedBytes() {
      return pty.droppedBytes;
    },
    exchange: () => {
      const bytes = toHost;
      toHost = [];
      if (!plugged) return;
      const room = boardBufferBytes - board.serialInBacklog;
      const fromHost = room > 0 ? pty.read(room) : [];
      if (!dark) for (const byte of fromHost) receive(byte);
      if (bytes.length > 0 && !dark) pty.write(Uint8Array.from(bytes));
      else pty.flush();
    },
    unplug: () => {
      if (!plugged) return;
      plugged = false;
      const pulled = pty;
      clock.alarm(silenceMs, () => pulled.close());
    },
    setDark: (on) => {
      if (on === dark) return;
      dark = on;
      // A line that stays low is read as one byte of zeros; the receiver then waits for it to rise.
      if (on) board.serialIn(0x00);
    },
    replug: () => {
      if (plugged) return;
      pty = openPty();
      plugged = true;
    },
    close: () => {
      plugged = false;
      pty.close();
    },
  };
};

/**
 * The discrete lines as wires to another process: one JSON object a line, `{"line": name, "high": boolean}`. Out: the lines that
 * the board drives and the e-stop's read-back, all of them at the start, then each change. In: those that the Pi drives, with
 * `atUs` of the sender's clock; a wire that nobody holds any more is low.
 */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { BenchError } from '../errors.js';
import type { Machine } from './machine.js';
import { linesToBoard, type PiSide } from './pi-side.js';

/** In the order in which a change of one may cause one of the next: the e-stop is a contact, the others come through firmware. */
export const linesToPi = ['ESTOP_OK', 'LOOP', 'PGOOD', 'FAULT_N'] as const;

export interface LineSocket {
  /** Tells what has changed since the last call. Between two slices of simulated time. */
  exchange(): void;
  readonly holders: number;
  close(): void;
}

const longestLine = 256;
const cyclesPerUs = 16;
/**
 * Two edges that this process reads late and together were not together on the wire: they keep their distance, of which so
 * much matters to the board (a heartbeat is too fast below 20 ms).
 */
const keptDistanceUs = 30_000;

interface LineMessage {
  readonly line: (typeof linesToBoard)[number];
  readonly high: boolean;
  readonly atUs: number;
}

const messageOf = (text: string): LineMessage | undefined => {
  const said = JSON.parse(text) as Partial<LineMessage> | null;
  const line = linesToBoard.find((known) => known === said?.line);
  if (line === undefined || typeof said?.high !== 'boolean' || typeof said.atUs !== 'number') return undefined;
  return { line, high: said.high, atUs: said.atUs };
};

/** @throws BenchError SIMULATOR_FAILED when the socket cannot be made. */
export const startLineSocket = async (
  path: string,
  pi: PiSide,
  board: Pick<Machine, 'cycles' | 'at'>,
): Promise<LineSocket> => {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  let shown: PiSide['lines'] | undefined;

  const last = new Map<string, { readonly atUs: number; readonly cycle: number }>();
  const take = (text: string) => {
    const message = messageOf(text);
    if (message === undefined) return;
    const { line, high, atUs } = message;
    const before = last.get(line);
    const distanceUs = before === undefined ? 0 : Math.min(Math.max(0, atUs - before.atUs), keptDistanceUs);
    const cycle = Math.max(board.cycles, (before?.cycle ?? 0) + distanceUs * cyclesPerUs);
    last.set(line, { atUs, cycle });
    board.at(cycle, () => pi.setLine(line, high));
  };
  const serve = (socket: Socket) => {
    let text = '';
    sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const name of linesToBoard) pi.setLine(name, false);
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
      try {
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          take(text.slice(0, end));
          text = text.slice(end + 1);
        }
      } catch {
        socket.destroy();
      }
      if (text.length > longestLine) socket.destroy();
    });
    for (const line of linesToPi) socket.write(`${JSON.stringify({ line, high: pi.lines[line] })}\n`);
  };

  const server = createServer(serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new BenchError('SIMULATOR_FAILED', `no socket for the lines at ${path}: ${cause.message}`, { cause })),
    );
    server.listen(path, resolve);
  });
  return {
    exchange: () => {
      const now = pi.lines;
      const before = shown;
      shown = now;
      if (before === undefined) return;
      for (const line of linesToPi)
        if (now[line] !== before[line])
          for (const socket of sockets) socket.write(`${JSON.stringify({ line, high: now[line] })}\n`);
    },
    get holders() {
      return sockets.size;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      rmSync(path, { force: true });
    },
  };
};

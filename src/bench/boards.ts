/** Boards apart from a run: which there are, and one opened for a person's question. */
import type { BoardIdentity, Injector } from '../board/injector.js';
import { BenchError, type ErrorCode } from '../errors.js';
import type { BenchFile, BenchPort, HardwarePort, SimulatedPort } from '../plan/bench-file.js';
import { lockNameOf, lockPort } from './port-lock.js';

export type BoardSighting = {
  readonly path: string;
  /** Of the fingerprint. */
  readonly name: string;
  readonly isShared: boolean;
  readonly score: number;
} & (
  | { readonly kind: 'board'; readonly identity: BoardIdentity }
  | { readonly kind: 'no board'; readonly code: ErrorCode; readonly detail: string }
);

export interface BoardChoice {
  readonly bench: string;
  /** A port of the bench file. */
  readonly port?: string | undefined;
  /** A serial port's path; goes before `port`. */
  readonly board?: string | undefined;
  /** Serial number: the board that answers to it, on whatever path. */
  readonly serial?: string | undefined;
}

export interface HeldBoard {
  readonly path: string;
  readonly injector: Injector;
  /** Power off, and the port is free for others. */
  close(): Promise<void>;
}

export interface Boards {
  /** Every serial port that looks like a board, and those of the bench file, asked who they are. */
  list(benchPath: string): Promise<readonly BoardSighting[]>;
  /** Holds one board exclusively. Throws PORT_BUSY, PORT_UNKNOWN, BOARD_AMBIGUOUS, and what opening it throws. */
  open(choice: BoardChoice): Promise<HeldBoard>;
}

/** What of a port is the board's. */
export type BoardPort = Pick<HardwarePort, 'driver' | 'board' | 'serial' | 'profile'>;

export interface BoardsParts {
  loadBench(path: string): BenchFile;
  sight(paths: readonly string[]): Promise<readonly BoardSighting[]>;
  openHardware(port: BoardPort): Promise<{ path: string; injector: Injector }>;
  /** A simulated bench of its own, for this question alone. */
  openSimulated(port: SimulatedPort): Promise<HeldBoard>;
}

export const createBoards = (parts: BoardsParts): Boards => {
  const list = (benchPath: string) =>
    parts.sight(
      parts
        .loadBench(benchPath)
        .ports.filter((port) => port.kind === 'hardware')
        .flatMap(({ board }) => (board === null ? [] : [board])),
    );

  const hold = async (port: BoardPort): Promise<HeldBoard> => {
    const lock = lockPort(lockNameOf(port));
    try {
      const { path, injector } = await parts.openHardware(port);
      const close = async () => {
        await injector.close();
        lock.release();
      };
      return { path, injector, close };
    } catch (error) {
      lock.release();
      throw error;
    }
  };

  /** The only board there is. */
  const onlyBoard = async (benchPath: string): Promise<string> => {
    const found = (await list(benchPath)).filter((sighting) => sighting.kind === 'board');
    const [first, second] = found;
    if (first === undefined)
      throw new BenchError('BOARD_NOT_FOUND', 'no port that looks like a board answers as one', {
        remedy: 'See linkpulse board list; a simulated one is there with --port sim1.',
      });
    if (second !== undefined)
      throw new BenchError(
        'BOARD_AMBIGUOUS',
        found.map(({ path, identity }) => `${identity.serial} on ${path}`).join(', '),
      );
    return first.path;
  };

  return {
    list,
    open: async ({ bench, port, board, serial }) => {
      if (board !== undefined) return hold({ driver: 'serial', board, ...(serial === undefined ? {} : { serial }) });
      if (port === undefined) return hold({ driver: 'serial', board: await onlyBoard(bench) });
      const found = portNamed(parts.loadBench(bench), port);
      return found.kind === 'simulated' ? parts.openSimulated(found) : hold(found);
    },
  };
};

const portNamed = ({ ports }: BenchFile, name: string): BenchPort => {
  const port = ports.find((candidate) => candidate.name === name);
  if (port !== undefined) return port;
  throw new BenchError('PORT_UNKNOWN', `"${name}"; there are: ${ports.map((candidate) => candidate.name).join(', ')}`);
};

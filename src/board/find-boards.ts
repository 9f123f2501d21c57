/** Finds boards by how their ports look, and knows them by their handshake. */
import { SerialPort } from 'serialport';
import { BenchError, type ErrorCode, isBenchError } from '../errors.js';
import { toolMissing } from '../os/system-tools.js';
import type { Clock } from '../timeline/clock.js';
import { type Likeness, rankPorts, type SerialPortLook } from './fingerprints.js';
import type { BoardIdentity, Injector } from './injector.js';
import { openSerialInjector, type SerialOptions } from './serial-injector.js';

export type BoardSighting = Likeness &
  (
    | { readonly kind: 'board'; readonly identity: BoardIdentity }
    | { readonly kind: 'no board'; readonly code: ErrorCode; readonly detail: string }
  );

export interface FoundBoard {
  readonly path: string;
  readonly injector: Injector;
}

/** By udev. Throws BenchError TOOL_MISSING. */
export const listSerialPorts = async (): Promise<readonly SerialPortLook[]> => {
  try {
    return await SerialPort.list();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw toolMissing('udevadm', 'udev');
    throw new BenchError('SYSTEM_CALL', `the list of serial ports: ${String(error)}`, { cause: error });
  }
};

/** Every port that looks like a board, asked who it is; `paths` are asked whatever they look like. */
export const sightBoards = async (paths: readonly string[], clock: Clock): Promise<readonly BoardSighting[]> => {
  const ranked = rankPorts(await listSerialPorts());
  const named = paths
    .filter((path) => !ranked.some((likeness) => likeness.path === path))
    .map((path) => ({ path, name: 'bench file', isShared: false, score: 0 }));
  return Promise.all([...ranked, ...named].map((likeness) => sight(likeness, clock)));
};

const sight = async (likeness: Likeness, clock: Clock): Promise<BoardSighting> => {
  try {
    const { injector, identity } = await openIdentified(likeness.path, clock);
    await injector.close();
    return { ...likeness, kind: 'board', identity };
  } catch (error) {
    if (!isBenchError(error)) throw error;
    return { ...likeness, kind: 'no board', code: error.code, detail: error.detail };
  }
};

const openIdentified = async (path: string, clock: Clock, options: SerialOptions = {}) => {
  const injector = await openSerialInjector(path, clock, options);
  try {
    return { path, injector, identity: await injector.identify() };
  } catch (error) {
    await injector.close();
    throw error;
  }
};

/**
 * The board of that serial number: at `path` where it was last, otherwise wherever it is now (a USB path changes with the
 * socket and with the order of plugging). Throws BenchError BOARD_NOT_FOUND that names every port asked, BOARD_AMBIGUOUS,
 * or what keeps the port at `path` from being asked (PORT_BUSY, BOARD_VERSION).
 */
export const openBoardBySerial = async (
  wanted: { readonly path: string; readonly serial: string },
  clock: Clock,
  options: SerialOptions = {},
): Promise<FoundBoard> => {
  const asked: string[] = [];
  let reason: BenchError | undefined;
  const attempt = async (path: string): Promise<FoundBoard | undefined> => {
    try {
      const { injector, identity } = await openIdentified(path, clock, options);
      if (identity.serial === wanted.serial) return { path, injector };
      asked.push(`${path} is ${identity.serial}`);
      await injector.close();
    } catch (error) {
      if (!isBenchError(error)) throw error;
      asked.push(`${path}: ${error.code}`);
      if (path === wanted.path && ['PORT_BUSY', 'BOARD_VERSION'].includes(error.code)) reason = error;
    }
    return undefined;
  };
  const there = await attempt(wanted.path);
  if (there !== undefined) return there;
  const others = rankPorts(await listSerialPorts()).filter(({ path }) => path !== wanted.path);
  const found = (await Promise.all(others.map(({ path }) => attempt(path)))).filter((board) => board !== undefined);
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  for (const { injector } of found) await injector.close();
  if (first !== undefined)
    throw new BenchError(
      'BOARD_AMBIGUOUS',
      `${wanted.serial} answers on ${found.map(({ path }) => path).join(' and ')}`,
    );
  throw reason ?? new BenchError('BOARD_NOT_FOUND', `${wanted.serial} (${asked.join('; ')})`);
};

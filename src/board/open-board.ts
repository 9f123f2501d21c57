import { BenchError } from '../errors.js';
import { openGpio } from '../os/gpio/open-gpio.js';
import type { Clock } from '../timeline/clock.js';
import { boardLinesRequest, heartbeatLinesRequest } from './board-lines.js';
import { combineInjector } from './combined-injector.js';
import { type FoundBoard, openBoardBySerial } from './find-boards.js';
import { openGpioInjector } from './gpio-injector.js';
import { openSerialInjector, type SerialOptions } from './serial-injector.js';

/** Where a board is and how it is driven; `board` is its serial port's path, null with `lines`. */
export interface BoardPlace {
  readonly driver: 'serial' | 'lines' | 'both';
  readonly board: string | null;
  /** Serial number. */
  readonly serial?: string;
  /** With `lines`: id of the profile stored on the board. */
  readonly profile?: number;
}

/** Throws BenchError of GPIO_UNAVAILABLE, GPIO_BUSY, and what openSerialInjector and openBoardBySerial throw. */
export const openBoard = async (place: BoardPlace, clock: Clock): Promise<FoundBoard> => {
  if (place.driver === 'serial') return openBySerial(place, clock, { heartbeat: 'messages' });
  if (place.driver === 'lines') {
    const { serial = '', profile = 0 } = place;
    const lines = await openGpio(boardLinesRequest, clock);
    return {
      path: `lines of ${lines.chip}`,
      injector: openGpioInjector({ lines, clock, profileId: profile, serial }),
    };
  }
  // First the lines: the board lets nobody on serial power while PWR_REQ floats high.
  const lines = await openGpio(heartbeatLinesRequest, clock);
  try {
    const { path, injector } = await openBySerial(place, clock, { heartbeat: 'line' });
    return { path, injector: combineInjector(injector, lines) };
  } catch (error) {
    lines.close();
    throw error;
  }
};

const openBySerial = async (place: BoardPlace, clock: Clock, options: SerialOptions): Promise<FoundBoard> => {
  const { board, serial } = place;
  if (board === null) throw new BenchError('USAGE', `driver ${place.driver} needs the path of a serial port`);
  if (serial !== undefined) return openBoardBySerial({ path: board, serial }, clock, options);
  return { path: board, injector: await openSerialInjector(board, clock, options) };
};

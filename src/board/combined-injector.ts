import { BenchError } from '../errors.js';
import type { BoardFact } from '../timeline/events.js';
import type { HeartbeatLines } from './board-lines.js';
import type { BoardReport, Injector } from './injector.js';

/**
 * The Injector over serial, with the heartbeat as edges on the board's HEARTBEAT line and the e-stop read back by the Pi
 * itself. `serial` must have been opened with `heartbeat: 'line'`; it and the lines are closed with this driver.
 * Where either goes away the heartbeat stops, and so does power; when it was the lines, serial still answers.
 */
export const combineInjector = (serial: Injector, lines: HeartbeatLines): Injector => {
  const listeners = new Set<(report: BoardReport) => void>();
  let level = false;
  let open = true;
  const tell = (fact: BoardFact, kernelUs?: number) => {
    const stamp = kernelUs === undefined || lines.stamps !== 'kernel' ? {} : { kernelUs };
    for (const listener of [...listeners]) listener({ fact, stamp });
  };
  const lose = () => {
    if (!open) return;
    open = false;
    tell({ kind: 'board-lost', code: 'the heartbeat line went away' });
  };
  lines.onLost(lose);
  // Without serial nobody could command off any more: no heartbeat for a board that does not hear.
  serial.onReport(({ fact }) => {
    if (fact.kind === 'board-lost') open = false;
  });
  lines.onEdge(({ name, active, atUs }) => {
    if (open && name === 'ESTOP_OK') tell({ kind: 'line-edge', line: name, high: active }, atUs);
  });

  return {
    ...serial,
    discoverAndPower: async (terms) => {
      if (!open) throw new BenchError('BOARD_LOST', 'the heartbeat line went away');
      // The Pi's own read-back: it tells what the board's e-stop does although its firmware may not.
      if (!lines.get('ESTOP_OK')) throw new BenchError('BOARD_REFUSED', 'the e-stop read-back (ESTOP)');
      return serial.discoverAndPower(terms);
    },
    heartbeat: () => {
      if (!open) return false;
      level = !level;
      try {
        lines.set('HEARTBEAT', level);
        return true;
      } catch {
        lose();
        return false;
      }
    },
    onReport: (listener) => {
      listeners.add(listener);
      const leave = serial.onReport(listener);
      return () => {
        listeners.delete(listener);
        leave();
      };
    },
    close: async () => {
      await serial.close();
      open = false;
      lines.close();
    },
  };
};

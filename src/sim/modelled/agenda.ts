/** What happens when, in CPU cycles: the modelled board's time. Nothing here knows the wall clock. */

export interface Agenda {
  /** Inside a callback: its own cycle. */
  readonly cycles: number;
  /** Calls back at `cycle` (now, where that has passed), in order of cycles, then of asking. */
  at(cycle: number, callback: (cycle: number) => void): void;
  runUntil(cycle: number): void;
}

interface Entry {
  readonly cycle: number;
  readonly callback: (cycle: number) => void;
}

export const createAgenda = (): Agenda => {
  let now = 0;
  /** Latest first, so that the next one is popped from the end. */
  const entries: Entry[] = [];
  return {
    get cycles() {
      return now;
    },
    at: (cycle, callback) => {
      const entry = { cycle: Math.max(now, Math.ceil(cycle)), callback };
      let index = entries.length;
      while (index > 0 && (entries[index - 1]?.cycle ?? 0) <= entry.cycle) index -= 1;
      entries.splice(index, 0, entry);
    },
    runUntil: (cycle) => {
      for (let next = entries.at(-1); next !== undefined && next.cycle <= cycle; next = entries.at(-1)) {
        entries.pop();
        now = next.cycle;
        next.callback(next.cycle);
      }
      now = Math.max(now, cycle);
    },
  };
};

/** A GPIO chip that exists in this process only, for tests: lines as the drivers see them, and the other end of the wires. */
import { BenchError } from '../../errors.js';
import type { Clock } from '../../timeline/clock.js';
import type { GpioInput, GpioLines, GpioOutput, GpioRequest } from './gpio-lines.js';
import { createGpioListeners } from './gpio-listeners.js';

export interface MockedGpio {
  /** As openGpio does. Throws BenchError GPIO_BUSY. */
  open<Name extends string>(request: GpioRequest<Name>): GpioLines<Name>;
  /** What the outside puts on a line's wire; null: nothing, its bias decides. */
  drive(line: number, level: boolean | null): void;
  /** The level on a line's wire. */
  level(line: number): boolean;
  /** Hears each change of a line's level. */
  onLevel(line: number, listener: (level: boolean) => void): () => void;
  /** Who holds the line. */
  consumer(line: number): string | undefined;
  /** The chip is pulled out. */
  vanish(): void;
}

interface Wire {
  driven: boolean | null;
  held: { readonly consumer: string; readonly line: GpioOutput | GpioInput; active: boolean } | undefined;
  hear: ((level: boolean) => void) | undefined;
  readonly listeners: Set<(level: boolean) => void>;
}

const chip = 'mocked';

export const createMockedGpio = (clock: Clock): MockedGpio => {
  const wires = new Map<number, Wire>();
  const requests = new Set<() => void>();
  const wireOf = (line: number): Wire => {
    const wire = wires.get(line) ?? { driven: null, held: undefined, hear: undefined, listeners: new Set() };
    wires.set(line, wire);
    return wire;
  };
  const levelOf = ({ driven, held }: Wire): boolean => {
    if (held?.line.direction === 'out') return held.active !== (held.line.activeLow === true);
    return driven ?? (held?.line.direction === 'in' && held.line.bias === 'pull-up');
  };
  const change = (wire: Wire, apply: () => void): void => {
    const before = levelOf(wire);
    apply();
    const after = levelOf(wire);
    if (after === before) return;
    wire.hear?.(after);
    for (const listener of [...wire.listeners]) listener(after);
  };

  const open = <Name extends string>({ consumer, lines }: GpioRequest<Name>): GpioLines<Name> => {
    const names = Object.keys(lines) as Name[];
    for (const name of names) {
      const holder = wireOf(lines[name].line).held?.consumer;
      if (holder !== undefined) throw new BenchError('GPIO_BUSY', `${chip}: line ${lines[name].line} by "${holder}"`);
    }
    const listeners = createGpioListeners<Name>();
    let isOpen = true;
    const activeOf = (name: Name, level: boolean) => level !== (lines[name].activeLow === true);
    for (const name of names) {
      const line = lines[name];
      const wire = wireOf(line.line);
      change(wire, () => {
        wire.held = { consumer, line, active: line.direction === 'out' && line.initially };
      });
      if (line.direction === 'in')
        wire.hear = (level) => {
          const edge = { name, active: activeOf(name, level), atUs: clock.nowUs() };
          // As from a kernel: never from within the call that made the edge.
          queueMicrotask(() => isOpen && listeners.edge(edge));
        };
    }
    const release = () => {
      if (!isOpen) return;
      isOpen = false;
      requests.delete(lose);
      for (const name of names) {
        const wire = wireOf(lines[name].line);
        wire.hear = undefined;
        change(wire, () => {
          wire.held = undefined;
        });
      }
    };
    const lose = () => {
      release();
      queueMicrotask(listeners.lost);
    };
    requests.add(lose);
    const heldOf = (name: Name) => {
      const { held } = wireOf(lines[name].line);
      if (!isOpen || held === undefined) throw new BenchError('GPIO_LOST', `${chip}, ${name}`);
      return held;
    };
    return {
      driver: 'mocked',
      chip,
      stamps: 'kernel',
      set: (name, active) => {
        const held = heldOf(name);
        change(wireOf(lines[name].line), () => {
          held.active = active;
        });
      },
      get: (name) => {
        heldOf(name);
        return activeOf(name, levelOf(wireOf(lines[name].line)));
      },
      onEdge: listeners.onEdge,
      onLost: listeners.onLost,
      close: () => {
        listeners.clear();
        release();
      },
    };
  };

  return {
    open,
    drive: (line, level) => {
      const wire = wireOf(line);
      change(wire, () => {
        wire.driven = level;
      });
    },
    level: (line) => levelOf(wireOf(line)),
    onLevel: (line, listener) => {
      wireOf(line).listeners.add(listener);
      return () => void wireOf(line).listeners.delete(listener);
    },
    consumer: (line) => wireOf(line).held?.consumer,
    vanish: () => {
      for (const lose of [...requests]) lose();
    },
  };
};

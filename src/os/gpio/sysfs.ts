/**
 * GPIO by /sys/class/gpio through onoff, for kernels whose character device is absent or too old. onoff counts lines as the
 * whole system does: a line of the header is its chip's base and the line's own number.
 *
 * What sysfs cannot do: it stamps no edges, sets no bias, names no owner but "sysfs", and a line stays exported when its
 * process is killed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../../errors.js';
import type { Clock } from '../../timeline/clock.js';
import type { GpioInput, GpioLines, GpioOutput, GpioRequest } from './gpio-lines.js';
import { createGpioListeners } from './gpio-listeners.js';
import { headerChip, labelsOf, resetBias } from './header-chip.js';

/** What is used of onoff. Its own types would be missed where it is not installed. */
interface OnoffLine {
  readSync(): 0 | 1;
  writeSync(value: 0 | 1): void;
  watch(callback: (error: Error | null | undefined, value: 0 | 1) => void): void;
  unexport(): void;
}
interface Onoff {
  readonly Gpio: new (
    line: number,
    direction: 'in' | 'low' | 'high',
    edge: 'none' | 'both',
    options: { readonly activeLow: boolean },
  ) => OnoffLine;
}

/** Undefined: not installed, which is allowed (its native part wants a compiler). */
export const loadOnoff = async (): Promise<Onoff | undefined> => {
  const name: string = 'onoff';
  try {
    return (await import(name)) as Onoff;
  } catch {
    return undefined;
  }
};

export interface SysfsChip {
  readonly label: string;
  readonly base: number;
}

export const sysfsRoot = '/sys/class/gpio';

/** The header's chip, or why there is none to be had by this driver. */
export const findSysfsChip = (root = sysfsRoot): { readonly chip: SysfsChip } | { readonly reason: string } => {
  if (!existsSync(join(root, 'export'))) return { reason: `there is no ${root}/export (CONFIG_GPIO_SYSFS)` };
  const chips = readdirSync(root)
    .filter((name) => /^gpiochip\d+$/.test(name))
    .map((name) => {
      const read = (file: string) => readFileSync(join(root, name, file), 'utf8').trim();
      return { label: read('label'), base: Number(read('base')) };
    });
  const chip = headerChip(chips);
  return chip === undefined ? { reason: `no chip of ${root} is a Pi's header (seen: ${labelsOf(chips)})` } : { chip };
};

const refuseBias = (chip: SysfsChip, name: string, line: GpioInput): void => {
  if (line.bias === resetBias(line.line)) return;
  throw new BenchError(
    'GPIO_UNAVAILABLE',
    `${chip.label} line ${line.line} (${name}) wants a ${line.bias}, which sysfs cannot set and the line does not have by itself`,
  );
};

/** Throws BenchError GPIO_BUSY or GPIO_UNAVAILABLE. */
export const openSysfs = <Name extends string>(
  chip: SysfsChip,
  onoff: Onoff,
  clock: Clock,
  request: GpioRequest<Name>,
): GpioLines<Name> => {
  const names = Object.keys(request.lines) as Name[];
  const taken = new Map<Name, OnoffLine>();
  const listeners = createGpioListeners<Name>();
  let open = true;

  const take = (name: Name, line: GpioOutput | GpioInput): OnoffLine => {
    if (line.direction === 'in') refuseBias(chip, name, line);
    // sysfs takes direction and value in one word.
    const direction = line.direction === 'in' ? 'in' : line.initially !== (line.activeLow === true) ? 'high' : 'low';
    const edge = line.direction === 'in' ? 'both' : 'none';
    try {
      return new onoff.Gpio(chip.base + line.line, direction, edge, { activeLow: line.activeLow === true });
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      if (code === 'EBUSY') throw new BenchError('GPIO_BUSY', `${chip.label}: line ${line.line}`, { cause });
      const place = `${chip.label} line ${line.line} (${name}), sysfs line ${chip.base + line.line}`;
      throw new BenchError('GPIO_UNAVAILABLE', `${place}: ${code}`, { cause });
    }
  };
  const release = () => {
    open = false;
    for (const line of taken.values()) line.unexport();
    taken.clear();
  };
  const lineOf = (name: Name): OnoffLine => {
    const line = open ? taken.get(name) : undefined;
    if (line === undefined) throw new BenchError('GPIO_LOST', `${chip.label}, ${name}`);
    return line;
  };
  const using = <T>(name: Name, use: (line: OnoffLine) => T): T => {
    const line = lineOf(name);
    try {
      return use(line);
    } catch (cause) {
      throw new BenchError('GPIO_LOST', `${chip.label}, ${name}`, { cause });
    }
  };

  try {
    for (const name of names) taken.set(name, take(name, request.lines[name]));
    for (const name of names) {
      if (request.lines[name].direction === 'out') continue;
      let last = lineOf(name).readSync();
      lineOf(name).watch((_, value) => {
        // Of a pulse that is over already, sysfs tells the level after it, twice.
        if (!open || value === last) return;
        last = value;
        listeners.edge({ name, active: value === 1, atUs: clock.nowUs() });
      });
    }
  } catch (error) {
    release();
    throw error;
  }

  return {
    driver: 'sysfs',
    chip: chip.label,
    stamps: 'arrival',
    set: (name, active) => using(name, (line) => line.writeSync(active ? 1 : 0)),
    get: (name) => using(name, (line) => line.readSync()) === 1,
    onEdge: listeners.onEdge,
    onLost: listeners.onLost,
    close: () => {
      if (!open) return;
      listeners.clear();
      release();
    },
  };
};

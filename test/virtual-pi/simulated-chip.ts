/** The virtual Pi's GPIO chip from outside: what gpio-sim shows of its wires, and what the kernel says of their owners. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { openGpio, type RealGpioDriver } from '../../src/os/gpio/open-gpio.js';
import type { ChipWires } from '../../src/testing.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { ChipUnderTest } from '../contract/gpio-lines.contract.js';

const devices = '/sys/devices/platform';

const simulatedChip = (): string => {
  const simulator = readdirSync(devices).find((name) => name.startsWith('gpio-sim'));
  const folder = `${devices}/${simulator}`;
  const chip = readdirSync(folder).find((name) => /^gpiochip\d+$/.test(name));
  if (chip === undefined) throw new Error('no simulated chip: is this the virtual Pi (deploy/virtual-pi/run.sh)?');
  return `${folder}/${chip}`;
};

export interface SimulatedChip extends ChipUnderTest {
  readonly label: string;
}

export const openSimulatedChip = (driver: RealGpioDriver): SimulatedChip => {
  const chip = simulatedChip();
  const of = (line: number, file: 'pull' | 'value') => `${chip}/sim_gpio${line}/${file}`;
  const base = Number(/base (\d+)|GPIOs (\d+)-/.exec(readFileSync('/sys/kernel/debug/gpio', 'utf8'))?.[2]);
  return {
    label: 'pinctrl-bcm2835',
    open: (request) => openGpio(request, systemClock, driver),
    drive: (line, level) => writeFileSync(of(line, 'pull'), level ? 'pull-up' : 'pull-down'),
    level: (line) => readFileSync(of(line, 'value'), 'utf8').trim() === '1',
    // ` gpio-475 (                    |linkpulse           ) in  lo IRQ`
    consumer: (line) => {
      const row = new RegExp(`gpio-${base + line} +\\([^|]*\\|([^)]*)\\)`).exec(
        readFileSync('/sys/kernel/debug/gpio', 'utf8'),
      );
      return row?.[1]?.trim();
    },
    close: () => {},
  };
};

const watchEveryMs = 4;

/** The far end of the chip's wires, for whatever hangs there. gpio-sim tells nobody of an output's change: it is asked. */
export const wiresOf = (chip: SimulatedChip): ChipWires & { close(): void } => {
  const watched = new Map<number, { level: boolean; readonly listeners: Set<(level: boolean) => void> }>();
  const watch = systemClock.every(watchEveryMs, () => {
    for (const [line, seen] of watched) {
      const level = chip.level(line);
      if (level === seen.level) continue;
      seen.level = level;
      for (const listener of seen.listeners) listener(level);
    }
  });
  return {
    drive: chip.drive,
    level: chip.level,
    onLevel: (line, listener) => {
      const seen = watched.get(line) ?? { level: chip.level(line), listeners: new Set() };
      watched.set(line, seen);
      seen.listeners.add(listener);
      return () => void seen.listeners.delete(listener);
    },
    close: () => watch.cancel(),
  };
};

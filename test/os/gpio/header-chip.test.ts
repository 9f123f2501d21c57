import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headerChip } from '../../../src/os/gpio/header-chip.js';
import { describeGpio, openGpio } from '../../../src/os/gpio/open-gpio.js';
import { findSysfsChip } from '../../../src/os/gpio/sysfs.js';
import { systemClock } from '../../../src/timeline/clock.js';

describe('the chip on the header', () => {
  const labelled = (...labels: string[]) => labels.map((label) => ({ label }));

  it.each([
    ['Pi 1, Zero, 2, 3', ['pinctrl-bcm2835', 'raspberrypi-exp-gpio'], 'pinctrl-bcm2835'],
    ['Pi 4', ['pinctrl-bcm2711', 'raspberrypi-exp-gpio'], 'pinctrl-bcm2711'],
    ['Pi 5', ['gpio-brcmstb@107d508500', 'gpio-brcmstb@107d517c00', 'pinctrl-rp1'], 'pinctrl-rp1'],
    ['a PC', ['INT33FF:00'], undefined],
    ['nothing', [], undefined],
  ])('%s', (_, labels, expected) => {
    expect(headerChip(labelled(...labels))?.label).toBe(expected);
    expect(headerChip(labelled(...labels.toReversed()))?.label).toBe(expected);
  });
});

describe('chips of sysfs', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'linkpulse-sysfs-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const chip = (base: number, label: string) => {
    mkdirSync(join(root, `gpiochip${base}`));
    writeFileSync(join(root, `gpiochip${base}`, 'label'), `${label}\n`);
    writeFileSync(join(root, `gpiochip${base}`, 'base'), `${base}\n`);
  };

  it('the base comes from the chip with the label, whatever its number', () => {
    writeFileSync(join(root, 'export'), '');
    chip(504, 'raspberrypi-exp-gpio');
    chip(512, 'pinctrl-bcm2835');
    expect(findSysfsChip(root)).toEqual({ chip: { label: 'pinctrl-bcm2835', base: 512 } });
  });

  it('a kernel without sysfs, or without a header, says so', () => {
    expect(findSysfsChip(root)).toEqual({ reason: expect.stringContaining('CONFIG_GPIO_SYSFS') });
    writeFileSync(join(root, 'export'), '');
    expect(findSysfsChip(root)).toEqual({ reason: expect.stringContaining('seen: none') });
    chip(0, 'gpio-mockup-A');
    expect(findSysfsChip(root)).toEqual({ reason: expect.stringContaining('gpio-mockup-A') });
  });
});

describe('a machine without a header', async () => {
  const { chosen } = await describeGpio();
  it.skipIf(chosen !== undefined)('is told what each driver lacks', async () => {
    const taken = openGpio(
      { consumer: 'test', lines: { a: { direction: 'out', line: 17, initially: false } } },
      systemClock,
    );
    await expect(taken).rejects.toMatchObject({
      code: 'GPIO_UNAVAILABLE',
      message: expect.stringMatching(/character device: .*gpiochip.*; sysfs: /),
    });
  });
});

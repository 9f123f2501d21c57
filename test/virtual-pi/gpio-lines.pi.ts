import { describe, expect, it } from 'vitest';
import { describeGpio, openGpio } from '../../src/os/gpio/open-gpio.js';
import { systemClock } from '../../src/timeline/clock.js';
import { testGpioLines, testGpioOwners } from '../contract/gpio-lines.contract.js';
import { openSimulatedChip } from './simulated-chip.js';

for (const driver of ['character-device', 'sysfs'] as const) {
  testGpioLines(`${driver}, on a real kernel,`, async () => openSimulatedChip(driver));
}
testGpioOwners('the character device', async () => openSimulatedChip('character-device'));

describe('the choice of a driver', () => {
  it('finds the header’s chip by its label, and prefers the character device', async () => {
    expect(await describeGpio()).toMatchObject({
      drivers: {
        'character-device': { chip: { label: 'pinctrl-bcm2835' } },
        sysfs: { chip: { label: 'pinctrl-bcm2835' } },
      },
      chosen: 'character-device',
    });
    const lines = await openGpio(
      { consumer: 'test', lines: { a: { direction: 'out', line: 17, initially: false } } },
      systemClock,
    );
    expect(lines).toMatchObject({ driver: 'character-device', chip: 'pinctrl-bcm2835', stamps: 'kernel' });
    lines.close();
  });
});

import { createMockedGpio } from '../../src/os/gpio/mocked-gpio.js';
import { systemClock } from '../../src/timeline/clock.js';
import { type ChipUnderTest, testGpioLines, testGpioOwners } from './gpio-lines.contract.js';

const openChip = async (): Promise<ChipUnderTest> => {
  const chip = createMockedGpio(systemClock);
  return { ...chip, open: async (request) => chip.open(request), close: () => {} };
};

testGpioLines('the mocked chip', openChip);
testGpioOwners('the mocked chip', openChip);

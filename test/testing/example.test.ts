import { expect, test } from 'vitest';
import { createMockedGpio, startSimulatedBoard, systemClock } from '../../src/testing.js';

test('an idle board keeps its jack dead and says who it is', async () => {
  const board = await startSimulatedBoard();
  try {
    const injector = await board.injector();
    expect((await injector.identify()).calibratedOn).toMatch(/^20/);
    expect(await board.jackIsLive()).toBe(false);
  } finally {
    await board.close();
  }
}, 60_000);

test('a lamp follows a button', () => {
  const chip = createMockedGpio(systemClock);
  const lines = chip.open({
    consumer: 'my bench',
    lines: {
      lamp: { direction: 'out', line: 5, initially: false },
      button: { direction: 'in', line: 6, bias: 'pull-up' },
    },
  });
  chip.drive(6, true);
  lines.set('lamp', lines.get('button'));
  expect(chip.level(5)).toBe(true);
});

test('a fault that is not the simulator’s is refused', async () => {
  await expect(startSimulatedBoard({ faults: ['serial-pulled'] })).rejects.toMatchObject({ code: 'USAGE' });
});

/**
 * The drivers of the discrete lines through a real kernel: gpio-sim's lines are bridged to the pins of the real firmware in
 * the simulator, and the whole contract of an Injector holds there as it does on mocked lines.
 */
import { boardLinesRequest, heartbeatLinesRequest } from '../../src/board/board-lines.js';
import { combineInjector } from '../../src/board/combined-injector.js';
import { openGpioInjector } from '../../src/board/gpio-injector.js';
import { openSerialInjector } from '../../src/board/serial-injector.js';
import { startSimulatedBoard } from '../../src/testing.js';
import { systemClock } from '../../src/timeline/clock.js';
import { testInjector } from '../contract/injector.contract.js';
import { openSimulatedChip, wiresOf } from './simulated-chip.js';

for (const driver of ['character-device', 'sysfs'] as const) {
  testInjector(`the driver of the discrete lines, through the kernel’s ${driver},`, async (phone, terms) => {
    const board = await startSimulatedBoard({ phone });
    const serial = await board.injector();
    await serial.identify();
    const profile = await serial.storeProfile(terms);
    await serial.close();
    const chip = openSimulatedChip(driver);
    const wires = wiresOf(chip);
    const cable = await board.wire(wires);
    const lines = await chip.open(boardLinesRequest);
    const injector = openGpioInjector({ lines, clock: systemClock, profileId: profile.id, serial: 'LP000042' });
    return {
      ...board,
      by: 'lines',
      injector,
      pullCable: async () => cable.cut(),
      close: async () => {
        await injector.close();
        await board.close();
        wires.close();
      },
    };
  });
}

testInjector('serial with the heartbeat by a line of the kernel’s character device', async (phone) => {
  const board = await startSimulatedBoard({ phone });
  const chip = openSimulatedChip('character-device');
  const wires = wiresOf(chip);
  await board.wire(wires);
  const serial = await openSerialInjector(board.path, systemClock, { heartbeat: 'line' });
  const injector = combineInjector(serial, await chip.open(heartbeatLinesRequest));
  return {
    ...board,
    by: 'both',
    injector,
    close: async () => {
      await injector.close();
      await board.close();
      wires.close();
    },
  };
});

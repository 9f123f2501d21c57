import { boardLinesRequest, heartbeatLinesRequest } from '../../src/board/board-lines.js';
import { combineInjector } from '../../src/board/combined-injector.js';
import { openGpioInjector } from '../../src/board/gpio-injector.js';
import { profileIdOf } from '../../src/board/profile-id.js';
import { openSerialInjector } from '../../src/board/serial-injector.js';
import { createMockedGpio, startSimulatedBoard } from '../../src/testing.js';
import { systemClock } from '../../src/timeline/clock.js';
import { long } from '../helpers/linkpulse.js';
import { aboutPower, testInjector } from './injector.contract.js';

/** Mocked lines, wired to the discrete pins of the real firmware in the simulator. */
testInjector('the driver of the discrete lines, on the real firmware in the simulator,', async (phone, terms) => {
  const board = await startSimulatedBoard({ phone, profile: terms });
  const chip = createMockedGpio(systemClock);
  const cable = await board.wire(chip);
  const lines = chip.open(boardLinesRequest);
  const injector = openGpioInjector({ lines, clock: systemClock, profileId: profileIdOf(terms), serial: 'LP000042' });
  return {
    ...board,
    by: 'lines',
    injector,
    pullCable: async () => cable.cut(),
    close: async () => {
      await injector.close();
      await board.close();
    },
  };
});

testInjector(
  'serial with the heartbeat by a line, on the real firmware in the simulator,',
  async (phone) => {
    const board = await startSimulatedBoard({ phone });
    const chip = createMockedGpio(systemClock);
    await board.wire(chip);
    const serial = await openSerialInjector(board.path, systemClock, { heartbeat: 'line' });
    const injector = combineInjector(serial, chip.open(heartbeatLinesRequest));
    return {
      ...board,
      by: 'both',
      injector,
      close: async () => {
        await injector.close();
        await board.close();
      },
    };
  },
  long ? undefined : aboutPower,
);

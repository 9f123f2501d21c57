/**
 * The drivers of the discrete lines through a real kernel: gpio-sim's lines are bridged to the pins of the real firmware in
 * the simulator, and the contract of an Injector holds there as it does on mocked lines.
 */
import { boardLinesRequest, heartbeatLinesRequest } from '../../src/board/board-lines.js';
import { combineInjector } from '../../src/board/combined-injector.js';
import { openGpioInjector } from '../../src/board/gpio-injector.js';
import { profileIdOf } from '../../src/board/profile-id.js';
import { openSerialInjector } from '../../src/board/serial-injector.js';
import { startSimulatedBoard } from '../../src/testing.js';
import { systemClock } from '../../src/timeline/clock.js';
import { aboutPower, testInjector } from '../contract/injector.contract.js';
import { openSimulatedChip, wiresOf } from './simulated-chip.js';

/** A whole suite takes some three minutes there: the gate has the points about power, the long count all of all three. */
const long = process.env.LINKPULSE_LONG === '1';

for (const driver of long ? (['character-device', 'sysfs'] as const) : (['character-device'] as const)) {
  testInjector(
    `the driver of the discrete lines, through the kernel’s ${driver},`,
    async (phone, terms) => {
      const board = await startSimulatedBoard({ phone, profile: terms });
      const chip = openSimulatedChip(driver);
      const wires = wiresOf(chip);
      const lines = await chip.open(boardLinesRequest);
      // gpio-sim keeps a request's pull and the level outside in one place: whichever came last counts.
      const cable = await board.wire(wires);
      const injector = openGpioInjector({
        lines,
        clock: systemClock,
        profileId: profileIdOf(terms),
        serial: 'LP000042',
      });
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
    },
    long ? undefined : aboutPower,
  );
}

if (long)
  testInjector('serial with the heartbeat by a line of the kernel’s character device', async (phone) => {
    const board = await startSimulatedBoard({ phone });
    const chip = openSimulatedChip('character-device');
    const wires = wiresOf(chip);
    const lines = await chip.open(heartbeatLinesRequest);
    await board.wire(wires);
    const serial = await openSerialInjector(board.path, systemClock, { heartbeat: 'line' });
    const injector = combineInjector(serial, lines);
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

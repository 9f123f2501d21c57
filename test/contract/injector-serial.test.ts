import { afterEach, describe, expect, it } from 'vitest';
import { openSerialInjector } from '../../src/board/serial-injector.js';
import { type SimulatedBoard, startSimulatedBoard } from '../../src/testing.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { requestOfTheContract, testInjector } from './injector.contract.js';

/** The real firmware behind a real serial port; the phone's network half stays without a wire. */
testInjector('the serial driver, on the real firmware in the simulator,', async (phone) => {
  const board = await startSimulatedBoard({ phone });
  return { ...board, by: 'serial', injector: await board.injector() };
});

describe('the serial driver, the heartbeat left to a line', () => {
  let board: SimulatedBoard;
  afterEach(() => board.close());

  it('powers nothing while nobody drives that line: messages do not count', async () => {
    board = await startSimulatedBoard();
    const injector = await openSerialInjector(board.path, systemClock, { heartbeat: 'line' });
    await injector.identify();
    const beat = systemClock.every(100, () => injector.heartbeat());
    await sleep(systemClock, 400);
    await expect(injector.discoverAndPower(requestOfTheContract)).rejects.toMatchObject({
      code: 'BOARD_REFUSED',
      message: expect.stringContaining('NO_HEARTBEAT'),
    });
    expect(await board.jackIsLive()).toBe(false);
    beat.cancel();
    await injector.close();
  });
});

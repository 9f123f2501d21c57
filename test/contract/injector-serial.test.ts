import { startSimulatedBoard } from '../../src/testing.js';
import { testInjector } from './injector.contract.js';

/** The real firmware behind a real serial port; the phone's network half stays without a wire. */
testInjector('the serial driver, on the real firmware in the simulator,', async (phone) => {
  const board = await startSimulatedBoard({ phone });
  return { ...board, injector: await board.injector() };
});

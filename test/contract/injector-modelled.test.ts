import { startSimulatedBoard } from '../../src/testing.js';
import { testInjector } from './injector.contract.js';

/** The modelled board is held to what the real image does: the same driver, the same suite. */
testInjector('the serial driver, on the modelled board,', async (phone) => {
  const board = await startSimulatedBoard({ phone, board: 'modelled' });
  return { ...board, by: 'serial', injector: await board.injector() };
});

/**
 * Loaded before the program (`node --import`) in `selftest kill`: on SIGUSR2 the event loop stands still for 2 s, as it does
 * when somebody writes an endless loop. The process lives, its other threads run, its descriptors stay open.
 */
export const heldMs = 2_000;

process.on('SIGUSR2', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, heldMs);
});

import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { firmwareName, openFirmataBoard } from '../../src/board/firmata-board.js';
import type { SerialTransport } from '../../src/board/serial-transport.js';
import { Machine } from '../../src/sim/machine.js';
import { systemClock } from '../../src/timeline/clock.js';
import { hexText } from '../firmware/firmware-bench.js';

it('a line that fails with an error is the driver’s to tell, and ends no process', async () => {
  const machine = new Machine({ hex: hexText });
  const line = Object.assign(new EventEmitter(), {
    write: (bytes: Iterable<number>) => {
      for (const byte of bytes) machine.serialIn(byte);
    },
  });
  machine.onSerialOut((byte) => line.emit('data', Buffer.of(byte)));
  const running = systemClock.every(5, () => machine.runUntil(machine.cycles + 320_000));
  try {
    const board = await openFirmataBoard(line as unknown as SerialTransport, systemClock, () => {});
    expect(board.firmware).toBe(firmwareName);
    expect(() => line.emit('error', new Error('EIO: i/o error, write'))).not.toThrow();
  } finally {
    running.cancel();
  }
});

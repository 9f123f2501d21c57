import { afterEach, describe, expect, it } from 'vitest';
import { openSerialInjector } from '../../src/board/serial-injector.js';
import { openPty } from '../../src/os/pty.js';
import { Machine } from '../../src/sim/machine.js';
import { systemClock } from '../../src/timeline/clock.js';
import { encodeInjectorMessage, injectorProtocol, injectorSysexId } from '../../src/wire/injector.js';
import { hexText } from '../firmware/firmware-bench.js';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step();
});

const hexOf = (bytes: Iterable<number>) => Buffer.from([...bytes]).toString('hex');
const sysex = (content: Uint8Array) => hexOf([0xf0, injectorSysexId, ...content, 0xf7]);

/** The real firmware behind a real serial port; `onTheWay` may change what the host sends it. */
const openBoard = (onTheWay: (hex: string) => string): string => {
  const machine = new Machine({ hex: hexText });
  const pty = openPty();
  machine.onSerialOut((byte) => pty.write(Uint8Array.of(byte)));
  const running = systemClock.every(5, () => {
    for (const byte of Buffer.from(onTheWay(hexOf(pty.read())), 'hex')) machine.serialIn(byte);
    machine.runUntil(machine.cycles + 160_000);
  });
  cleanUp.push(
    () => pty.close(),
    () => running.cancel(),
  );
  return pty.path;
};

describe('a board whose firmware does not fit', () => {
  it('is told as such when it refuses the daemon’s protocol, and nothing can be powered', async () => {
    // As a daemon of another age would ask: the message on the way is whole, its protocol is not the firmware's.
    const foreign = (hex: string) => {
      for (let seq = 0; seq < 16; seq += 1) {
        const ours = sysex(encodeInjectorMessage('IDENTIFY', seq, { protocol: injectorProtocol }));
        const theirs = sysex(encodeInjectorMessage('IDENTIFY', seq, { protocol: injectorProtocol + 1 }));
        if (hex.includes(ours)) return hex.replace(ours, theirs);
      }
      return hex;
    };
    const injector = await openSerialInjector(openBoard(foreign), systemClock);
    await expect(injector.identify()).rejects.toMatchObject({
      code: 'BOARD_VERSION',
      message: expect.stringContaining('PROTOCOL_VERSION'),
    });
    await expect(
      injector.discover({ method: 'prestandard', echoes: 3, maxBursts: 10, pulseNanoseconds: 125 }),
    ).rejects.toMatchObject({
      code: 'BOARD_REFUSED',
      message: expect.stringContaining('NOT_IDENTIFIED'),
    });
    await injector.close();
  });
});

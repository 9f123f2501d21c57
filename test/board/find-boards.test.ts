import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBoardBySerial, sightBoards } from '../../src/board/find-boards.js';
import { SerialTransport } from '../../src/board/serial-transport.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import {
  ch340,
  fakeUdev,
  plugBoard,
  plugChatter,
  plugOtherFirmata,
  plugSilence,
  type SerialThing,
} from '../helpers/serial-things.js';

const plugged: SerialThing[] = [];
const plug = (thing: SerialThing): SerialThing => {
  plugged.push(thing);
  return thing;
};
let udev: ReturnType<typeof fakeUdev>;
beforeEach(() => {
  udev = fakeUdev();
});
afterEach(() => {
  udev.remove();
  for (const thing of plugged.splice(0)) thing.close();
});

const halfMessage = [0xf0, 0x0c, 0x41, 0x00, 0x12];
const seen = async (paths: readonly string[] = []) =>
  (await sightBoards(paths, systemClock)).map((sighting) => ({
    path: sighting.path,
    what: sighting.kind === 'board' ? sighting.identity.serial : sighting.code,
  }));

describe('boards among serial ports', () => {
  it('are known by their handshake: ids alone make no board of a port', async () => {
    const board = plug(plugBoard('LP000042'));
    const silent = plug(plugSilence());
    const other = plug(plugOtherFirmata('StandardFirmata.ino'));
    const modem = plug(plugSilence());
    udev.set([
      { path: board.path, ...ch340 },
      { path: silent.path, ...ch340 },
      { path: other.path, vendorId: '2341', productId: '0043' },
      { path: modem.path, vendorId: '12d1', productId: '1001' },
    ]);
    const found = await seen();
    expect(found).toEqual(
      expect.arrayContaining([
        { path: board.path, what: 'LP000042' },
        { path: silent.path, what: 'BOARD_SILENT' },
        { path: other.path, what: 'BOARD_VERSION' },
      ]),
    );
    expect(found, 'every port asked is told, and the modem is not asked').toHaveLength(3);
  }, 60_000);

  it('of the bench file are asked whatever they look like', async () => {
    const board = plug(plugBoard('LP000042'));
    expect(await seen([board.path, '/dev/no-such-board'])).toEqual([
      { path: board.path, what: 'LP000042' },
      { path: '/dev/no-such-board', what: 'BOARD_NOT_FOUND' },
    ]);
  }, 60_000);

  it('are found through a bootloader’s chatter, garbage and half messages', async () => {
    let turn = 0;
    const rubbish = [halfMessage, [0xff, 0xff, 0x00], [0xf7], [0xf0, ...Array.from({ length: 400 }, () => 0x33)]];
    const board = plug(
      plugBoard('LP000042', {
        bootChatter: [...Buffer.from('optiboot 8.0\r\n'), 0x14, 0x10, ...halfMessage],
        bootSteps: 200,
        garbage: () => {
          turn += 1;
          return rubbish[turn % rubbish.length] ?? [];
        },
      }),
    );
    const found = await openBoardBySerial({ path: board.path, serial: 'LP000042' }, systemClock);
    expect(await found.injector.takeStoredTrip()).toBeUndefined();
    await found.injector.close();
  }, 60_000);

  it('do not hide behind a line that never stops talking', async () => {
    const chatter = plug(plugChatter('\xf0\x79login: \xff\xf9'));
    udev.set([{ path: chatter.path, ...ch340 }]);
    expect(await seen()).toEqual([{ path: chatter.path, what: 'BOARD_SILENT' }]);
  }, 60_000);
});

describe('a board by its serial number', () => {
  it('is found under another path, past one with the same ids', async () => {
    const mine = plug(plugBoard('LP000042'));
    const other = plug(plugBoard('LP000043'));
    udev.set([
      { path: other.path, ...ch340 },
      { path: mine.path, ...ch340 },
    ]);
    for (const path of ['/dev/no-such-board', other.path]) {
      const found = await openBoardBySerial({ path, serial: 'LP000042' }, systemClock);
      expect(found.path).toBe(mine.path);
      await found.injector.close();
    }
  }, 60_000);

  it('is refused where two say they are it', async () => {
    const boards = [plug(plugBoard('LP000042')), plug(plugBoard('LP000042'))];
    udev.set(boards.map(({ path }) => ({ path, ...ch340 })));
    await expect(openBoardBySerial({ path: '/dev/gone', serial: 'LP000042' }, systemClock)).rejects.toMatchObject({
      code: 'BOARD_AMBIGUOUS',
      detail: expect.stringContaining('LP000042 answers on'),
    });
  }, 60_000);

  it('is told as missing, with every port that was asked', async () => {
    const other = plug(plugBoard('LP000043'));
    udev.set([{ path: other.path, ...ch340 }]);
    await expect(openBoardBySerial({ path: '/dev/gone', serial: 'LP000042' }, systemClock)).rejects.toMatchObject({
      code: 'BOARD_NOT_FOUND',
      detail: `LP000042 (/dev/gone: BOARD_NOT_FOUND; ${other.path} is LP000043)`,
    });
  }, 60_000);

  it('keeps a firmware that does not fit from looking like a missing board', async () => {
    const other = plug(plugOtherFirmata('StandardFirmata.ino'));
    await expect(openBoardBySerial({ path: other.path, serial: 'LP000042' }, systemClock)).rejects.toMatchObject({
      code: 'BOARD_VERSION',
    });
  }, 60_000);
});

describe('a port that somebody else holds', () => {
  it('is waited for while that is only a handshake', async () => {
    const board = plug(plugBoard('LP000042'));
    const first = await SerialTransport.open(board.path);
    const second = openBoardBySerial({ path: board.path, serial: 'LP000042' }, systemClock);
    await sleep(systemClock, 600);
    await first.close();
    await (await second).injector.close();
  }, 30_000);

  it('is told as busy where it is kept', async () => {
    const board = plug(plugBoard('LP000042'));
    const first = await SerialTransport.open(board.path);
    try {
      const second = openBoardBySerial({ path: board.path, serial: 'LP000042' }, systemClock);
      await expect(second).rejects.toMatchObject({ code: 'PORT_BUSY' });
    } finally {
      await first.close();
    }
  }, 30_000);
});

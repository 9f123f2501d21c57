/** Things on serial ports, each behind a pty: boards with the real firmware, and what else may hang there. */
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPty } from '../../src/os/pty.js';
import { createJack } from '../../src/sim/jack.js';
import { emptyJack } from '../../src/sim/jack-devices.js';
import { Machine } from '../../src/sim/machine.js';
import { systemClock } from '../../src/timeline/clock.js';
import { encodeBoardBlock, nominalBlock } from '../../src/wire/board-block.js';
import { hexText } from '../firmware/firmware-bench.js';

export interface SerialThing {
  readonly path: string;
  /** All that was written to it. */
  readonly heard: number[];
  close(): void;
}

const stepMs = 5;
const cyclesPerStep = 16_000 * stepMs;
const baudCycles = (10 * 16_000_000) / 57_600;

export interface BoardTroubles {
  /** What a bootloader says, each step of the first `bootSteps`; the firmware starts after it. */
  readonly bootChatter?: readonly number[];
  readonly bootSteps?: number;
  /** Comes between the board's own messages. */
  readonly garbage?: () => readonly number[];
}

export const plugBoard = (serial: string, troubles: BoardTroubles = {}): SerialThing => {
  let bootStepsLeft = troubles.bootSteps ?? 0;
  const machine = new Machine({ hex: hexText, eeprom: encodeBoardBlock(nominalBlock(serial)) });
  const jack = createJack(machine, emptyJack, () => {}, { fetWelds: false });
  let said: number[] = [];
  machine.onSerialOut((byte) => said.push(byte));
  return plug((bytes, say) => {
    bootStepsLeft -= 1;
    if (bootStepsLeft >= 0) return say(troubles.bootChatter ?? []);
    let at = machine.cycles;
    for (const byte of bytes) {
      machine.at(Math.ceil(at), () => machine.serialIn(byte));
      at += baudCycles;
    }
    jack.run(cyclesPerStep);
    say(said.length === 0 ? (troubles.garbage?.() ?? []) : said);
    said = [];
  });
};

/** Somebody else's Firmata device. */
export const plugOtherFirmata = (name: string): SerialThing => {
  const text = [...name].flatMap((letter) => [letter.charCodeAt(0) & 0x7f, letter.charCodeAt(0) >> 7]);
  const answers: Readonly<Record<string, readonly number[]>> = {
    f9: [0xf9, 2, 5],
    f079f7: [0xf0, 0x79, 2, 5, ...text, 0xf7],
    f06bf7: [0xf0, 0x6c, 0, 1, 1, 1, 0x7f, 0, 1, 1, 1, 0x7f, 0xf7],
    f069f7: [0xf0, 0x6a, 0x7f, 0x7f, 0xf7],
  };
  let asked = '';
  return plug((bytes, say) => {
    asked += Buffer.from(bytes).toString('hex');
    for (const [question, answer] of Object.entries(answers)) {
      if (!asked.includes(question)) continue;
      asked = asked.replace(question, '');
      say(answer);
    }
  });
};

/** Says this, over and over, whatever it is told. */
export const plugChatter = (text: string): SerialThing => plug((_, say) => say([...Buffer.from(text)]));

export const plugSilence = (): SerialThing => plug(() => {});

const plug = (step: (heard: Uint8Array, say: (bytes: readonly number[]) => void) => void): SerialThing => {
  const pty = openPty();
  // A name of its own: the pty's is a number that others had before and get again, with locks that bear it.
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-port-'));
  const path = join(folder, 'ttyUSB0');
  symlinkSync(pty.path, path);
  const heard: number[] = [];
  const stepping = systemClock.every(stepMs, () => {
    const bytes = pty.read();
    heard.push(...bytes);
    step(bytes, (said) => pty.write(Uint8Array.from(said)));
    pty.flush();
  });
  return {
    path,
    heard,
    close: () => {
      stepping.cancel();
      pty.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export interface UdevRow {
  readonly path: string;
  readonly vendorId?: string;
  readonly productId?: string;
  readonly manufacturer?: string;
  readonly serialNumber?: string;
}

/** A udevadm of our own, first on PATH, that knows these ports: what serialport reads on Linux. */
export const fakeUdev = () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-udev-'));
  const path = process.env.PATH;
  const set = (rows: readonly UdevRow[]) => {
    const text = rows.flatMap(({ path: device, vendorId, productId, manufacturer, serialNumber }, index) => [
      `P: /devices/platform/usb/ttyUSB${index}`,
      `N: ttyUSB${index}`,
      `E: DEVNAME=${device}`,
      ...(vendorId === undefined ? [] : [`E: ID_VENDOR_ID=${vendorId}`]),
      ...(productId === undefined ? [] : [`E: ID_MODEL_ID=${productId}`]),
      ...(manufacturer === undefined ? [] : [`E: ID_VENDOR_ENC=${manufacturer}`]),
      ...(serialNumber === undefined ? [] : [`E: ID_SERIAL_SHORT=${serialNumber}`]),
      '',
    ]);
    writeFileSync(join(folder, 'ports'), `${text.join('\n')}\n`);
  };
  set([]);
  writeFileSync(join(folder, 'udevadm'), `#!/bin/sh\nexec cat ${folder}/ports\n`);
  chmodSync(join(folder, 'udevadm'), 0o755);
  process.env.PATH = `${folder}:${path}`;
  return {
    set,
    remove: () => {
      process.env.PATH = path;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** As udev tells a cheap bridge that thousands of products carry. */
export const ch340 = { vendorId: '1a86', productId: '7523', manufacturer: '1a86' } as const;

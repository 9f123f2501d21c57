/** The injector board around the committed firmware image, cycle by cycle: chip, jack, serial line's end, the Pi's side. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodeEeprom, nominalBlock } from '../wire/board-block.js';
import type { BoardOptions, SimulatedBoard } from './board.js';
import { createJack } from './jack.js';
import { Machine } from './machine.js';

const firmwarePath = fileURLToPath(new URL('../../hardware/firmware/linkpulse.hex', import.meta.url));
/** A byte of the block whose loss breaks its CRC. */
const damagedByte = 9;

export const createFirmwareBoard = (options: BoardOptions): SimulatedBoard => {
  const stored = encodeEeprom(nominalBlock(options.serialNumber), options.profile);
  const eeprom = options.badCalibration ? stored.fill(0xff, damagedByte, damagedByte + 1) : stored;
  const machine = new Machine({ hex: readFileSync(firmwarePath, 'utf8'), eeprom });
  const jack = createJack(
    machine,
    options.device,
    options.onChange,
    { fetWelds: options.fetWelds },
    options.onRegister,
  );
  machine.onReset(options.onReset);
  return {
    path: jack.path,
    serial: machine,
    pins: { board: machine, register: jack.register },
    get cycles() {
      return machine.cycles;
    },
    run: (cycles) => jack.run(cycles),
    holdInReset: (held) => machine.holdInReset(held),
    figures: () => ({ instructions: machine.instructions, lostBytes: machine.lostBytes }),
  };
};

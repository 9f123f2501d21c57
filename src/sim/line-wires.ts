import { connect } from 'node:net';
import { BenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import { linesToPi } from './line-socket.js';
import { linesToBoard } from './pi-side.js';

/** The far end of a GPIO chip's wires, by the Pi's numbers. */
export interface ChipWires {
  drive(line: number, level: boolean): void;
  level(line: number): boolean;
  onLevel(line: number, listener: (level: boolean) => void): () => void;
}

type WireName = (typeof linesToBoard)[number] | (typeof linesToPi)[number];

/**
 * Wires a chip to the simulated board behind a line socket. Resolves when the chip shows what the board drives. Throws
 * BenchError SIMULATOR_FAILED.
 */
export const wireLines = async (
  path: string,
  chip: ChipWires,
  numbers: Readonly<Record<WireName, number>>,
  clock: Clock,
): Promise<{ cut(): void }> => {
  const socket = connect(path);
  const told = new Set<string>();
  const leave = linesToBoard.map((line) => chip.onLevel(numbers[line], (high) => say(line, high)));
  const say = (line: string, high: boolean) =>
    void socket.write(`${JSON.stringify({ line, high, atUs: clock.nowUs() })}\n`);
  const cut = () => {
    for (const off of leave) off();
    socket.destroy();
    for (const line of linesToPi) chip.drive(numbers[line], false);
  };
  await new Promise<void>((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', (cause) => reject(new BenchError('SIMULATOR_FAILED', `its lines: ${cause.message}`, { cause })));
    socket.on('close', () => reject(new BenchError('SIMULATOR_FAILED', 'its lines: it hung up')));
    socket.on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const { line, high } = JSON.parse(text.slice(0, end)) as { line: WireName; high: boolean };
        text = text.slice(end + 1);
        chip.drive(numbers[line], high);
        told.add(line);
      }
      if (told.size === linesToPi.length) resolve();
    });
  });
  for (const line of linesToBoard) say(line, chip.level(numbers[line]));
  return { cut };
};

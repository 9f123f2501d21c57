import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './terminal.js';
import type { RegisterVerb } from './verb.js';

/** What the verbs need of the board's room. */
export interface FirmwareTools {
  /** The firmware that came with this program. Throws BenchError FIRMWARE_UNREADABLE. */
  image(): ShippedFirmware;
  /** As command lines, for a person. */
  programmingCommands(request: FlashRequest): readonly { readonly title: string; readonly commandLine: string }[];
  program(request: FlashRequest, tell: (step: { readonly title: string }) => void): Promise<FlashResult>;
}

interface ShippedFirmware {
  readonly version: string;
  readonly protocol: number;
  readonly mcu: string;
  readonly path: string;
  readonly imageBytes: number;
  readonly sha256: string;
  readonly fuses: Fuses;
}

type Fuses = Readonly<Record<'low' | 'high' | 'extended' | 'lock', number>>;

export interface FlashRequest {
  readonly programmer: string;
  readonly port: string | undefined;
  readonly bitClockUs: number;
}

interface FlashResult {
  readonly fusesBefore: Fuses;
  readonly calibration: 'kept' | 'restored' | 'none yet';
}

interface FlashOptions {
  readonly programmer: string;
  readonly port?: string;
  readonly bitClock: number;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export const registerFirmware: RegisterVerb = (program, { composition: { terminal, firmware } }) => {
  const verb = program
    .command('firmware')
    .description("the board's firmware: what came with this program, and flashing it");
  withJson(verb.command('info').description('version, size and fuses of the image that came with this program')).action(
    ({ json }: { json: boolean }) => tellImage(terminal, firmware.image(), json),
  );
  withJson(verb.command('flash').description('programs a board over SPI with avrdude; its calibration is kept'))
    .requiredOption('--programmer <name>', "avrdude's name of an isolated SPI programmer (avrdude -c '?')")
    .option('--port <path>', 'where the programmer is; USB where left out')
    .option('--bit-clock <us>', 'SPI clock period; 0 leaves it to the programmer', microseconds, 8)
    .option('--dry-run', 'print the commands and do nothing', false)
    .addHelpText(
      'after',
      '\nThe chip stands on the -48 V side of the barrier: switch the 48 V supply off, and use an isolated programmer.',
    )
    .action(async (options: FlashOptions) => {
      const request = { programmer: options.programmer, port: options.port, bitClockUs: options.bitClock };
      if (options.dryRun) {
        const steps = firmware.programmingCommands(request);
        for (const { title, commandLine } of steps) terminal.line(`# ${title}\n${commandLine}`);
        return;
      }
      const image = firmware.image();
      const result = await firmware.program(request, ({ title }) => {
        if (!options.json) terminal.line(`  ${title}`);
      });
      if (options.json)
        return terminal.line(JSON.stringify({ firmware: image.version, protocol: image.protocol, ...result }));
      terminal.line(terminal.paint('green', `firmware ${image.version} is on the board, read back and compared`));
      terminal.line(calibrationText[result.calibration]);
    });
};

const microseconds = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1000) return value;
  throw new InvalidArgumentError('It takes 0 to 1000 us.');
};

const withJson = (command: Command): Command => command.option('--json', 'one JSON object instead of text', false);

const calibrationText: Readonly<Record<FlashResult['calibration'], string>> = {
  kept: 'calibration: as it was',
  restored: 'calibration: written back (the chip had no EESAVE fuse yet)',
  'none yet': 'calibration: none yet; the board refuses to arm until it has one (hardware/production-test.md)',
};

const hexByte = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;

const tellImage = (terminal: Terminal, image: ShippedFirmware, json: boolean): void => {
  if (json) {
    terminal.line(JSON.stringify(image));
    return;
  }
  const { low, high, extended, lock } = image.fuses;
  const rows = [
    ['firmware', `${image.version} (protocol ${image.protocol}) for ${image.mcu}`],
    ['image', `${image.path}, ${image.imageBytes} bytes`],
    ['sha-256', image.sha256],
    ['fuses', `low ${hexByte(low)}, high ${hexByte(high)}, extended ${hexByte(extended)}, lock ${hexByte(lock)}`],
  ];
  for (const [name = '', value = ''] of rows) terminal.line(`${name.padEnd(10)}${value}`);
};

import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import { BenchError } from '../errors.js';
import type { RegisterVerb } from './verb.js';

/** Where this program is and what the station is called. */
export interface ServiceFiles {
  readonly packageRoot: string;
  readonly nodePath: string;
  readonly station: string;
}

const services = ['station', 'collector', 'central'] as const;

interface InstallOptions {
  readonly what: (typeof services)[number];
  readonly bench: string;
  readonly root: string;
  readonly dryRun: boolean;
}

interface PlannedFile {
  readonly path: string;
  readonly text: string;
  /** Somebody's own by then: never written over. */
  readonly isKept: boolean;
}

const template = ({ packageRoot }: ServiceFiles, name: string): string =>
  readFileSync(join(packageRoot, 'deploy/systemd', name), 'utf8');

const filesOf = (files: ServiceFiles, options: InstallOptions): readonly PlannedFile[] => {
  const filled = (name: string) =>
    template(files, name)
      .replaceAll('@NODE@', files.nodePath)
      .replaceAll('@PACKAGE@', files.packageRoot)
      .replaceAll('@BENCH@', options.bench)
      .replaceAll('@STATION@', files.station.replace(/[^A-Za-z0-9-]/g, '-').slice(0, 32));
  const unit = (name: string) => ({ path: `/etc/systemd/system/${name}`, text: filled(name), isKept: false });
  if (options.what !== 'station')
    return [unit(unitsOfFleet[options.what]), { path: fleetEnvironment, text: filled('fleet.env'), isKept: true }];
  return [
    unit('linkpulse.service'),
    { path: '/etc/sysusers.d/linkpulse.conf', text: filled('linkpulse.sysusers'), isKept: false },
    { path: options.bench, text: filled('bench.yaml'), isKept: true },
  ];
};

const unitsOfFleet = { collector: 'linkpulse-collector@.service', central: 'linkpulse-central.service' } as const;
const fleetEnvironment = '/etc/linkpulse/fleet.env';

const commands: Readonly<Record<InstallOptions['what'], readonly string[]>> = {
  station: ['systemd-sysusers', 'systemctl daemon-reload', 'systemctl enable --now linkpulse'],
  collector: [
    `edit ${fleetEnvironment}; ca.crt, linkpulse-collector and database-collector belong into /etc/linkpulse/fleet (docs/fleet.md)`,
    'systemctl daemon-reload',
    'systemctl enable --now linkpulse-collector@1 linkpulse-collector@2',
  ],
  central: [
    `edit ${fleetEnvironment}; ca.crt, linkpulse-central and database-central belong into /etc/linkpulse/fleet (docs/fleet.md)`,
    'systemctl daemon-reload',
    'systemctl enable --now linkpulse-central',
  ],
};

export const registerInstallService: RegisterVerb = (program, { composition: { service, terminal } }) => {
  program
    .command('install-service')
    .description(
      'writes the systemd unit of the station, its user and a first bench file; or that of a fleet’s service',
    )
    .addOption(new Option('--what <service>', 'which service').choices(services).default('station'))
    .option(
      '--bench <file>',
      'bench file of the station; written only where there is none',
      '/etc/linkpulse/bench.yaml',
    )
    .option('--root <folder>', 'write below this folder, for an image that is being made', '/')
    .option('--dry-run', 'print what would be written', false)
    .action((options: InstallOptions) => {
      if (/[\s%]/.test(service.packageRoot) || /[\s%]/.test(options.bench))
        throw new BenchError(
          'USAGE',
          `a unit cannot name a path with blanks or %: ${service.packageRoot}, ${options.bench}`,
        );
      for (const { path, text, isKept } of filesOf(service, options)) {
        const target = join(options.root, path);
        if (options.dryRun) {
          terminal.line(terminal.paint('bold', `# ${target}`));
          terminal.line(text);
        } else if (isKept && existsSync(target)) terminal.line(`kept     ${target}`);
        else {
          write(target, text);
          terminal.line(`written  ${target}`);
        }
      }
      terminal.line(options.dryRun ? 'Then, as root:' : 'Now, as root:');
      for (const command of commands[options.what]) terminal.line(`  ${command}`);
    });
};

const write = (path: string, text: string): void => {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    // Under --root somebody else may own the image.
    const { uid, gid } = statSync(dirname(path));
    if (process.getuid?.() === 0) chownSync(path, uid, gid);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BenchError('SYSTEM_CALL', reason, {
      cause,
      remedy: 'Run it as root, or with --dry-run or --root FOLDER.',
    });
  }
};

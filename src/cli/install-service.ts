import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BenchError } from '../errors.js';
import type { RegisterVerb } from './verb.js';

/** Where this program is and what the station is called. */
export interface ServiceFiles {
  readonly packageRoot: string;
  readonly nodePath: string;
  readonly station: string;
}

interface InstallOptions {
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
  return [
    { path: '/etc/systemd/system/linkpulse.service', text: filled('linkpulse.service'), isKept: false },
    { path: '/etc/sysusers.d/linkpulse.conf', text: filled('linkpulse.sysusers'), isKept: false },
    { path: options.bench, text: filled('bench.yaml'), isKept: true },
  ];
};

const commands = ['systemd-sysusers', 'systemctl daemon-reload', 'systemctl enable --now linkpulse'];

export const registerInstallService: RegisterVerb = (program, { composition: { service, terminal } }) => {
  program
    .command('install-service')
    .description('writes the systemd unit of the station, its user and a first bench file')
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
      for (const command of commands) terminal.line(`  ${command}`);
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

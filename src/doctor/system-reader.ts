/** Reads what the checks judge by, and decides nothing. A fact that cannot be read is told as absent. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { networkInterfaces, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { isBenchError } from '../errors.js';
import { defaultRouteInterfaces } from '../network/interface-guard.js';
import { interfaceIndex } from '../os/interface-control.js';
import { isKernelClockSynchronised } from '../os/kernel-clock.js';
import { canUnshare } from '../os/namespace.js';
import { readNetworkRights } from '../os/network-rights.js';
import { systemPath } from '../os/system-tools.js';
import type { Clock } from '../timeline/clock.js';
import type {
  BoardPathFacts,
  DhcpFacts,
  DiskFacts,
  GpioFacts,
  InterfaceFacts,
  NamespaceFacts,
  SystemFacts,
  WireFacts,
} from './facts.js';

export interface ReadRequest {
  readonly boards: readonly string[];
  readonly interfaces: readonly string[];
  /** Interfaces that no port has. */
  readonly wires: readonly string[];
  readonly runsDirectory: string;
  readonly diskReserveBytes: number;
  /** Where the file system's root is: tests hand in a tree of their own. */
  readonly root: string;
  /** Listens on an interface that exists and has no default route. */
  hearDhcp(interfaceName: string): Promise<DhcpFacts>;
}

export const readSystem = async (request: ReadRequest, clock: Clock): Promise<SystemFacts> => {
  const files = fileTree(request.root);
  return {
    user: readUser(files),
    ...readNetworkRights(),
    namespaces: readNamespaces(),
    gpio: readGpio(files),
    clock: { now: clock.wallClock(), isSynchronised: isKernelClockSynchronised() },
    disk: readDisk(request),
    boards: Object.fromEntries(request.boards.map((path) => [path, readBoard(path, files)])),
    interfaces: Object.fromEntries(
      await Promise.all(request.interfaces.map(async (name) => [name, await readInterface(name, request, files)])),
    ),
    wires: await Promise.all(request.wires.map((name) => readWire(name, request))),
  };
};

interface FileTree {
  read(path: string): string | undefined;
  list(path: string): readonly string[] | undefined;
  isUsable(path: string): boolean;
}

const fileTree = (root: string): FileTree => {
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch {
      return undefined;
    }
  };
  return {
    read: (path) => attempt(() => readFileSync(join(root, path), 'utf8')),
    list: (path) => attempt(() => readdirSync(join(root, path))),
    isUsable: (path) =>
      attempt(() => {
        accessSync(join(root, path), constants.R_OK | constants.W_OK);
        return true;
      }) ?? false,
  };
};

/** Rows of /etc/group: name, password, id, members. */
const groupRows = (files: FileTree): readonly (readonly string[])[] =>
  (files.read('/etc/group') ?? '').split('\n').map((line) => line.split(':'));

const readUser = (files: FileTree): SystemFacts['user'] => {
  const { username, uid, gid } = userInfo();
  const rows = groupRows(files);
  const nameOf = (id: number) => rows.find((row) => row[2] === String(id))?.[0] ?? String(id);
  const own = rows.filter((row) => (row[3] ?? '').split(',').includes(username)).map((row) => row[0] ?? '');
  return {
    name: username,
    isRoot: uid === 0,
    groups: [...new Set([gid, ...(process.getgroups?.() ?? [])])].map(nameOf),
    groupsAtLogin: [nameOf(gid), ...own],
  };
};

const readNamespaces = (): NamespaceFacts => {
  try {
    const permission = canUnshare();
    return permission.permitted ? { kind: 'permitted' } : { kind: 'forbidden', reason: permission.reason };
  } catch (error) {
    if (!isBenchError(error)) throw error;
    return { kind: 'tool missing', tool: error.detail, remedy: error.remedy };
  }
};

const sysfsGpio = '/sys/class/gpio';
/** Raspberry Pi kernels: `y` keeps an output driven after its owner has gone; dtparam=strict_gpiod sets `n`. */
const persistParameter = 'parameters/persist_gpio_outputs';

const readGpio = (files: FileTree): GpioFacts => {
  const chips = (files.list('/dev') ?? []).filter((name) => /^gpiochip\d+$/.test(name));
  const sysfs = files.list(sysfsGpio)?.filter((name) => /^gpiochip\d+$/.test(name));
  const modules = (files.list('/sys/module') ?? []).filter((name) => name.startsWith('pinctrl_'));
  return {
    model: files.read('/proc/device-tree/model')?.replace(/\0.*$/s, '') ?? null,
    characterDevices: chips.map((name) => ({ path: `/dev/${name}`, isUsable: files.isUsable(`/dev/${name}`) })),
    sysfsLabels: sysfs?.map((name) => files.read(`${sysfsGpio}/${name}/label`)?.trim() ?? name),
    keepsOutputs: modules.flatMap((module) => {
      const value = files.read(`/sys/module/${module}/${persistParameter}`)?.trim().toLowerCase();
      return value === undefined ? [] : [{ module, on: value === 'y' || value === '1' }];
    }),
  };
};

const readBoard = (path: string, files: FileTree): BoardPathFacts => {
  try {
    const { gid, mode } = statSync(path);
    const isTerminal = (mode & constants.S_IFMT) === constants.S_IFCHR;
    const group = groupRows(files).find((row) => row[2] === String(gid))?.[0] ?? String(gid);
    return { kind: 'present', isTerminal, isUsable: isAllowed(path, constants.R_OK | constants.W_OK), group };
  } catch {
    return { kind: 'missing' };
  }
};

const isAllowed = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
};

/** The runs folder, or what it would be made in. */
const readDisk = ({ runsDirectory, diskReserveBytes: reserveBytes }: ReadRequest): DiskFacts => {
  let path = runsDirectory;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  const { bavail, bsize } = statfsSync(path);
  const isWritable = isAllowed(path, constants.W_OK | constants.X_OK);
  return { path, freeBytes: bavail * bsize, reserveBytes, isWritable };
};

const uplink: DhcpFacts = { kind: 'not listened', reason: 'it carries a default route' };

const readInterface = async (name: string, request: ReadRequest, files: FileTree): Promise<InterfaceFacts> => {
  try {
    interfaceIndex(name);
  } catch {
    return { kind: 'missing' };
  }
  const hasDefaultRoute = defaultRouteInterfaces().has(name);
  return {
    kind: 'present',
    hasDefaultRoute,
    managers: [...(await networkManager(name, files)), ...dhcpClients(name, files)],
    dhcp: hasDefaultRoute ? uplink : await request.hearDhcp(name),
  };
};

const readWire = async (name: string, request: ReadRequest): Promise<WireFacts> => {
  const hasDefaultRoute = defaultRouteInterfaces().has(name);
  return {
    name,
    hasDefaultRoute,
    addresses: (networkInterfaces()[name] ?? []).flatMap(({ family, cidr }) =>
      family === 'IPv4' && cidr !== null ? [cidr] : [],
    ),
    dhcp: hasDefaultRoute ? uplink : await request.hearDhcp(name),
  };
};

type Managers = Extract<InterfaceFacts, { kind: 'present' }>['managers'];

/** Rows of `nmcli -t`: device and state; one it leaves alone is `unmanaged`. */
const networkManager = async (name: string, files: FileTree): Promise<Managers> => {
  if (files.list('/run/NetworkManager') === undefined) return [];
  const rows = (await outputOf('nmcli', ['-t', '-f', 'DEVICE,STATE', 'device'])).split('\n');
  const state = rows.map((row) => row.split(':')).find(([device]) => device === name)?.[1];
  if (state === undefined || state === 'unmanaged') return [];
  return [{ program: `NetworkManager (${state})`, mend: `sudo nmcli device set ${name} managed no` }];
};

const outputOf = (program: string, words: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const env = { ...process.env, PATH: systemPath(), LC_ALL: 'C' };
    execFile(program, words, { env, timeout: 10_000 }, (failure, out) => resolve(failure === null ? out : ''));
  });

/** dhcpcd takes every interface it is not denied; dhclient and udhcpc take the one of their command line. */
const dhcpClients = (name: string, files: FileTree): Managers => {
  const denied = (files.read('/etc/dhcpcd.conf') ?? '')
    .split('\n')
    .filter((line) => /^\s*denyinterfaces\s/.test(line))
    .flatMap((line) =>
      line
        .trim()
        .split(/[\s,]+/)
        .slice(1),
    );
  const isDenied = denied.some((pattern) =>
    new RegExp(
      `^${pattern
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    ).test(name),
  );
  const found: { program: string; mend: string }[] = [];
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const words = processWords(pid);
    const program = words[0]?.split(/[/: ]/).find((part) => /^(dhcpcd|dhclient|udhcpc)$/.test(part));
    if (program === undefined || !isOurNamespace(pid)) continue;
    if (program === 'dhcpcd' && !isDenied && !found.some((manager) => manager.program === program))
      found.push({
        program,
        mend: `echo 'denyinterfaces ${name}' | sudo tee -a /etc/dhcpcd.conf && sudo systemctl restart dhcpcd`,
      });
    if (program !== 'dhcpcd' && words.includes(name)) found.push({ program, mend: `sudo kill ${pid}` });
  }
  return found;
};

const processWords = (pid: string): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};

/** A client in a container or another network namespace does not see our interface. */
const isOurNamespace = (pid: string): boolean => {
  try {
    return statSync(`/proc/${pid}/ns/net`).ino === statSync('/proc/thread-self/ns/net').ino;
  } catch {
    // Another user's process: told rather than missed.
    return true;
  }
};

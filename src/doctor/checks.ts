/** Pure: facts of a machine and what its ports need -> findings. */
import { grantCommand, missingCapabilities } from '../os/network-rights.js';
import type { BenchPort, HardwarePort } from '../plan/bench-file.js';
import type { SupplyTerms } from '../plan/supply.js';
import type { BoardPathFacts, DhcpFacts, InterfaceFacts, SystemFacts, WireFacts } from './facts.js';
import type { CheckName, Finding, FindingLevel } from './finding.js';

const finding = (check: CheckName, level: FindingLevel, message: string, mend: string | null = null): Finding => ({
  check,
  level,
  message,
  mend,
});

const mebibyte = 1024 * 1024;
/** A run is some 10 MB with its capture. */
/** Below so many reserves it is time to make room. */
const warningReserves = 4;
/** Before this program was written: a Pi without a clock of its own that has not heard the time. */
const earliestSaneYear = 2025;

export const diagnose = (
  facts: SystemFacts,
  ports: readonly BenchPort[],
  supplies: readonly SupplyTerms[] = [],
): readonly Finding[] => {
  const hardware = ports.filter((port) => port.kind === 'hardware');
  return [
    checkTools(facts, ports),
    ...checkGroups(facts, hardware.length > 0),
    ...checkGpio(
      facts,
      hardware.filter(({ driver }) => driver !== 'serial').map(({ name }) => name),
    ),
    ...hardware.flatMap(({ name, board }) =>
      board === null ? [] : [checkBoard(name, board, facts.boards[board], facts)],
    ),
    ...(hardware.length > 0 ? [checkCapabilities(facts)] : []),
    ...interfacesOf(hardware).flatMap(([name, users]) => checkInterface(users, name, facts.interfaces[name])),
    ...hardware.flatMap(checkTrunk),
    ...supplies.map((supply) =>
      checkSupply(
        supply,
        ports.filter((port) => (port.supply ?? supply.name) === supply.name).map(({ name }) => name),
      ),
    ),
    ...facts.wires.map(checkWire),
    checkClock(facts),
    checkDisk(facts),
  ];
};

const checkTools = ({ namespaces }: SystemFacts, ports: readonly BenchPort[]): Finding => {
  const simulated = ports.some((port) => port.kind === 'simulated');
  switch (namespaces.kind) {
    case 'tool missing':
      return finding('tools', 'problem', `${namespaces.tool} is missing`, namespaces.remedy);
    case 'forbidden':
      return simulated
        ? finding(
            'tools',
            'warning',
            `${namespaces.reason}; simulated ports run in limited mode`,
            'sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000',
          )
        : finding('tools', 'ok', 'util-linux is there');
    default:
      return finding('tools', 'ok', 'util-linux is there, network namespaces are permitted');
  }
};

const checkGroups = ({ user, gpio }: SystemFacts, hasBoard: boolean): readonly Finding[] => {
  if (user.isRoot) return [finding('groups', 'ok', 'root needs no groups (the service runs as its own user)')];
  const wanted = [...(hasBoard ? ['dialout'] : []), ...(gpio.characterDevices.length > 0 ? ['gpio'] : [])];
  const missing = wanted.filter((group) => !user.groups.includes(group));
  if (missing.length === 0)
    return [finding('groups', 'ok', `${user.name} is in ${wanted.join(', ') || 'no group it needs'}`)];
  return missing.map((group) =>
    user.groupsAtLogin.includes(group)
      ? finding('groups', 'problem', `${user.name} was put into ${group} after this login`, 'log out and in again')
      : finding('groups', 'problem', `${user.name} is not in group ${group}`, `sudo usermod -aG ${group} ${user.name}`),
  );
};

/** `users`: ports whose boards are driven by lines. */
const checkGpio = ({ gpio, user }: SystemFacts, users: readonly string[]): readonly Finding[] => {
  const { characterDevices, sysfsLabels } = gpio;
  if (characterDevices.length === 0 && sysfsLabels === undefined && gpio.model === null && users.length > 0)
    return [
      finding(
        'gpio',
        'problem',
        `no GPIO on this machine: ${users.join(', ')} cannot drive a board by its lines`,
        'set driver: serial for it in the bench file',
      ),
    ];
  if (characterDevices.length === 0 && sysfsLabels === undefined)
    return [
      gpio.model === null
        ? finding('gpio', 'ok', 'no GPIO on this machine: boards are driven over serial')
        : finding(
            'gpio',
            'problem',
            `${gpio.model}: this kernel offers neither /dev/gpiochip* nor /sys/class/gpio`,
            'boot the kernel of Raspberry Pi OS: sudo apt install --reinstall linux-image-rpi-v8 && sudo reboot',
          ),
    ];
  const flavours = [
    ...(characterDevices.length > 0 ? [`character device ${characterDevices.map(({ path }) => path).join(', ')}`] : []),
    ...(sysfsLabels === undefined ? [] : [`sysfs ${sysfsLabels.join(', ') || '(no chips)'}`]),
  ];
  const locked = characterDevices.filter(({ isUsable }) => !isUsable);
  const kept = gpio.keepsOutputs.filter(({ on }) => on).map(({ module }) => module);
  return [
    locked.length === 0
      ? finding('gpio', 'ok', flavours.join('; '))
      : finding(
          'gpio',
          'problem',
          `${locked.map(({ path }) => path).join(', ')} may not be opened`,
          `sudo usermod -aG gpio ${user.name}`,
        ),
    ...kept.map((module) =>
      finding(
        'gpio',
        'warning',
        `${module}.persist_gpio_outputs is on: lines of a dead daemon stay driven (the board ends power by the heartbeat)`,
        "echo 'dtparam=strict_gpiod' | sudo tee -a /boot/firmware/config.txt && sudo reboot",
      ),
    ),
  ];
};

const checkBoard = (port: string, path: string, board: BoardPathFacts | undefined, { user }: SystemFacts): Finding => {
  if (board === undefined || board.kind === 'missing')
    return finding(
      'serial',
      'problem',
      `${port}: there is no ${path}`,
      'plug the board in, then: linkpulse board list (it names the path for the bench file)',
    );
  if (!board.isTerminal)
    return finding('serial', 'problem', `${port}: ${path} is not a serial port`, 'linkpulse board list');
  if (!board.isUsable)
    return finding(
      'serial',
      'problem',
      `${port}: ${path} may not be opened (group ${board.group})`,
      `sudo usermod -aG ${board.group} ${user.name}`,
    );
  return finding('serial', 'ok', `${port}: ${path}`);
};

const checkCapabilities = (facts: SystemFacts): Finding => {
  const missing = missingCapabilities(facts);
  if (missing.length === 0) return finding('capabilities', 'ok', 'raw frames, interface settings, ports 67 and 69');
  return finding(
    'capabilities',
    'problem',
    `missing: ${missing.join(', ')}`,
    `sudo linkpulse install-service (the service has them), or: ${grantCommand(missing)}`,
  );
};

/** Each interface once, with the ports that it serves: those of a trunk share one. */
const interfacesOf = (hardware: readonly HardwarePort[]): readonly (readonly [string, string])[] =>
  [...new Set(hardware.map((port) => port.interface))].map((name) => [
    name,
    hardware
      .filter((port) => port.interface === name)
      .map((port) => port.name)
      .join(', '),
  ]);

const checkTrunk = ({ name, interface: of, trunk }: HardwarePort): readonly Finding[] => {
  if (trunk === undefined) return [];
  const tunnel = trunk.tunnel === 'cisco' ? ', CDP and LLDP through Cisco’s tunnel' : '';
  return [
    finding(
      'trunk',
      'note',
      `${name}: VLAN ${trunk.vlan} (${trunk.tag}) of the trunk on ${of}${tunnel}; link at the jack is seen by the phone’s first frame`,
    ),
  ];
};

/** 802.3af: what a plan's overload limit is, but for phones that are known to take less. */
const usualOverloadMilliamps = 375;

const checkSupply = ({ name, steadyMilliwatts, millivolts }: SupplyTerms, users: readonly string[]): Finding => {
  const atOnce = Math.floor(steadyMilliwatts / ((usualOverloadMilliamps * millivolts) / 1000));
  const feeds = `${name} gives ${steadyMilliwatts / 1000} W for good to ${users.join(', ') || 'no port'}`;
  const limit = `with an overload limit of ${usualOverloadMilliamps} mA`;
  if (atOnce === 0)
    return finding('supply', 'warning', `${feeds}: too little for one phone ${limit}`, 'lower overload in the plan');
  if (atOnce < users.length)
    return finding('supply', 'note', `${feeds}: ${atOnce} at once ${limit}, the others in turn`);
  return finding('supply', 'ok', `${feeds}: all at once ${limit}`);
};

const checkInterface = (port: string, name: string, facts: InterfaceFacts | undefined): readonly Finding[] => {
  if (facts === undefined || facts.kind === 'missing')
    return [
      finding(
        'interface',
        'problem',
        `${port}: there is no interface ${name}`,
        `ip -br link; then name it in the bench file`,
      ),
    ];
  return [
    facts.hasDefaultRoute
      ? finding(
          'route',
          'problem',
          `${port}: a default route leaves by ${name}: this is the office network, or was given one`,
          `sudo ip route del default dev ${name}`,
        )
      : finding('route', 'ok', `${port}: no default route on ${name}`),
    ...(facts.managers.length === 0
      ? [finding('manager', 'ok', `${port}: nothing else configures ${name}`)]
      : facts.managers.map(({ program, mend }) =>
          finding('manager', 'problem', `${port}: ${program} configures ${name}`, mend),
        )),
    checkDhcp(port, name, facts),
  ];
};

const checkDhcp = (port: string, name: string, { dhcp }: Extract<InterfaceFacts, { kind: 'present' }>): Finding => {
  if (dhcp.kind === 'not listened')
    return finding('dhcp', 'ok', `${port}: not listened for other DHCP servers on ${name} (${dhcp.reason})`);
  if (dhcp.servers.length === 0)
    return finding('dhcp', 'ok', `${port}: no other DHCP server answered on ${name} within ${dhcp.seconds} s`);
  return finding(
    'dhcp',
    'problem',
    `${port}: another DHCP server on ${name}: ${serversOf(dhcp)}`,
    `unplug ${name} from that network: the phone's jack hangs on this interface alone`,
  );
};

/** May `linkpulse services --interface` have it? */
const checkWire = ({ name, hasDefaultRoute, addresses, dhcp }: WireFacts): Finding => {
  const note = (why: string) => finding('wire', 'note', `${name}: ${why}`);
  if (hasDefaultRoute) return note('refused as a phone’s wire: the default route leaves by it');
  if (dhcp.kind === 'not listened') return note(`not listened on: ${dhcp.reason}`);
  if (dhcp.servers.length > 0) return note(`refused as a phone’s wire: DHCP is served there by ${serversOf(dhcp)}`);
  const use = `a phone may hang on it: linkpulse services --interface ${name}`;
  if (addresses.length === 0) return finding('wire', 'ok', `${name}: ${use}`);
  const own = addresses.join(', ');
  return finding('wire', 'ok', `${name}: ${use} (it has ${own}: machines of that network would meet our DHCP server)`);
};

const serversOf = ({ servers }: Extract<DhcpFacts, { kind: 'listened' }>): string =>
  servers.map(({ address, mac }) => `${address} (${mac})`).join(', ');

const checkClock = ({ clock }: SystemFacts): Finding => {
  const now = clock.now.toISOString();
  if (clock.now.getUTCFullYear() < earliestSaneYear)
    return finding('clock', 'problem', `the clock says ${now}`, 'sudo timedatectl set-ntp true');
  if (!clock.isSynchronised)
    return finding(
      'clock',
      'warning',
      `the kernel holds the clock for unsynchronised (${now}): records may bear wrong dates`,
      'sudo timedatectl set-ntp true',
    );
  return finding('clock', 'ok', `synchronised, ${now}`);
};

const checkDisk = ({ disk, user }: SystemFacts): Finding => {
  const freeMib = Math.floor(disk.freeBytes / mebibyte);
  const where = `${disk.path}: ${freeMib} MiB free`;
  if (!disk.isWritable)
    return finding(
      'disk',
      'problem',
      `${user.name} may not write into ${disk.path}`,
      `sudo chown ${user.name} ${disk.path}`,
    );
  const remedy = 'linkpulse records prune --max-runs N --max-size SIZE';
  if (disk.freeBytes < disk.reserveBytes) return finding('disk', 'problem', `${where}, no run starts`, remedy);
  if (disk.freeBytes < warningReserves * disk.reserveBytes) return finding('disk', 'warning', where, remedy);
  return finding('disk', 'ok', where);
};

import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/doctor/checks.js';
import type { InterfaceFacts, SystemFacts } from '../../src/doctor/facts.js';
import type { BenchPort } from '../../src/plan/bench-file.js';

const board = '/dev/serial/by-id/usb-board';
const ports: readonly BenchPort[] = [{ name: 'jack1', kind: 'hardware', driver: 'serial', board, interface: 'eth1' }];
const allCapabilities = (1n << 10n) | (1n << 12n) | (1n << 13n);
const quietWire: Extract<InterfaceFacts, { kind: 'present' }> = {
  kind: 'present',
  hasDefaultRoute: false,
  managers: [],
  dhcp: { kind: 'listened', seconds: 4, servers: [] },
};

/** A Raspberry Pi on which nothing is amiss. */
const sound: SystemFacts = {
  user: { name: 'pi', isRoot: false, groups: ['pi', 'dialout', 'gpio'], groupsAtLogin: ['pi', 'dialout', 'gpio'] },
  capabilities: allCapabilities,
  firstUnprivilegedPort: 1024,
  namespaces: { kind: 'permitted' },
  gpio: {
    model: 'Raspberry Pi 4 Model B Rev 1.4',
    characterDevices: [{ path: '/dev/gpiochip0', isUsable: true }],
    sysfsLabels: ['pinctrl-bcm2711'],
    keepsOutputs: [{ module: 'pinctrl_bcm2835', on: false }],
  },
  clock: { now: new Date('2026-11-26T10:00:00Z'), isSynchronised: true },
  disk: { path: '/home/pi/runs', freeBytes: 20e9, reserveBytes: 500e6, isWritable: true },
  boards: { [board]: { kind: 'present', isUsable: true, isTerminal: true, group: 'dialout' } },
  interfaces: { eth1: quietWire },
  wires: [],
};

const mended = (facts: Partial<SystemFacts>, which: readonly BenchPort[] = ports) =>
  diagnose({ ...sound, ...facts }, which)
    .filter(({ level }) => level !== 'ok')
    .map(({ check, level, message, mend }) => `${check} ${level}: ${message} -> ${mend}`);
const wire = (facts: Partial<typeof quietWire>) => ({ interfaces: { eth1: { ...quietWire, ...facts } } });

describe('doctor', () => {
  it('tells of every other interface whether a phone may hang on it, and why not', () => {
    const other = { hasDefaultRoute: false, addresses: [], dhcp: quietWire.dhcp };
    const wires: SystemFacts['wires'] = [
      { ...other, name: 'eth0', hasDefaultRoute: true, dhcp: { kind: 'not listened', reason: 'a default route' } },
      { ...other, name: 'eth2', dhcp: { kind: 'not listened', reason: 'no carrier' } },
      {
        ...other,
        name: 'eth3',
        dhcp: { kind: 'listened', seconds: 4, servers: [{ address: '10.0.0.1', mac: '02:00:00:00:00:09' }] },
      },
      { ...other, name: 'eth4' },
      { ...other, name: 'eth5', addresses: ['10.9.0.1/24'] },
    ];
    const told = diagnose({ ...sound, wires }, ports).filter(({ check }) => check === 'wire');
    expect(told.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'note eth0: refused as a phone’s wire: the default route leaves by it',
      'note eth2: not listened on: no carrier',
      'note eth3: refused as a phone’s wire: DHCP is served there by 10.0.0.1 (02:00:00:00:00:09)',
      'ok eth4: a phone may hang on it: linkpulse services --interface eth4',
      expect.stringContaining('eth5 (it has 10.9.0.1/24: machines of that network would meet our DHCP server)'),
    ]);
  });

  it('finds nothing amiss on a sound machine, and tells what it looked at', () => {
    expect(mended({})).toEqual([]);
    expect(new Set(diagnose(sound, ports).map(({ check }) => check))).toEqual(
      new Set(['tools', 'groups', 'gpio', 'serial', 'capabilities', 'route', 'manager', 'dhcp', 'clock', 'disk']),
    );
  });

  it.each<[what: string, facts: Partial<SystemFacts>, expected: RegExp]>([
    [
      'a missing tool',
      { namespaces: { kind: 'tool missing', tool: 'unshare', remedy: 'Install the package util-linux.' } },
      /^tools problem: unshare is missing -> Install the package util-linux/,
    ],
    [
      'a group that is missing',
      { user: { ...sound.user, groups: ['pi', 'gpio'], groupsAtLogin: ['pi', 'gpio'] } },
      /^groups problem: pi is not in group dialout -> sudo usermod -aG dialout pi$/,
    ],
    [
      'a group that only the next login has',
      { user: { ...sound.user, groups: ['pi', 'dialout'] } },
      /^groups problem: pi was put into gpio after this login -> log out and in again$/,
    ],
    [
      'a Pi without GPIO in its kernel',
      { gpio: { ...sound.gpio, characterDevices: [], sysfsLabels: undefined } },
      /^gpio problem: Raspberry Pi 4.*neither.*sudo apt install/,
    ],
    [
      'a chip that may not be opened',
      { gpio: { ...sound.gpio, characterDevices: [{ path: '/dev/gpiochip0', isUsable: false }] } },
      /^gpio problem: \/dev\/gpiochip0 may not be opened -> sudo usermod -aG gpio pi$/,
    ],
    [
      'outputs that outlive the daemon',
      { gpio: { ...sound.gpio, keepsOutputs: [{ module: 'pinctrl_bcm2835', on: true }] } },
      /^gpio warning: pinctrl_bcm2835.persist_gpio_outputs is on.*strict_gpiod.*config\.txt/,
    ],
    [
      'no board',
      { boards: { [board]: { kind: 'missing' } } },
      /^serial problem: jack1: there is no .*linkpulse board list/,
    ],
    [
      'a board behind a wall',
      { boards: { [board]: { kind: 'present', isUsable: false, isTerminal: true, group: 'plugdev' } } },
      /^serial problem: .*may not be opened \(group plugdev\) -> sudo usermod -aG plugdev pi$/,
    ],
    [
      'a path that is no serial port',
      { boards: { [board]: { kind: 'present', isUsable: true, isTerminal: false, group: 'pi' } } },
      /^serial problem: .*is not a serial port/,
    ],
    [
      'capabilities',
      { capabilities: 1n << 12n },
      /^capabilities problem: missing: CAP_NET_BIND_SERVICE, CAP_NET_RAW -> .*setcap cap_net_bind_service,cap_net_raw\+ep/,
    ],
    [
      'an interface that is not there',
      { interfaces: {} },
      /^interface problem: jack1: there is no interface eth1 -> ip -br link/,
    ],
    [
      'the office network',
      wire({ hasDefaultRoute: true }),
      /^route problem: .*eth1.*sudo ip route del default dev eth1$/,
    ],
    [
      'a program that configures the interface',
      wire({ managers: [{ program: 'NetworkManager (connected)', mend: 'sudo nmcli device set eth1 managed no' }] }),
      /^manager problem: jack1: NetworkManager \(connected\) configures eth1 -> sudo nmcli device set eth1 managed no$/,
    ],
    [
      'another DHCP server',
      wire({
        dhcp: { kind: 'listened', seconds: 4, servers: [{ address: '192.168.0.1', mac: '02:00:00:00:00:09' }] },
      }),
      /^dhcp problem: jack1: another DHCP server on eth1: 192\.168\.0\.1 \(02:00:00:00:00:09\) -> unplug eth1/,
    ],
    [
      'a clock from before this program',
      { clock: { now: new Date(0), isSynchronised: true } },
      /^clock problem: .*1970.*timedatectl/,
    ],
    [
      'a clock nobody sets',
      { clock: { ...sound.clock, isSynchronised: false } },
      /^clock warning: .*timedatectl set-ntp true$/,
    ],
    [
      'a full disk',
      { disk: { ...sound.disk, freeBytes: 100e6 } },
      /^disk problem: \/home\/pi\/runs: 95 MiB free, no run starts -> linkpulse records prune/,
    ],
    ['a disk that fills', { disk: { ...sound.disk, freeBytes: 1e9 } }, /^disk warning: /],
    [
      'a runs folder of somebody else',
      { disk: { ...sound.disk, isWritable: false } },
      /^disk problem: pi may not write .*sudo chown pi/,
    ],
  ])('tells %s, and what mends it', (_, facts, expected) => {
    const found = mended(facts);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it('looks once at a trunk that several ports share, and says which VLAN each is', () => {
    const onTrunk = (name: string, vlan: number, tunnel: 'plain' | 'cisco'): BenchPort => ({
      ...{ name, kind: 'hardware', driver: 'serial', board, interface: 'eth1' },
      trunk: { vlan, tag: '802.1Q', tunnel },
    });
    const told = diagnose(sound, [onTrunk('jack1', 101, 'plain'), onTrunk('jack2', 102, 'cisco')]);
    expect(told.filter(({ check }) => check === 'route').map(({ message }) => message)).toEqual([
      'jack1, jack2: no default route on eth1',
    ]);
    expect(told.filter(({ check }) => check === 'trunk').map(({ level, message }) => `${level} ${message}`)).toEqual([
      'note jack1: VLAN 101 (802.1Q) of the trunk on eth1; link at the jack is seen by the phone’s first frame',
      'note jack2: VLAN 102 (802.1Q) of the trunk on eth1, CDP and LLDP through Cisco’s tunnel; link at the jack is seen by the phone’s first frame',
    ]);
  });

  it('says how many phones each supply feeds at once', () => {
    const supply = (steadyMilliwatts: number) => ({
      ...{ name: 'shelf', steadyMilliwatts, inrushMilliwatts: steadyMilliwatts, millivolts: 48_000 },
    });
    const two = [...ports, ...ports.map((port) => ({ ...port, name: 'jack2' }))];
    const told = (steadyMilliwatts: number) =>
      diagnose(sound, two, [supply(steadyMilliwatts)])
        .filter(({ check }) => check === 'supply')
        .map(({ level, message }) => `${level} ${message}`);
    const limit = 'with an overload limit of 375 mA';
    expect(told(36_000)).toEqual([`ok shelf gives 36 W for good to jack1, jack2: all at once ${limit}`]);
    expect(told(35_999)).toEqual([
      `note shelf gives 35.999 W for good to jack1, jack2: 1 at once ${limit}, the others in turn`,
    ]);
    expect(told(10_000)).toEqual([
      `warning shelf gives 10 W for good to jack1, jack2: too little for one phone ${limit}`,
    ]);
  });

  it('asks no more than the kernel where low ports are open to all', () => {
    expect(mended({ capabilities: (1n << 12n) | (1n << 13n), firstUnprivilegedPort: 67 })).toEqual([]);
  });

  it('asks a simulated bench for namespaces alone', () => {
    const simulated: readonly BenchPort[] = [
      {
        name: 'sim1',
        kind: 'simulated',
        driver: 'serial',
        firmware: 'image',
        phone: { mac: '00:0f:24:5a:79:60', load: 'P00308010200', model: 'CP-7960G', power: 'prestandard' },
      },
    ];
    const bare = { capabilities: 0n, boards: {}, interfaces: {}, user: { ...sound.user, groups: ['pi', 'gpio'] } };
    expect(mended(bare, simulated)).toEqual([]);
    const forbidden = { ...bare, namespaces: { kind: 'forbidden', reason: 'not permitted here' } as const };
    expect(mended(forbidden, simulated)[0]).toMatch(
      /^tools warning: not permitted here; simulated ports run in limited/,
    );
    expect(mended({ namespaces: forbidden.namespaces })).toEqual([]);
  });
});

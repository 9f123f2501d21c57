import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSystem } from '../../src/doctor/system-reader.js';
import { openPty } from '../../src/os/pty.js';
import { systemClock } from '../../src/timeline/clock.js';

let root: string;
const children: ChildProcess[] = [];
const path = process.env.PATH;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'linkpulse-doctor-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  process.env.PATH = path;
  rmSync(root, { recursive: true, force: true });
});

/** Files of a machine under `root`. */
const plant = (files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
};
const read = (more: { boards?: readonly string[]; interfaces?: readonly string[] } = {}) =>
  readSystem(
    {
      boards: more.boards ?? [],
      interfaces: more.interfaces ?? [],
      wires: [],
      runsDirectory: join(root, 'not/yet/there'),
      diskReserveBytes: 500e6,
      root,
      hearDhcp: async () => ({ kind: 'not listened', reason: 'a test' }),
    },
    systemClock,
  );
const managersOfLoopback = async () => {
  const { interfaces } = await read({ interfaces: ['lo'] });
  return interfaces.lo?.kind === 'present' ? interfaces.lo.managers : undefined;
};

describe('what doctor reads of a machine', () => {
  it('is the GPIO of a Raspberry Pi as its kernel shows it', async () => {
    plant({
      '/proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
      '/dev/gpiochip0': '',
      '/dev/gpiomem': '',
      '/sys/class/gpio/gpiochip571/label': 'pinctrl-rp1\n',
      '/sys/class/gpio/export': '',
      '/sys/module/pinctrl_rp1/parameters/persist_gpio_outputs': 'Y\n',
      '/sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs': 'N\n',
      '/sys/module/ipv6/parameters/disable': '0\n',
    });
    const { gpio } = await read();
    expect(gpio).toEqual({
      model: 'Raspberry Pi 5 Model B Rev 1.0',
      characterDevices: [{ path: '/dev/gpiochip0', isUsable: true }],
      sysfsLabels: ['pinctrl-rp1'],
      keepsOutputs: [
        { module: 'pinctrl_bcm2835', on: false },
        { module: 'pinctrl_rp1', on: true },
      ],
    });
  });

  it('is no GPIO where there is none', async () => {
    expect((await read()).gpio).toEqual({
      model: null,
      characterDevices: [],
      sysfsLabels: undefined,
      keepsOutputs: [],
    });
  });

  it('is the user, with the groups of this process and of the next login apart', async () => {
    const name = (await read()).user.name;
    plant({ '/etc/group': `root:x:0:\npi:x:1000:\ndialout:x:20:other,${name}\n` });
    const { user } = await read();
    expect(user.groupsAtLogin).toContain('dialout');
    expect(user.isRoot).toBe(process.getuid?.() === 0);
  });

  it('is each board’s path: a serial port, something else, or nothing', async () => {
    const pty = openPty();
    plant({ '/file': '' });
    const file = join(root, 'file');
    const { boards } = await read({ boards: [pty.path, file, '/dev/no-such-board'] });
    pty.close();
    expect(boards[pty.path]).toMatchObject({ kind: 'present', isTerminal: true, isUsable: true });
    expect(boards[file]).toMatchObject({ kind: 'present', isTerminal: false });
    expect(boards['/dev/no-such-board']).toEqual({ kind: 'missing' });
  });

  it('is the disk of a runs folder that is not made yet', async () => {
    const { disk } = await read();
    expect(disk).toMatchObject({ path: root, isWritable: true });
    expect(disk.freeBytes).toBeGreaterThan(0);
  });

  it('is this process’s capabilities and the kernel’s clock', async () => {
    const facts = await read();
    expect(typeof facts.clock.isSynchronised).toBe('boolean');
    expect(facts.capabilities >= 0n).toBe(true);
    expect(facts.firstUnprivilegedPort).toBeGreaterThanOrEqual(0);
  });

  it('is dhcpcd, unless it is denied the interface', async () => {
    const before = await managersOfLoopback();
    const program = join(root, 'dhcpcd');
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    children.push(spawn(program, ['60']));
    expect(before).toEqual([]);
    expect(await managersOfLoopback()).toEqual([
      {
        program: 'dhcpcd',
        mend: "echo 'denyinterfaces lo' | sudo tee -a /etc/dhcpcd.conf && sudo systemctl restart dhcpcd",
      },
    ]);
    plant({ '/etc/dhcpcd.conf': '# a comment\nhostname\ndenyinterfaces eth9 l*\n' });
    expect(await managersOfLoopback()).toEqual([]);
  });

  it('is NetworkManager, as nmcli tells of the interface', async () => {
    const tools = join(root, 'tools');
    const say = (state: string) => {
      plant({
        '/run/NetworkManager/system-connections': '',
        '/tools/nmcli': `#!/bin/sh\nprintf 'eth0:connected\\nlo:${state}\\n'\n`,
      });
      chmodSync(join(tools, 'nmcli'), 0o755);
    };
    process.env.PATH = `${tools}:${path}`;
    say('connected (externally)');
    expect(await managersOfLoopback()).toEqual([
      { program: 'NetworkManager (connected (externally))', mend: 'sudo nmcli device set lo managed no' },
    ]);
    say('unmanaged');
    expect(await managersOfLoopback()).toEqual([]);
  });
});

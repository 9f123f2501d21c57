import { execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { changeInterfaces, closeBehind, removeInterfaces } from '../../src/os/interface-thread.js';
import { libc } from '../../src/os/libc.js';
import { systemPath } from '../../src/os/system-tools.js';
import { interfaceExists } from '../helpers/cable.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { SecondNamespace } from '../helpers/second-namespace.js';

interface Shown {
  readonly ifname: string;
  readonly address: string;
  readonly flags: readonly string[];
  readonly group: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly broadcast?: string }[];
}

describeInNamespace(import.meta.url, 'interfaces', () => {
  const env = { ...process.env, PATH: systemPath() };
  const ip = (words: string): string => execFileSync('ip', words.split(' '), { encoding: 'utf8', env });
  const show = (name: string): Shown => JSON.parse(ip(`-json address show ${name}`))[0];
  const pair = (end: string, peer: string) =>
    changeInterfaces([{ kind: 'add-veth', end: { name: end, mac: '02:00:00:00:00:05' }, peer: { name: peer } }]);
  afterEach(() => removeInterfaces(['lpa', 'lpb', 'lpc', 'lpd', 'lpe', 'lpf']));

  test('a pair is made, set, given addresses and taken away', async () => {
    await pair('lpa', 'lpb');
    expect(show('lpa')).toMatchObject({ address: '02:00:00:00:00:05', group: 'default', addr_info: [] });
    await changeInterfaces([
      { kind: 'quiet', name: 'lpa' },
      { kind: 'without-ipv6', name: 'lpb' },
      { kind: 'set', name: 'lpa', up: true, arp: false },
      { kind: 'set', name: 'lpb', up: true },
      { kind: 'settle', name: 'lpa' },
      { kind: 'add-address', name: 'lpa', address: '10.110.0.1', prefixLength: 24 },
      { kind: 'add-address', name: 'lpa', address: '10.110.0.2', prefixLength: 24 },
      // There already: it stays.
      { kind: 'add-address', name: 'lpa', address: '10.110.0.2', prefixLength: 24 },
      { kind: 'default-route', name: 'lpa', gateway: '10.110.0.9', metric: 7 },
    ]);
    const { flags, addr_info } = show('lpa');
    expect(flags).toEqual(expect.arrayContaining(['UP', 'NOARP']));
    expect(show('lpb').flags).not.toContain('NOARP');
    expect(addr_info.filter(({ local }) => local.startsWith('10.'))).toMatchObject([
      { local: '10.110.0.1', prefixlen: 24, broadcast: '10.110.0.255' },
      { local: '10.110.0.2', prefixlen: 24, broadcast: '10.110.0.255' },
    ]);
    expect(ip('route show default')).toMatch(/^default via 10\.110\.0\.9 dev lpa metric 7/);
    await changeInterfaces([
      { kind: 'delete-address', name: 'lpa', address: '10.110.0.2', prefixLength: 24 },
      { kind: 'delete-address', name: 'lpa', address: '10.110.0.2', prefixLength: 24 },
    ]);
    expect(show('lpa').addr_info).toMatchObject([{ local: '10.110.0.1' }]);
    await removeInterfaces(['lpa']);
    expect([interfaceExists('lpa'), interfaceExists('lpb')]).toEqual([false, false]);
  });

  test('the peer is made in the namespace of another process', async () => {
    const child = spawn('unshare', ['-n', 'sleep', '60'], { stdio: 'ignore' });
    try {
      const ours = readlinkSync('/proc/self/ns/net');
      await vi.waitFor(() => expect(readlinkSync(`/proc/${child.pid}/ns/net`)).not.toBe(ours));
      await changeInterfaces([
        { kind: 'add-veth', end: { name: 'lpa' }, peer: { name: 'lpb', namespaceOfPid: child.pid as number } },
      ]);
      expect([interfaceExists('lpa'), interfaceExists('lpb')]).toEqual([true, false]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('what is refused is told with what was asked and why, and ends the list', async () => {
    await pair('lpa', 'lpb');
    await expect(pair('lpa', 'lpc')).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringMatching(/making the veth pair lpa and lpc failed with EEXIST: file already exists/),
    });
    await expect(
      changeInterfaces([
        { kind: 'set', name: 'nosuch0', up: true },
        { kind: 'set', name: 'lpa', up: true },
      ]),
    ).rejects.toMatchObject({ code: 'NETWORK_FAILED', message: expect.stringMatching(/setting nosuch0.*ENODEV/) });
    expect(show('lpa').flags).not.toContain('UP');
    await expect(
      changeInterfaces([{ kind: 'add-address', name: 'nosuch0', address: '10.0.0.1', prefixLength: 8 }]),
    ).rejects.toMatchObject({ code: 'INTERFACE_UNKNOWN', message: expect.stringContaining('nosuch0') });
    // The kernel has words of its own for this one.
    await expect(
      changeInterfaces([{ kind: 'add-address', name: 'lpa', address: '10.0.0.1', prefixLength: 33 }]),
    ).rejects.toMatchObject({ message: expect.stringMatching(/giving 10.0.0.1\/33 to lpa failed with EINVAL.*; \w/) });
  });

  test('those that go together go at once, also where one has gone already, and no other', async () => {
    for (const [end, peer] of [
      ['lpa', 'lpb'],
      ['lpc', 'lpd'],
      ['lpe', 'lpf'],
    ] as const)
      await pair(end, peer);
    await Promise.all([removeInterfaces(['lpa', 'nosuch0']), removeInterfaces(['lpc']), removeInterfaces(['lpb'])]);
    expect(['lpa', 'lpb', 'lpc', 'lpd', 'lpe', 'lpf'].filter(interfaceExists)).toEqual(['lpe', 'lpf']);
  });

  test('each network namespace has a thread in it', async () => {
    const other = new SecondNamespace();
    try {
      await pair('lpa', 'lpb');
      await other.within(async () => {
        expect(interfaceExists('lpa')).toBe(false);
        await pair('lpa', 'lpb');
        await changeInterfaces([{ kind: 'set', name: 'lpa', up: true }]);
        expect(show('lpa').flags).toContain('UP');
        await removeInterfaces(['lpa']);
      });
      expect(show('lpa').flags).not.toContain('UP');
    } finally {
      other.close();
    }
  });

  test('a descriptor that is handed over is closed soon', async () => {
    const descriptor = libc().eventfd(0, 0);
    closeBehind(descriptor);
    await vi.waitFor(() => expect(() => readlinkSync(`/proc/self/fd/${descriptor}`)).toThrow('ENOENT'));
  });
});

import { describe, expect, test } from 'vitest';
import { openDeviceSocket } from '../../src/os/device-socket.js';
import { interfaceIndex, interfaceMac } from '../../src/os/interface-control.js';
import { checked, closeDescriptor, libc, realTimeUs } from '../../src/os/libc.js';
import { readCarriers } from '../../src/os/link-watch.js';
import { toolMissing } from '../../src/os/system-tools.js';

describe('system calls', () => {
  test('a failed call names itself and the system error', () => {
    expect(() => checked('bind', libc().bind(-1, Buffer.alloc(16), 16))).toThrow(
      expect.objectContaining({ code: 'SYSTEM_CALL', message: expect.stringContaining('bind failed with EBADF') }),
    );
  });

  test('the real time is the wall clock', () => {
    expect(Math.abs(realTimeUs() / 1000 - Date.now())).toBeLessThan(1000);
  });

  test('an unknown interface is named', () => {
    for (const name of ['nosuch0', 'a-name-longer-than-the-kernel-takes']) {
      expect(() => interfaceIndex(name)).toThrow(expect.objectContaining({ code: 'INTERFACE_UNKNOWN' }));
    }
    expect(interfaceMac('lo')).toBe('00:00:00:00:00:00');
  });

  test('an address that cannot be had is told with its place', () => {
    expect(() => openDeviceSocket({ kind: 'tcp', interfaceName: null, address: '203.0.113.1', port: 99 })).toThrow(
      expect.objectContaining({
        code: 'SYSTEM_CALL',
        message: expect.stringContaining('tcp 203.0.113.1 port 99 failed with EADDRNOTAVAIL'),
      }),
    );
  });

  test('a port on loopback is not shared in silence', () => {
    const place = { interfaceName: null, address: '127.0.0.1', port: 0 } as const;
    for (const kind of ['udp', 'tcp'] as const) {
      const first = openDeviceSocket({ kind, ...place });
      if (kind === 'tcp') checked('listen', libc().listen(first.descriptor, 1));
      expect(() => openDeviceSocket({ kind, ...place, port: first.port })).toThrow(/EADDRINUSE/);
      closeDescriptor(first.descriptor);
    }
  });

  test('an address that is none is refused before any call', () => {
    for (const address of ['', '1.2.3', 'localhost', '::1', '1.2.3.4.5']) {
      expect(() => openDeviceSocket({ kind: 'udp', interfaceName: null, address, port: 0 })).toThrow(
        expect.objectContaining({ code: 'NETWORK_FAILED' }),
      );
    }
  });

  test('a missing tool is named with its package', () => {
    expect(toolMissing('unshare', 'util-linux')).toMatchObject({
      code: 'TOOL_MISSING',
      remedy: expect.stringContaining('util-linux'),
    });
  });
});

describe('carrier messages', () => {
  /** struct nlmsghdr and struct ifinfomsg, rtnetlink(7). */
  const message = (type: number, index: number, flags: number): Buffer => {
    const bytes = Buffer.alloc(32);
    bytes.writeUInt32LE(32, 0);
    bytes.writeUInt16LE(type, 4);
    bytes.writeInt32LE(index, 20);
    bytes.writeUInt32LE(flags, 24);
    return bytes;
  };
  const newLink = 16;
  const deleteLink = 17;

  test('both flags are needed, and an interface that goes has no carrier', () => {
    const both = Buffer.concat([message(newLink, 7, 0x10001), message(newLink, 8, 0), message(newLink, 7, 0x00001)]);
    expect(readCarriers(both)).toEqual([
      { index: 7, up: true },
      { index: 8, up: false },
      { index: 7, up: false },
    ]);
    expect(readCarriers(message(newLink, 7, 0x10000))).toEqual([{ index: 7, up: false }]);
    expect(readCarriers(message(deleteLink, 7, 0x10001))).toEqual([{ index: 7, up: false }]);
    expect(readCarriers(message(18, 7, 0x10001))).toEqual([]);
  });

  test('cut or senseless messages are left out', () => {
    const whole = message(newLink, 7, 0x10001);
    for (let length = 0; length < whole.length; length += 1)
      expect(readCarriers(whole.subarray(0, length))).toEqual([]);
    const nothing = Buffer.from(whole);
    nothing.writeUInt32LE(0, 0);
    expect(readCarriers(nothing)).toEqual([]);
  });
});

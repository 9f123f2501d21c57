import { once } from 'node:events';
import { SerialPort } from 'serialport';
import { afterEach, describe, expect, it } from 'vitest';
import { openPty, type Pty } from '../../src/os/pty.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';

const ptys: Pty[] = [];
const ports: SerialPort[] = [];

const newPty = (): Pty => {
  const pty = openPty();
  ptys.push(pty);
  return pty;
};

const openHost = async (path: string): Promise<SerialPort> => {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false });
  port.on('error', () => {});
  ports.push(port);
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return port;
};

const until = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 2000 && !condition(); turn++) await sleep(systemClock, 5);
  expect(condition()).toBe(true);
};

afterEach(async () => {
  for (const port of ports.splice(0)) {
    if (port.isOpen) await new Promise((resolve) => port.close(resolve));
  }
  for (const pty of ptys.splice(0)) pty.close();
});

describe('a pty as a serial cable', () => {
  it('carries every byte value both ways unchanged', async () => {
    const pty = newPty();
    const host = await openHost(pty.path);
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    const toBoard: number[] = [];
    host.write(Buffer.from(all));
    await until(() => {
      toBoard.push(...pty.read());
      return toBoard.length >= 256;
    });
    expect(toBoard).toEqual([...all]);
    const toHost: number[] = [];
    host.on('data', (data: Buffer) => toHost.push(...data));
    pty.write(all);
    await until(() => toHost.length >= 256);
    expect(toHost).toEqual([...all]);
  });

  it('knows whether a host holds the port, again and again', async () => {
    const pty = newPty();
    pty.read();
    expect(pty.held).toBe(false);
    for (let round = 0; round < 2; round++) {
      const host = await openHost(pty.path);
      pty.read();
      expect(pty.held).toBe(true);
      await new Promise((resolve) => host.close(resolve));
      await until(() => {
        pty.read();
        return !pty.held;
      });
    }
  });

  it('loses nothing and does not block when the host reads late', async () => {
    const pty = newPty();
    const host = await openHost(pty.path);
    pty.read();
    const sent = Uint8Array.from({ length: 150_000 }, (_, index) => (index * 7) & 0xff);
    host.pause();
    pty.write(sent);
    expect(pty.waitingBytes).toBeGreaterThan(0);
    const got: Buffer[] = [];
    let bytes = 0;
    host.on('data', (data: Buffer) => {
      got.push(data);
      bytes += data.length;
    });
    host.resume();
    await until(() => {
      pty.flush();
      return bytes >= sent.length;
    });
    expect(Buffer.concat(got).equals(Buffer.from(sent))).toBe(true);
    expect(pty.droppedBytes).toBe(0);
  });

  it('drops and counts what a host never reads, past its limit', async () => {
    const pty = newPty();
    const host = await openHost(pty.path);
    host.pause();
    pty.read();
    for (let round = 0; round < 12; round++) pty.write(new Uint8Array(50_000));
    expect(pty.waitingBytes).toBeLessThanOrEqual(256 * 1024);
    expect(pty.droppedBytes).toBeGreaterThan(0);
  });

  it('sends nothing old to a host that opens the port later', async () => {
    const pty = newPty();
    pty.read();
    pty.write(Uint8Array.of(1, 2, 3));
    const host = await openHost(pty.path);
    const toHost: number[] = [];
    host.on('data', (data: Buffer) => toHost.push(...data));
    pty.read();
    pty.write(Uint8Array.of(9));
    await until(() => toHost.length > 0);
    expect(toHost).toEqual([9]);
  });

  it('ends the host’s port when the cable is pulled', async () => {
    const pty = newPty();
    const host = await openHost(pty.path);
    host.on('data', () => {});
    const closed = once(host, 'close');
    // serialport 13 spins for ever on a port that ends between its read and its poll; let it come to rest.
    await sleep(systemClock, 200);
    pty.close();
    await closed;
    expect(host.isOpen).toBe(false);
    expect(pty.read()).toHaveLength(0);
  });
});

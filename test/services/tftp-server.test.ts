import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { syntheticImage } from '../../src/services/generated-files.js';
import type { Service } from '../../src/services/service.js';
import { startTftpServer } from '../../src/services/tftp-server.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { readConfig } from '../../src/wire/cnf-xml.js';
import { benchPlan } from './bench-plan.js';
import { LoopbackAttachment } from './loopback-attachment.js';
import { ManualClock } from './manual-clock.js';
import { seededBytes } from './seeded-bytes.js';
import { TftpClient } from './tftp-client.js';

const image = 'P00308010200.bin';
const config = 'SEP0012DADBD34E.cnf.xml';
const imageBytes = 128 * 1024;

describe('TFTP server', () => {
  let ip: LoopbackAttachment;
  let clock: ManualClock;
  let facts: ServiceFact[];
  let service: Service;
  let port: number;
  let clients: TftpClient[];
  let folder: string;

  const start = async (plan: Plan = benchPlan(), faults: readonly string[] = []): Promise<void> => {
    service = startTftpServer({ plan, ip, clock, faults: new Set(faults), tell: (fact) => facts.push(fact) });
    port = await ip.realPort('udp', '10.110.0.1', 69);
  };
  const client = async (): Promise<TftpClient> => {
    const opened = await TftpClient.open();
    clients.push(opened);
    return opened;
  };
  const told = (action: string) => facts.filter((fact) => fact.action === action).map((fact) => fact.detail);

  beforeEach(async () => {
    ip = new LoopbackAttachment();
    clock = new ManualClock();
    facts = [];
    clients = [];
    folder = await mkdtemp(path.join(tmpdir(), 'linkpulse-tftp-'));
  });
  afterEach(async () => {
    await service.close();
    expect(ip.openUdp.size).toBe(0);
    expect(clock.pending).toBe(0);
    for (const each of clients) each.close();
    await rm(folder, { recursive: true });
  });

  describe('what a phone asks for', () => {
    it('gives the image in plain 512-byte blocks, first block at once, from a new port', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port);
      const first = await phone.nextData();
      expect(first).toMatchObject({ block: 1 });
      expect(first.data).toHaveLength(512);
      expect(first.port).not.toBe(port);
      const other = await client();
      const whole = await other.fetch(image, port);
      expect(whole.blocks).toBe(imageBytes / 512 + 1);
      expect(Buffer.compare(whole.bytes, syntheticImage(image))).toBe(0);
    });

    it('gives a configuration for the MAC that asks, with the CallManagers in order and the load', async () => {
      await start();
      const { bytes } = await (await client()).fetch(config, port);
      expect(readConfig(bytes.toString())).toMatchObject({
        loadInformation: 'P00308010200',
        callManagers: [
          { priority: 0, address: '10.110.0.2', port: 2000 },
          { priority: 1, address: '10.110.0.3', port: 2000 },
          { priority: 2, address: '10.110.0.4', port: 2000 },
        ],
      });
      expect(bytes.length).toBeLessThan(8192);
    });

    it('gives XMLDefault.cnf.xml with the load for the plan’s model', async () => {
      await start();
      const { bytes } = await (await client()).fetch('XMLDefault.cnf.xml', port);
      expect(bytes.toString()).toContain('<loadInformation7 ');
      expect(readConfig(bytes.toString())?.loadInformation).toBe('P00308010200');
    });

    it('gives a configuration only to the device the plan names, and says whose name came near', async () => {
      await start(benchPlan({ phone: { deviceId: 'SEP0012DADBD34E' } }));
      const phone = await client();
      expect((await phone.fetch(config, port)).error).toBeNull();
      expect((await phone.fetch('SEP0012DADBD34F.cnf.xml', port)).error?.errorCode).toBe(1);
      expect(told('file-missing')).toEqual([{ file: 'SEP0012DADBD34F.cnf.xml', nearMiss: config }]);
    });

    it('refuses every signed file with error 1 at once, though it is there', async () => {
      await writeFile(path.join(folder, 'CTLSEP0012DADBD34E.tlv'), 'signed');
      await writeFile(path.join(folder, `${config}.sgn`), 'signed');
      await start(benchPlan({ tftp: { filesDirectory: folder } }));
      const phone = await client();
      for (const name of ['CTLSEP0012DADBD34E.tlv', 'ITLFile.TLV', `${config}.sgn`]) {
        expect((await phone.fetch(name, port)).error).toMatchObject({ errorCode: 1, errorMessage: 'File not found' });
      }
      expect(told('refuses-on-purpose')).toHaveLength(3);
    });

    it('tells a missing file once, however often it is asked for', async () => {
      await start();
      const phone = await client();
      for (let count = 0; count < 4; count += 1) {
        expect((await phone.fetch('SEP0012DADBD34E.xml', port)).error?.errorCode).toBe(1);
      }
      expect(told('file-missing')).toEqual([{ file: 'SEP0012DADBD34E.xml' }]);
    });

    it('serves a name in the wrong case and says so', async () => {
      await start();
      const { error } = await (await client()).fetch('sep0012dadbd34e.CNF.xml', port);
      expect(error).toBeNull();
      expect(told('name-differs')).toEqual([{ asked: 'sep0012dadbd34e.CNF.xml', served: config }]);
    });

    it('has neither configuration under config-missing, and no image under wrong-load', async () => {
      await writeFile(path.join(folder, config), 'from disk');
      await start(benchPlan({ tftp: { filesDirectory: folder } }), ['config-missing', 'wrong-load']);
      const phone = await client();
      for (const name of [config, 'XMLDefault.cnf.xml', image]) {
        expect((await phone.fetch(name, port)).error?.errorCode).toBe(1);
      }
      expect(told('refuses-on-purpose').map((detail) => detail.fault)).toEqual([
        'config-missing',
        'config-missing',
        'wrong-load',
      ]);
    });
  });

  describe('options', () => {
    it('accepts block size, time-out and transfer size, and starts after ACK 0', async () => {
      await start();
      const fetched = await (await client()).fetch(image, port, { blksize: '1024', timeout: '2', tsize: '0' });
      expect(fetched.accepted).toEqual({ blksize: '1024', timeout: '2', tsize: String(imageBytes) });
      expect(fetched.blocks).toBe(imageBytes / 1024 + 1);
      expect(Buffer.compare(fetched.bytes, syntheticImage(image))).toBe(0);
    });

    it('keeps blocks inside an Ethernet frame whatever is asked for', async () => {
      await start();
      const fetched = await (await client()).fetch(image, port, { blksize: '65464' });
      expect(fetched.accepted).toEqual({ blksize: '1468' });
      expect(fetched.bytes).toHaveLength(imageBytes);
    });

    it('keeps the window it can hold ready, whatever is asked for', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port, { windowsize: '65535', blksize: '1468' });
      expect((await phone.next()).packet).toEqual({ opcode: 'OACK', options: { blksize: '1468', windowsize: '64' } });
    });

    it.each([
      ['a block size of 7', { blksize: '7' }],
      ['a block size that is no number', { blksize: '1e3' }],
      ['a time-out of 0', { timeout: '0' }],
      ['a time-out of 256', { timeout: '256' }],
      ['an option it does not know', { multicast: '' }],
      ['a window of 0', { windowsize: '0' }],
    ])('leaves out %s and sends block 1 at once', async (_, options) => {
      await start();
      const phone = await client();
      await phone.read(image, port, options);
      const first = await phone.nextData();
      expect([first.block, first.data.length]).toEqual([1, 512]);
    });

    it('converts line ends in netascii mode and gives the converted size', async () => {
      await writeFile(path.join(folder, 'lines.txt'), 'a\nb\rc\r\n');
      await start(benchPlan({ tftp: { filesDirectory: folder } }));
      const fetched = await (await client()).fetch('lines.txt', port, { tsize: '0' }, 'NetASCII');
      expect(fetched.bytes.toString('latin1')).toBe('a\r\nb\r\0c\r\n');
      expect(fetched.accepted).toEqual({ tsize: '9' });
    });

    it('refuses any other mode', async () => {
      await start();
      expect((await (await client()).fetch(image, port, {}, 'mail')).error?.errorCode).toBe(0);
    });
  });

  describe('lost and repeated packets', () => {
    it('sends a block again on time-out only, never for a repeated ACK', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port);
      const first = await phone.nextData();
      clock.advance(500);
      expect((await phone.nextData()).block).toBe(1);
      await phone.ack(1, first.port);
      expect((await phone.nextData()).block).toBe(2);
      // The second ACK 1 answers the repeated block: nothing more may come of it.
      await phone.ack(1, first.port);
      await phone.ack(2, first.port);
      expect((await phone.nextData()).block).toBe(3);
      await phone.ack(3, first.port);
      expect((await phone.nextData()).block).toBe(4);
      expect(phone.unread).toBe(0);
    });

    it('sends the OACK again when ACK 0 is lost', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port, { tsize: '0' });
      expect((await phone.next()).packet.opcode).toBe('OACK');
      clock.advance(500);
      const { packet, port: tid } = await phone.next();
      expect(packet.opcode).toBe('OACK');
      await phone.ack(0, tid);
      expect((await phone.nextData()).block).toBe(1);
    });

    it('gives up after the plan’s retries, says so, and closes its port', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port);
      await phone.nextData();
      const open = ip.openUdp.size;
      for (let retry = 0; retry < 3; retry += 1) {
        clock.advance(500);
        expect((await phone.nextData()).block).toBe(1);
      }
      expect(told('gave-up')).toEqual([]);
      clock.advance(500);
      expect(told('gave-up')).toEqual([{ file: image, block: 1 }]);
      expect(ip.openUdp.size).toBe(open - 1);
    });

    it('waits as long as the client’s timeout option says', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port, { timeout: '3' });
      await phone.next();
      clock.advance(2999);
      clock.advance(1);
      const { port: tid } = await phone.next();
      expect(phone.unread).toBe(0);
      await phone.ack(0, tid);
      expect((await phone.nextData()).block).toBe(1);
    });

    it('takes a repeated request for one request', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port);
      await phone.read(image, port);
      const { port: tid } = await phone.nextData();
      await phone.ack(1, tid);
      expect(await phone.nextData()).toMatchObject({ block: 2, port: tid });
      expect(phone.unread).toBe(0);
    });

    it('starts anew when the same port asks for another file', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port);
      await phone.nextData();
      expect((await phone.fetch(config, port)).bytes.toString()).toContain('<device>');
      await expect.poll(() => ip.openUdp.size).toBe(2);
    });

    it('answers a stranger with error 5 and carries on undisturbed', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port);
      const { port: tid } = await phone.nextData();
      const stranger = await client();
      await stranger.ack(1, tid);
      expect((await stranger.next()).packet).toMatchObject({ opcode: 'ERROR', errorCode: 5 });
      const sent = ip.destinations.length;
      await stranger.send({ opcode: 'ERROR', errorCode: 0, errorMessage: 'stop' }, tid);
      await phone.ack(1, tid);
      expect(await phone.nextData()).toMatchObject({ block: 2, port: tid });
      expect(ip.destinations).toHaveLength(sent + 1);
    });

    it('stops when the client sends an error', async () => {
      await start();
      const phone = await client();
      await phone.read(image, port);
      const { port: tid } = await phone.nextData();
      await phone.send({ opcode: 'ERROR', errorCode: 3, errorMessage: 'disk full' }, tid);
      await expect.poll(() => ip.openUdp.size).toBe(2);
      expect(clock.pending).toBe(0);
    });
  });

  describe('what it refuses', () => {
    it('refuses to be written to', async () => {
      await start();
      const phone = await client();
      await phone.send({ opcode: 'WRQ', fileName: 'x', mode: 'octet', options: {} }, port);
      expect((await phone.next()).packet).toMatchObject({ opcode: 'ERROR', errorCode: 2 });
      expect(told('write-refused')).toEqual([{ file: 'x' }]);
    });

    it.each(['../secret.txt', '..\\secret.txt', 'a/../../secret.txt', '/../secret.txt', './../secret.txt', 'a/..'])(
      'does not leave its directory for %s',
      async (name) => {
        await writeFile(path.join(folder, 'secret.txt'), 'secret');
        await start(benchPlan({ tftp: { filesDirectory: path.join(folder, 'files') } }));
        expect((await (await client()).fetch(name, port)).error?.errorCode).toBe(2);
        expect(told('path-escape-refused')).toHaveLength(1);
      },
    );

    it('answers acknowledgements and damaged requests on port 69 with error 4, and errors not at all', async () => {
      await start();
      const phone = await client();
      await phone.send({ opcode: 'ERROR', errorCode: 0, errorMessage: 'x' }, port);
      await phone.raw(Uint8Array.of(0, 99), port);
      await phone.ack(1, port);
      await phone.raw(Buffer.from('\0\u0001no end'), port);
      for (let count = 0; count < 2; count += 1) {
        expect((await phone.next()).packet).toMatchObject({ opcode: 'ERROR', errorCode: 4 });
      }
      expect((await phone.fetch('none', port)).error?.errorCode).toBe(1);
    });

    it('refuses the 129th transfer under way and serves again when one has ended', async () => {
      await start();
      const phones = await Promise.all(Array.from({ length: 128 }, client));
      for (const phone of phones) {
        await phone.read(image, port);
        await phone.ack(1, (await phone.nextData()).port);
        await phone.nextData();
      }
      const late = await client();
      expect((await late.fetch(image, port)).error).toMatchObject({ errorCode: 0, errorMessage: 'Too many transfers' });
      expect(told('too-many-transfers')).toHaveLength(1);
      clock.advance(4 * 500);
      expect((await late.fetch(config, port)).error).toBeNull();
    });
  });

  it('lets nobody be shut out by requests that are never acknowledged', async () => {
    await start();
    const spoofed = await Promise.all(Array.from({ length: 300 }, client));
    for (const each of spoofed) {
      await each.read(image, port);
      await each.next();
    }
    expect(ip.openUdp.size).toBeLessThanOrEqual(2 + 128);
    expect((await (await client()).fetch(image, port)).error).toBeNull();
  });

  it('carries 50 transfers at once, whole and from as many ports', async () => {
    await writeFile(path.join(folder, 'big.sbn'), seededBytes(3, 300_001));
    await start(benchPlan({ tftp: { filesDirectory: folder } }));
    const phones = await Promise.all(Array.from({ length: 50 }, client));
    const fetched = await Promise.all(
      phones.map((phone, index) => phone.fetch(index % 2 === 0 ? image : 'big.sbn', port, { blksize: '1468' })),
    );
    const expected = [syntheticImage(image), seededBytes(3, 300_001)];
    fetched.forEach(({ bytes }, index) => {
      expect(Buffer.compare(bytes, expected[index % 2] ?? new Uint8Array())).toBe(0);
    });
    await expect.poll(() => ip.openUdp.size).toBe(2);
  });

  it('survives noise on port 69 and on a transfer’s port', async () => {
    await start();
    const phone = await client();
    await phone.read(image, port);
    const { port: tid } = await phone.nextData();
    const noisy = await client();
    const noise = seededBytes(1350, 20_000);
    for (let round = 0; round < 600; round += 1) {
      const length = (noise[round] ?? 0) % 64;
      const bytes = noise.slice(round * 30, round * 30 + length);
      if (bytes.length > 1 && round % 3 > 0) bytes.set([0, (bytes[1] ?? 0) % 8]);
      await noisy.raw(bytes, round % 2 === 0 ? port : tid);
      if (round % 50 === 49) {
        await noisy.read('fence', port);
        for (;;) {
          const { packet } = await noisy.next();
          if (packet.opcode === 'ERROR' && packet.errorCode === 1) break;
        }
      }
    }
    await phone.ack(1, tid);
    expect((await phone.nextData()).block).toBe(2);
  });

  it('sends nothing after close, though a file was just being opened', async () => {
    await start();
    const phone = await client();
    await phone.read(image, port);
    await expect.poll(() => clock.pending + ip.destinations.length).toBeGreaterThan(0);
    await service.close();
    expect(ip.openUdp.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { syntheticImage } from '../../src/services/generated-files.js';
import { startHttpServer } from '../../src/services/http-server.js';
import type { Service } from '../../src/services/service.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { benchPlan } from './bench-plan.js';
import { LoopbackAttachment } from './loopback-attachment.js';
import { seededBytes } from './seeded-bytes.js';

describe('HTTP server', () => {
  const ip = new LoopbackAttachment();
  const facts: ServiceFact[] = [];
  let service: Service;
  let port: number;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'linkpulse-http-'));
    await writeFile(path.join(folder, 'Big.sbn'), seededBytes(3, 300_001));
    const plan = benchPlan({ tftp: { filesDirectory: folder } });
    const tell = (fact: ServiceFact) => void facts.push(fact);
    service = await startHttpServer({ plan, ip, clock: systemClock, faults: new Set(), tell });
    port = await ip.realPort('tcp', '10.110.0.1', 6970);
  });
  afterEach(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });

  /** The path goes out as it stands, dots and all. */
  const ask = (target: string, method = 'GET') =>
    new Promise<{ status: number; bytes: Buffer }>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path: target, method, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }));
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end();
    });

  it('serves what the TFTP server serves', async () => {
    expect((await ask('/P00308010200.bin')).bytes.equals(syntheticImage('P00308010200.bin'))).toBe(true);
    expect((await ask('/big.sbn')).bytes.equals(seededBytes(3, 300_001))).toBe(true);
    expect((await ask('/SEP0012DADBD34E.cnf.xml')).bytes.toString()).toContain('<processNodeName>10.110.0.2<');
    expect(facts).toMatchObject([
      { action: 'file-served', detail: { file: 'P00308010200.bin', over: 'HTTP', client: '127.0.0.1' } },
      { action: 'name-differs', detail: { asked: 'big.sbn', served: 'Big.sbn' } },
      { action: 'file-served', detail: { file: 'big.sbn', bytes: 300_001 } },
      { action: 'file-served', detail: { file: 'SEP0012DADBD34E.cnf.xml' } },
    ]);
  });

  it.each([
    ['/CTLSEP0012DADBD34E.tlv', 404],
    ['/nothing.bin', 404],
    ['/../../etc/passwd', 403],
    ['/%2e%2e/%2e%2e/etc/passwd', 403],
    ['/%zz', 400],
    ['/', 404],
  ])('answers %s with %i', async (target, status) => {
    expect((await ask(target)).status).toBe(status);
  });

  it('is read only', async () => {
    expect((await ask('/P00308010200.bin', 'PUT')).status).toBe(405);
    expect((await ask('/P00308010200.bin', 'HEAD')).bytes).toHaveLength(0);
  });

  it('survives noise and connections that say nothing, and holds no more than so many', async () => {
    const sockets = Array.from({ length: 200 }, () => net.connect(port, '127.0.0.1'));
    let closed = 0;
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.on('close', () => {
        closed += 1;
      });
    }
    await expect.poll(() => closed).toBeGreaterThanOrEqual(200 - 128);
    for (const [index, socket] of sockets.entries()) socket.write(seededBytes(index + 1, 2000));
    await expect.poll(() => closed).toBe(200);
    expect((await ask('/P00308010200.bin')).status).toBe(200);
  });
});

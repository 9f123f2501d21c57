import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { type RegisteredPhone, startCallManagers } from '../../src/services/call-manager.js';
import type { Service } from '../../src/services/service.js';
import { talkBounds } from '../../src/services/tcp-talks.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { SccpFramer, type SccpMessage } from '../../src/wire/sccp.js';
import { benchPlan } from './bench-plan.js';
import { LoopbackAttachment } from './loopback-attachment.js';
import { ManualClock } from './manual-clock.js';
import { seededBytes } from './seeded-bytes.js';

const primary = '10.110.0.2';
const secondary = '10.110.0.3';
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** 7940/7960 with load 8.1: 68 bytes of payload, protocol 11. */
const registerOf = (protocolVersion: number): Uint8Array => {
  const payload = Buffer.alloc(68);
  payload.write('SEP0012DADBD34E');
  payload.writeUInt32LE(1, 20);
  payload.writeUInt32LE(7, 28);
  payload.writeUInt8(protocolVersion, 40);
  const header = Buffer.alloc(12);
  header.writeUInt32LE(payload.length + 4, 0);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([header, payload]);
};
const request = (id: number, ...words: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(12 + words.length * 4);
  [4 + words.length * 4, 0, id, ...words].forEach((word, index) => {
    bytes.writeUInt32LE(word, index * 4);
  });
  return bytes;
};

class SccpClient {
  readonly socket: net.Socket;
  readonly #framer = new SccpFramer();
  readonly #heard: SccpMessage[] = [];
  readonly chunks: Uint8Array[] = [];
  closed = false;
  #wake: () => void = () => {};

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.chunks.push(chunk);
      this.#heard.push(...this.#framer.push(chunk));
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  send(...messages: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** The next `count` messages. */
  async hear(count: number): Promise<readonly SccpMessage[]> {
    while (this.#heard.length < count) {
      if (this.closed) throw new Error('connection closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#heard.splice(0, count);
  }

  async names(count: number): Promise<readonly string[]> {
    return (await this.hear(count)).map((message) => message.messageName);
  }

  async ended(): Promise<void> {
    if (!this.closed) await once(this.socket, 'close');
  }
}

describe('CallManager', () => {
  let ip: LoopbackAttachment;
  let clock: ManualClock;
  let facts: ServiceFact[];
  let service: Service;
  let clients: SccpClient[];
  let phones: RegisteredPhone[];

  const start = async (plan: Plan = benchPlan(), faults: readonly string[] = []): Promise<void> => {
    service = await startCallManagers({
      plan,
      ip,
      clock,
      faults: new Set(faults),
      tell: (fact) => facts.push(fact),
      now: () => new Date(2026, 5, 4, 11, 37, 17),
      onRegistered: (phone) => phones.push(phone),
    });
  };
  const connect = async (address = primary): Promise<SccpClient> => {
    const client = new SccpClient(await ip.realPort('tcp', address, 2000));
    clients.push(client);
    return client;
  };
  const registered = async (protocolVersion = 11): Promise<SccpClient> => {
    const client = await connect();
    client.send(registerOf(protocolVersion));
    await client.hear(2);
    return client;
  };
  const actions = (): readonly string[] => facts.map((fact) => fact.action);

  beforeEach(() => {
    ip = new LoopbackAttachment();
    clock = new ManualClock();
    facts = [];
    clients = [];
    phones = [];
  });
  afterEach(async () => {
    for (const client of clients) client.socket.destroy();
    await service.close();
    expect(clock.pending).toBe(0);
  });

  it('answers Register with RegisterAck and CapabilitiesReq in one write, byte for byte', async () => {
    await start();
    const client = await connect();
    client.send(registerOf(11));
    await client.hear(2);
    expect(Buffer.concat(client.chunks).toString('hex')).toBe(
      Buffer.from(
        hex('18000000 00000000 81000000 1e000000 442f4d2f59410000 3c000000 0b20f1ff 04000000 00000000 9b000000'),
      ).toString('hex'),
    );
    expect(client.chunks).toHaveLength(1);
  });

  it.each([
    [3, 3],
    [11, 11],
    [17, 17],
    [22, 22],
    [23, 22],
  ])('settles with a phone of protocol %i on %i', async (offered, agreed) => {
    await start();
    const client = await connect();
    client.send(registerOf(offered));
    const [ack] = await client.hear(2);
    expect(ack?.fields.protocolVersion).toBe(agreed);
  });

  it('puts 0 in the header before and for registration, and the agreed version behind it', async () => {
    await start();
    const client = await registered(17);
    client.send(request(0x0f), request(0x0e), request(0), request(0x0d));
    const versions = (await client.hear(6)).map((message) => [message.messageName, message.headerVersion]);
    expect(versions).toEqual([
      ['Version', 0],
      ['ButtonTemplate', 17],
      ['KeepAliveAck', 0],
      ['DefineTimeDate', 17],
      ['SelectSoftKeys', 17],
      ['DisplayPromptStatusV2', 17],
    ]);
  });

  it('keeps 0 in every header for a phone of protocol 9', async () => {
    await start();
    const client = await registered(9);
    client.send(request(0x0e));
    expect((await client.hear(1))[0]?.headerVersion).toBe(0);
  });

  it('answers everything a phone asks after registration, in one segment and in any order', async () => {
    await start();
    const client = await registered();
    client.send(
      request(0x0b, 1),
      request(0x25),
      request(0x0d),
      request(0x02, 0),
      request(0x28),
      request(0x2d, 1),
      request(0x0c),
      request(0x09, 1),
      request(0x0e),
      request(0x0a, 3),
      request(0x12),
      request(0x0f),
    );
    const heard = await client.hear(12);
    expect(heard.map((message) => message.messageName)).toEqual([
      'LineStat',
      'SoftKeySetRes',
      'DefineTimeDate',
      'SelectSoftKeys',
      'DisplayPromptStatus',
      'SoftKeyTemplateRes',
      'ConfigStat',
      'ForwardStat',
      'ButtonTemplate',
      'SpeedDialStat',
      'ServerRes',
      'Version',
    ]);
    for (const message of heard) expect(message.malformed).toBeUndefined();
    const fieldsOf = (name: string) => heard.find((message) => message.messageName === name)?.fields;
    expect(fieldsOf('LineStat')).toMatchObject({ line: 1, directoryNumber: '1000' });
    expect(fieldsOf('ConfigStat')).toMatchObject({ deviceName: 'SEP0012DADBD34E', serverName: 'cm-a', lines: 1 });
    expect(fieldsOf('SpeedDialStat')).toMatchObject({ number: 3, directoryNumber: '' });
    expect(fieldsOf('ServerRes')).toMatchObject({ server1: 'cm-a', port2: 2000, address3: '10.110.0.4' });
    expect(fieldsOf('DefineTimeDate')).toMatchObject({ year: 2026, month: 6, dayOfWeek: 4, day: 4, hour: 11 });
    expect(facts.filter((fact) => fact.action !== 'refuses-on-purpose')).toEqual([]);
  });

  it('reads a registration that comes byte by byte', async () => {
    await start();
    const client = await connect();
    client.socket.setNoDelay(true);
    for (const byte of Buffer.concat([registerOf(11), request(0x0d)])) {
      await new Promise((resolve) => client.socket.write(Uint8Array.of(byte), resolve));
    }
    expect(await client.names(3)).toEqual(['RegisterAck', 'CapabilitiesReq', 'DefineTimeDate']);
  });

  it('keeps a standby connection alive that never registers', async () => {
    await start();
    const client = await connect(secondary);
    client.send(request(0), request(0));
    expect(await client.names(2)).toEqual(['KeepAliveAck', 'KeepAliveAck']);
    expect(Buffer.concat(client.chunks).toString('hex', 0, 12)).toBe('040000000000000000010000');
  });

  it.each([
    ['reset', 1],
    ['restart', 2],
  ] as const)('tells a phone that has finished registering to %s', async (kind, type) => {
    await start();
    const client = await registered();
    expect(phones).toEqual([]);
    client.send(request(0x0d), request(0x0d));
    await client.hear(6);
    expect(phones.map(({ deviceName }) => deviceName)).toEqual(['SEP0012DADBD34E']);
    phones[0]?.order(kind);
    expect(await client.hear(1)).toMatchObject([{ messageName: 'Reset', fields: { type } }]);
  });

  it('grants a token, or tells how long to wait', async () => {
    await start();
    const granted = await connect();
    granted.send(request(0x29));
    expect(await granted.names(1)).toEqual(['RegisterTokenAck']);
    await service.close();
    await start({ ...benchPlan(), callControl: { newestSccpVersion: 22, token: 'refuse', tokenWaitSeconds: 7 } });
    const refused = await connect();
    refused.send(request(0x29));
    expect(await refused.hear(1)).toMatchObject([{ messageName: 'RegisterTokenReject', fields: { waitSeconds: 7 } }]);
  });

  it('tells a phone of protocol 20 in the messages of variable length', async () => {
    await start();
    const client = await registered(20);
    client.send(request(0x0b, 1), request(0x0a, 3), request(0x12), request(0x09, 1));
    const heard = await client.hear(4);
    expect(heard.map(({ messageName }) => messageName)).toEqual([
      'LineStatDynamic',
      'SpeedDialStatDynamic',
      'ServerRes',
      'ForwardStat',
    ]);
    expect(heard[0]?.fields).toMatchObject({ line: 1, directoryNumber: '1000' });
    expect(heard[2]?.fields).toMatchObject({ server1: 'cm-a', port2: 2000, address3: '10.110.0.4' });
    for (const message of heard) expect(message.malformed).toBeUndefined();
  });

  it('acknowledges Unregister and lets the phone register again', async () => {
    await start();
    const client = await registered();
    client.send(request(0x27), registerOf(11));
    expect(await client.names(3)).toEqual(['UnregisterAck', 'RegisterAck', 'CapabilitiesReq']);
  });

  it('rejects a registration without a device name', async () => {
    await start();
    const client = await connect();
    client.send(request(0x01));
    expect(await client.names(1)).toEqual(['RegisterReject']);
  });

  it('answers no question before registration, and tells it once', async () => {
    await start();
    const client = await connect();
    client.send(request(0x0e), request(0x0e), request(0));
    expect(await client.names(1)).toEqual(['KeepAliveAck']);
    expect(actions().filter((action) => action === 'asked-before-registration')).toHaveLength(1);
  });

  it('tells an unknown message once and carries on', async () => {
    await start();
    const client = await registered();
    client.send(request(0x7777, 1, 2), request(0x7777), request(0));
    expect(await client.names(1)).toEqual(['KeepAliveAck']);
    expect(facts.filter((fact) => fact.action === 'unknown-message').map((fact) => fact.detail)).toEqual([
      { server: primary, id: '0x7777', message: 'unknown' },
    ]);
  });

  it('closes a connection that sends garbage, tells why, and serves the next', async () => {
    await start();
    const client = await registered();
    client.send(Buffer.from('GET / HTTP/1.1\r\nHost: phone\r\n\r\n'));
    await client.ended();
    expect(facts.at(-1)).toMatchObject({ action: 'stream-garbage', detail: { server: primary } });
    await registered();
  });

  it('survives random streams on many connections', async () => {
    await start();
    for (let round = 0; round < 60; round += 1) {
      const client = await connect();
      const noise = seededBytes(round + 1, 400);
      // Half of the rounds have a plausible frame in front, so that the noise reaches the payload of each message.
      const framed = Buffer.from(noise);
      framed.writeUInt32LE(100, 0);
      framed.writeUInt32LE(round, 8);
      client.send(registerOf(11), round % 2 === 0 ? noise : framed);
      client.socket.end();
      await client.ended();
    }
    await registered();
  });

  it('is full at its bound: then a connection that never registered goes for a newcomer, a phone never', async () => {
    await start();
    const phone = await registered();
    const port = await ip.realPort('tcp', primary, 2000);
    const idle: net.Socket[] = [];
    let gone = 0;
    for (let count = 1; count < talkBounds.connections; count += 1) {
      const socket = net.connect(port, '127.0.0.1').on('error', () => {});
      socket.on('close', () => {
        gone += 1;
      });
      idle.push(socket);
      await once(socket, 'connect');
    }
    const late = await registered();
    expect(actions()).toContain('too-many-connections');
    await expect.poll(() => gone).toBe(1);
    for (const client of [phone, late]) {
      client.send(request(0));
      expect(await client.names(1)).toEqual(['KeepAliveAck']);
    }
    for (const socket of idle) socket.destroy();
  }, 30_000);

  it('drops a connection that holds a message open a byte at a time', async () => {
    await start();
    const client = await connect();
    await expect.poll(() => clock.pending).toBe(1);
    for (const byte of registerOf(11).subarray(0, 17)) {
      client.send(Uint8Array.of(byte));
      clock.advance(10_000);
    }
    await expect.poll(() => client.socket.writableLength).toBe(0);
    clock.advance(10_000);
    // Not `ended`: with bytes unread the kernel resets.
    await expect.poll(() => client.closed).toBe(true);
    expect(actions()).toContain('connection-silent');
  });

  it('drops a connection that is silent for three keepalive intervals', async () => {
    await start();
    const client = await registered();
    clock.advance(179_000);
    client.send(request(0));
    await client.hear(1);
    clock.advance(179_000);
    expect(actions()).not.toContain('connection-silent');
    clock.advance(1000);
    await client.ended();
    expect(actions()).toContain('connection-silent');
  });

  it('drops a connection that asks and asks and never reads', async () => {
    await start();
    const client = await registered();
    client.socket.pause();
    const many = Buffer.concat(Array.from({ length: 500 }, () => request(0x28)));
    const flood = (): void => {
      while (!client.closed && client.socket.writableLength < 1024 * 1024) client.socket.write(many);
    };
    client.socket.on('drain', flood);
    flood();
    await expect.poll(() => actions(), { timeout: 10_000 }).toContain('replies-unread');
  });

  describe('members that are down on purpose', () => {
    const isRefused = async (address: string): Promise<boolean> => {
      const socket = net.connect(await ip.realPort('tcp', address, 2000), '127.0.0.1');
      const refused = await new Promise<boolean>((resolve) => {
        socket.on('connect', () => resolve(false));
        socket.on('error', () => resolve(true));
      });
      socket.destroy();
      return refused;
    };
    const refusing = async (): Promise<readonly boolean[]> =>
      Promise.all([primary, secondary, '10.110.0.4'].map(isRefused));
    const reasons = () => facts.map(({ action, detail }) => [action, detail.name, detail.reason]);

    it('refuses where the plan says so', async () => {
      await start();
      expect(await refusing()).toEqual([false, false, true]);
      expect(reasons()).toEqual([['refuses-on-purpose', 'cm-c', 'plan']]);
    });

    it('refuses on the first in priority under primary-refuses', async () => {
      await start(benchPlan({ callManagers: benchPlan().callManagers.toReversed() }), ['primary-refuses']);
      expect(await refusing()).toEqual([true, false, true]);
      expect(reasons()).toContainEqual(['refuses-on-purpose', 'cm-a', 'primary-refuses']);
    });

    it('stays silent, counts nothing as an answer', async () => {
      await start(benchPlan(), ['primary-silent']);
      const client = await connect();
      client.send(registerOf(11), request(0));
      const standby = await connect(secondary);
      standby.send(request(0));
      await standby.hear(1);
      expect(client.chunks).toEqual([]);
    });

    it('answers late, in order', async () => {
      await start(benchPlan(), ['primary-slow']);
      const client = await connect();
      client.send(registerOf(11));
      await expect.poll(() => clock.pending).toBe(2);
      expect(client.chunks).toEqual([]);
      clock.advance(800);
      expect(await client.names(2)).toEqual(['RegisterAck', 'CapabilitiesReq']);
    });

    it('rejects with its text', async () => {
      await start(benchPlan(), ['register-rejected']);
      const client = await connect();
      client.send(registerOf(11));
      const [reject] = await client.hear(1);
      expect(reject).toMatchObject({ messageName: 'RegisterReject', fields: { text: 'Linkpulse: not allowed' } });
    });

    it('leaves the keepalives of a registered phone unanswered, not those of a standby', async () => {
      await start(benchPlan(), ['keepalives-unanswered']);
      const client = await registered();
      client.send(request(0), request(0x0f));
      expect(await client.names(1)).toEqual(['Version']);
      const standby = await connect();
      standby.send(request(0));
      expect(await standby.names(1)).toEqual(['KeepAliveAck']);
    });

    it('dies after the first registration, refuses, and serves again', async () => {
      await start(benchPlan(), ['primary-returns']);
      const client = await registered();
      client.send(request(0x0d));
      await client.hear(3);
      clock.advance(800);
      await client.ended();
      await expect.poll(() => actions()).toContain('died-on-purpose');
      expect(await isRefused(primary)).toBe(true);
      clock.advance(1000);
      await expect.poll(() => actions()).toContain('serves-again');
      await expect.poll(() => isRefused(primary)).toBe(false);
    });

    it('refuses everywhere under all-refuse', async () => {
      await start(benchPlan(), ['all-refuse']);
      expect(await refusing()).toEqual([true, true, true]);
      expect(facts).toHaveLength(3);
    });
  });
});

import { createHash } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { type RegisteredPhone, startCallManagers } from '../../src/services/call-manager.js';
import type { Service } from '../../src/services/service.js';
import { maxBindings } from '../../src/services/sip-registrar.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { decodeSip, encodeSip, SipFramer, type SipLines, type SipMessage, sipHeader } from '../../src/wire/sip.js';
import { readDigest } from '../../src/wire/sip.values.js';
import { corruptions } from '../wire/hostile.js';
import { benchPlan } from './bench-plan.js';
import { LoopbackAttachment } from './loopback-attachment.js';
import { ManualClock } from './manual-clock.js';

const primary = '10.110.0.2';
const port = 5060;
const sipPlan = (changes: Partial<Plan['sip']> = {}, token: Plan['callControl']['token'] = 'grant'): Plan => ({
  ...benchPlan({
    phone: { protocol: 'SIP' },
    callManagers: benchPlan().callManagers.map((member) => ({ ...member, port })),
  }),
  sip: { transport: 'tcp', expiresSeconds: 120, digest: null, ...changes },
  callControl: { newestSccpVersion: 22, token, tokenWaitSeconds: 30 },
});

/** As a 7970 with a SIP load writes it (protocol facts 8). */
const contact = (more = ''): string =>
  `<sip:1000@127.0.0.1:49154;transport=tcp>;+sip.instance="<urn:uuid:00000000-0000-0000-0000-000f245a7970>";+u.sip!devicename.ccm.cisco.com="SEP000F245A7970";+u.sip!model.ccm.cisco.com="30006"${more}`;

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

interface Ask {
  readonly method?: string;
  readonly uri?: string;
  readonly cseq?: number;
  readonly lines?: SipLines;
  readonly body?: string;
  readonly via?: string;
  readonly callId?: string;
  readonly user?: string;
}
const ask = ({ method = 'REGISTER', uri = `sip:${primary}`, cseq = 101, lines = [], body = '', ...more }: Ask = {}) =>
  encodeSip(
    { method, requestUri: uri },
    [
      ['Via', more.via ?? 'SIP/2.0/TCP 127.0.0.1:49154;branch=z9hG4bK1'],
      ['From', `<sip:${more.user ?? '1000'}@${primary}>;tag=000f245a`],
      ['To', `<sip:${more.user ?? '1000'}@${primary}>`],
      ['Call-ID', more.callId ?? '000f245a-1@127.0.0.1'],
      ['CSeq', `${cseq} ${method}`],
      ...lines,
    ],
    Buffer.from(body),
  );

const register = (more = '', expires: number | null = 3600, other: Ask = {}): Uint8Array =>
  ask({
    ...other,
    lines: [
      ['Contact', contact(more)],
      ...(expires === null ? [] : [['Expires', expires] as const]),
      ...(other.lines ?? []),
    ],
  });

class SipClient {
  readonly socket: net.Socket;
  readonly #framer = new SipFramer();
  readonly #heard: SipMessage[] = [];
  bytes = Buffer.alloc(0);
  closed = false;

  constructor(realPort: number) {
    this.socket = net.connect(realPort, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.#heard.push(...this.#framer.push(chunk));
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  async tell(...messages: readonly Uint8Array[]): Promise<SipMessage> {
    this.socket.write(Buffer.concat(messages));
    return this.hear();
  }

  async hear(): Promise<SipMessage> {
    await expect.poll(() => this.#heard.length).toBeGreaterThan(0);
    const message = this.#heard.shift();
    if (message === undefined) throw new Error('nothing heard');
    return message;
  }
}

const statusOf = (message: SipMessage): number => ('statusCode' in message ? message.statusCode : 0);

describe('SIP registrar', () => {
  let ip: LoopbackAttachment;
  let clock: ManualClock;
  let facts: ServiceFact[];
  let service: Service;
  let phones: RegisteredPhone[];
  let sockets: { destroy(): unknown }[];

  const start = async (plan: Plan = sipPlan(), faults: readonly string[] = []): Promise<void> => {
    service = await startCallManagers({
      plan,
      ip,
      clock,
      faults: new Set(faults),
      tell: (fact) => facts.push(fact),
      now: () => new Date(0),
      onRegistered: (phone) => phones.push(phone),
    });
  };
  const connect = async (): Promise<SipClient> => {
    const client = new SipClient(await ip.realPort('tcp', primary, port));
    sockets.push(client.socket);
    return client;
  };
  /** A datagram socket and what it hears. */
  const datagrams = async () => {
    const socket = dgram.createSocket('udp4');
    const heard: SipMessage[] = [];
    socket.on('message', (data) => {
      const message = decodeSip(data);
      if (message) heard.push(message);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    sockets.push({ destroy: () => socket.close() });
    const there = await ip.realPort('udp', primary, port);
    const here = socket.address().port;
    return {
      here,
      heard,
      say: (bytes: Uint8Array) => socket.send(bytes, there, '127.0.0.1'),
      next: async (): Promise<SipMessage> => {
        await expect.poll(() => heard.length).toBeGreaterThan(0);
        const message = heard.shift();
        if (message === undefined) throw new Error('nothing heard');
        return message;
      },
    };
  };

  beforeEach(() => {
    ip = new LoopbackAttachment();
    clock = new ManualClock();
    facts = [];
    phones = [];
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await service.close();
    expect(clock.pending).toBe(0);
  });

  it('binds a phone over TCP: Via, From, Call-ID and CSeq as they were, To with a tag, what is granted', async () => {
    await start();
    const client = await connect();
    const answer = await client.tell(register());
    expect(answer).toMatchObject({ statusCode: 200, reason: 'OK' });
    expect(sipHeader(answer, 'via')).toBe('SIP/2.0/TCP 127.0.0.1:49154;branch=z9hG4bK1');
    expect(sipHeader(answer, 'from')).toBe(`<sip:1000@${primary}>;tag=000f245a`);
    expect(sipHeader(answer, 'to')).toMatch(/;tag=lp\d+$/);
    expect(sipHeader(answer, 'cseq')).toBe('101 REGISTER');
    expect(sipHeader(answer, 'expires')).toBe('120');
    expect(sipHeader(answer, 'contact')).toContain('devicename.ccm.cisco.com="SEP000F245A7970"');
    expect(phones.map(({ deviceName }) => deviceName)).toEqual(['SEP000F245A7970']);
  });

  it('tells what is bound, and forgets it when it runs out', async () => {
    await start();
    const client = await connect();
    await client.tell(register('', 60));
    expect(sipHeader(await client.tell(ask({ cseq: 102 })), 'expires')).toBe('60');
    clock.advance(50_000);
    expect(sipHeader(await client.tell(ask({ cseq: 103 })), 'expires')).toBe('10');
    clock.advance(10_000);
    expect(sipHeader(await client.tell(ask({ cseq: 104 })), 'contact')).toBeUndefined();
  });

  it('does not take a keepalive of a standby for a de-registration', async () => {
    await start();
    const client = await connect();
    await client.tell(register());
    expect(statusOf(await client.tell(register(';expires=0;cisco-keep-alive', 0, { cseq: 102 })))).toBe(200);
    expect(sipHeader(await client.tell(ask({ cseq: 103 })), 'contact')).toBeDefined();
    expect(statusOf(await client.tell(register('', 0, { cseq: 104 })))).toBe(200);
    expect(sipHeader(await client.tell(ask({ cseq: 105 })), 'contact')).toBeUndefined();
  });

  it.each([
    ['RFC 2069, as CallManager asks', false],
    ['with qop, as RFC 7616 has it', true],
  ])('challenges and takes a digest: %s', async (_, withQop) => {
    await start(sipPlan({ digest: { user: 'phone', password: 'secret' } }));
    const client = await connect();
    const challenge = await client.tell(register());
    expect(statusOf(challenge)).toBe(401);
    const offered = readDigest(sipHeader(challenge, 'www-authenticate') ?? '');
    const answerTo = (password: string, nonce = offered?.get('nonce') ?? ''): SipLines => {
      const uri = `sip:${primary}`;
      const [identity, request] = [md5(`phone:${offered?.get('realm')}:${password}`), md5(`REGISTER:${uri}`)];
      const middle = withQop ? `${nonce}:00000001:abc:auth` : nonce;
      const qop = withQop ? ', qop=auth, nc=00000001, cnonce="abc"' : '';
      const value = `Digest username="phone", realm="${offered?.get('realm')}", nonce="${nonce}", uri="${uri}", response="${md5(`${identity}:${middle}:${request}`)}", algorithm=MD5${qop}`;
      return [['Authorization', value]];
    };
    expect(statusOf(await client.tell(register('', 3600, { lines: answerTo('wrong') })))).toBe(403);
    expect(statusOf(await client.tell(register('', 3600, { lines: answerTo('secret', 'abc.def') })))).toBe(401);
    expect(phones).toEqual([]);
    expect(statusOf(await client.tell(register('', 3600, { lines: answerTo('secret') })))).toBe(200);
    clock.advance(301_000);
    const late = await client.tell(register('', 3600, { lines: answerTo('secret') }));
    expect(statusOf(late)).toBe(401);
    expect(readDigest(sipHeader(late, 'www-authenticate') ?? '')?.get('stale')).toBe('TRUE');
  });

  it('grants a token by REFER, or tells how long to wait', async () => {
    await start();
    const refer = ask({ method: 'REFER', lines: [['Refer-To', '<urn:X-cisco-remotecc:token-registration>']] });
    expect(statusOf(await (await connect()).tell(refer))).toBe(202);
    await service.close();
    await start(sipPlan({}, 'refuse'));
    const refused = await (await connect()).tell(refer);
    expect([statusOf(refused), sipHeader(refused, 'retry-after')]).toEqual([486, '30']);
  });

  it('takes a bulk registration for that of its first line, and tells how many there are', async () => {
    await start();
    const body =
      '<x-cisco-remotecc-request><bulkregister><contact all="true"/><contact/></bulkregister></x-cisco-remotecc-request>';
    const lines: SipLines = [['Content-Type', 'application/x-cisco-remotecc-request+xml']];
    expect(statusOf(await (await connect()).tell(register('', 3600, { lines, body })))).toBe(200);
    expect(facts.find(({ action }) => action === 'bulk-registration')?.detail).toMatchObject({ lines: 2 });
  });

  it('answers over UDP to the port the Via names, or to the source where it asks for rport', async () => {
    await start();
    const phone = await datagrams();
    const listener = await datagrams();
    phone.say(register('', 3600, { via: `SIP/2.0/UDP 127.0.0.1:${listener.here};branch=z9hG4bK1` }));
    expect(statusOf(await listener.next())).toBe(200);
    phone.say(register('', 3600, { via: 'SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bK2;rport' }));
    const answer = await phone.next();
    expect(sipHeader(answer, 'via')).toBe(
      `SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bK2;rport=${phone.here};received=127.0.0.1`,
    );
  });

  it.each(['reset', 'restart'] as const)(
    'tells a phone to %s, over UDP again and again until it answers',
    async (kind) => {
      await start();
      const phone = await datagrams();
      phone.say(register('', 3600, { via: `SIP/2.0/UDP 127.0.0.1:${phone.here};branch=z9hG4bK1` }));
      await phone.next();
      phones[0]?.order(kind);
      const notify = await phone.next();
      expect(notify).toMatchObject({ method: 'NOTIFY' });
      expect(sipHeader(notify, 'event')).toBe('service-control');
      expect(Buffer.from(notify.body).toString()).toContain(`action=${kind}\r\n`);
      clock.advance(500);
      expect(await phone.next()).toMatchObject({ method: 'NOTIFY' });
      phone.say(encodeSip({ statusCode: 200, reason: 'OK' }, [['Call-ID', sipHeader(notify, 'call-id') ?? '']]));
      await expect.poll(() => clock.pending).toBe(0);
    },
  );

  it('answers a ping of empty lines, and what it does not do', async () => {
    await start();
    const client = await connect();
    client.socket.write('\r\n\r\n');
    await expect.poll(() => client.bytes.toString()).toBe('\r\n');
    expect(statusOf(await client.tell(ask({ method: 'OPTIONS' })))).toBe(200);
    expect(statusOf(await client.tell(ask({ method: 'DANCE' })))).toBe(501);
    expect(statusOf(await client.tell(ask({ method: 'INVITE' })))).toBe(480);
    expect(statusOf(await client.tell(encodeSip({ method: 'REGISTER', requestUri: 'sip:a' }, [['Via', 'x']])))).toBe(
      400,
    );
  });

  it.each([
    ['register-rejected', 403],
    ['primary-slow', 200],
  ])('under %s answers %i', async (fault, status) => {
    await start(sipPlan(), [fault]);
    const client = await connect();
    client.socket.write(register());
    if (fault === 'primary-slow') {
      await expect.poll(() => clock.pending).toBe(2);
      clock.advance(800);
    }
    expect(statusOf(await client.hear())).toBe(status);
  });

  it('under keepalives-unanswered registers and then answers neither refresh nor keepalive', async () => {
    await start(sipPlan(), ['keepalives-unanswered']);
    const client = await connect();
    await client.tell(register());
    const options = await client.tell(register('', 3600, { cseq: 102 }), ask({ method: 'OPTIONS', cseq: 103 }));
    expect(sipHeader(options, 'cseq')).toBe('103 OPTIONS');
  });

  it('keeps a bounded number of bindings, the longest silent one goes first', async () => {
    await start();
    const client = await connect();
    await client.tell(register());
    client.socket.removeAllListeners('data');
    let answers = 0;
    const framer = new SipFramer();
    client.socket.on('data', (chunk) => {
      answers += framer.push(chunk).length;
    });
    for (let user = 0; user < maxBindings; user += 64) {
      const users = Array.from({ length: 64 }, (_, index) => register('', 3600, { user: `u${user + index}` }));
      client.socket.write(Buffer.concat(users));
      await expect.poll(() => answers).toBe(user + 64);
    }
    expect(facts.map(({ action }) => action)).toContain('too-many-bindings');
    const other = await connect();
    expect(sipHeader(await other.tell(ask()), 'contact')).toBeUndefined();
    expect(sipHeader(await other.tell(ask({ user: `u${maxBindings - 1}` })), 'contact')).toBeDefined();
  }, 30_000);

  it('survives anything, over UDP and TCP, and serves on', async () => {
    await start();
    const phone = await datagrams();
    const sample = register('', 3600, { via: `SIP/2.0/UDP 127.0.0.1:${phone.here};branch=z9hG4bK1` });
    for (const bytes of corruptions(sample, 300)) phone.say(bytes);
    for (const bytes of corruptions(sample, 60)) {
      const client = await connect();
      client.socket.end(bytes);
      await expect.poll(() => client.closed).toBe(true);
    }
    expect(statusOf(await (await connect()).tell(register()))).toBe(200);
  }, 30_000);
});

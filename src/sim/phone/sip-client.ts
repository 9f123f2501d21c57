import { createHash } from 'node:crypto';
import { decodeSip, encodeSip, type SipLines, type SipMessage, sipHeader } from '../../wire/sip.js';
import { readDigest, type SipParameters, writeDigest } from '../../wire/sip.values.js';
import type { PhoneStack, PhoneUdp } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import { Mailbox } from './mailbox.js';
import type { PhoneIdentity } from './phone-identity.js';
import type { PhoneLog } from './phone-log.js';
import type { CallManagerMember } from './sccp-connection.js';

export interface SipCredentials {
  readonly user: string;
  readonly password: string;
}

export interface SipClientOptions {
  readonly stack: PhoneStack;
  readonly life: Lifetime;
  readonly identity: PhoneIdentity;
  readonly mac: string;
  readonly address: string;
  /** In the order of priority, at least one. */
  readonly members: readonly CallManagerMember[];
  readonly retryMs: number;
  /** Of its line; null: it answers no challenge. */
  readonly credentials: SipCredentials | null;
  readonly ignoresOrders: boolean;
  readonly log: PhoneLog;
}

const ownPort = 5060;
const line = '1000';
const defaultExpiresSeconds = 120;
/** timerRegisterDelta (protocol facts 8): so long before its end a registration is renewed. */
const refreshBeforeSeconds = 5;
const minRefreshMs = 1_000;
/** RFC 3261 17.1.2.2 has eleven; a phone that looks for another CallManager does not wait for them all. */
const sends = 4;
const minAnswerMs = 500;

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** RFC 2617 3.2.2.1 without qop. */
const proofOf = (challenge: SipParameters, { user, password }: SipCredentials, uri: string): string => {
  const realm = challenge.get('realm') ?? '';
  const nonce = challenge.get('nonce') ?? '';
  const response = md5(`${md5(`${user}:${realm}:${password}`)}:${nonce}:${md5(`REGISTER:${uri}`)}`);
  return writeDigest({ username: user, realm, nonce, uri, response, algorithm: 'MD5' }, { offer: false });
};

type Ending = 'silent' | 'rejected' | 'lost' | 'reset' | 'restart-device';

/**
 * SIP over UDP as a phone of CallManager's has it: registers its first line with the member of highest priority that lets
 * it, renews that in time, and goes on to the next where nobody answers. Resolves when a NOTIFY of service-control tells it to
 * begin again.
 */
export const runSip = async (options: SipClientOptions): Promise<'reset' | 'restart-device'> => {
  const { stack, life, members, retryMs, log } = options;
  const udp = await life.guard(stack.udp(ownPort));
  life.onEnd(() => udp.close());
  const inbox = new Mailbox<SipMessage>(life);
  udp.onMessage((data) => {
    const message = decodeSip(data);
    if (message !== undefined) inbox.push(message);
  });
  for (let index = 0; ; index = (index + 1) % members.length) {
    const member = members[index];
    if (member === undefined) throw new RangeError('a phone without CallManagers does not register');
    const ending = await createRegistration(options, member, udp, inbox)();
    log('sip', 'ends', { server: member.address, reason: ending });
    if (ending === 'reset' || ending === 'restart-device') {
      udp.close();
      return ending;
    }
    await life.sleep(retryMs);
  }
};

const createRegistration = (
  options: SipClientOptions,
  member: CallManagerMember,
  udp: PhoneUdp,
  inbox: Mailbox<SipMessage>,
): (() => Promise<Ending>) => {
  const { life, identity, mac, address, retryMs, credentials, ignoresOrders, log } = options;
  const bareMac = mac.replaceAll(':', '').toLowerCase();
  const uri = `sip:${member.address}`;
  const callId = `${bareMac}-${line}@${address}`;
  const contact = [
    `<sip:${line}@${address}:${ownPort};transport=udp>`,
    `+sip.instance="<urn:uuid:00000000-0000-0000-0000-${bareMac}>"`,
    `+u.sip!devicename.ccm.cisco.com="${identity.deviceId}"`,
    `+u.sip!model.ccm.cisco.com="${identity.deviceType}"`,
  ].join(';');
  let cseq = 100;

  const send = (expiresSeconds: number, more: SipLines): void => {
    const bytes = encodeSip({ method: 'REGISTER', requestUri: uri }, [
      ['Via', `SIP/2.0/UDP ${address}:${ownPort};branch=z9hG4bK${bareMac}${cseq}`],
      ['From', `<sip:${line}@${member.address}>;tag=${bareMac}`],
      ['To', `<sip:${line}@${member.address}>`],
      ['Call-ID', callId],
      ['Max-Forwards', 70],
      ['CSeq', `${cseq} REGISTER`],
      ['User-Agent', `Cisco-${identity.model.replace('-', '')}/8.0`],
      ['Contact', contact],
      ['Expires', expiresSeconds],
      ...more,
    ]);
    udp.send(bytes, member.address, member.port);
  };

  /** The order in a NOTIFY of service-control, which is answered; null: another message. */
  const orderIn = (message: SipMessage): 'reset' | 'restart-device' | null => {
    if (!('method' in message) || message.method !== 'NOTIFY') return null;
    const copied = ['via', 'from', 'to', 'call-id', 'cseq'].map(
      (name) => [name, sipHeader(message, name) ?? ''] as const,
    );
    udp.send(encodeSip({ statusCode: 200, reason: 'OK' }, copied), member.address, member.port);
    if (ignoresOrders) return null;
    const action = /^action=(\w+)/m.exec(Buffer.from(message.body).toString('latin1'))?.[1];
    return action === 'reset' ? 'restart-device' : action === 'restart' ? 'reset' : null;
  };

  /** What comes next of interest within that time: an order, or the answer to the newest REGISTER. */
  const next = async (withinMs: number): Promise<SipMessage | 'reset' | 'restart-device' | undefined> => {
    const untilUs = life.clock.nowUs() + withinMs * 1000;
    for (;;) {
      const message = await inbox.next(Math.max(0, (untilUs - life.clock.nowUs()) / 1000));
      if (message === undefined) return undefined;
      const order = orderIn(message);
      if (order !== null) return order;
      const isAnswer = 'statusCode' in message && message.statusCode >= 200;
      if (isAnswer && sipHeader(message, 'cseq') === `${cseq} REGISTER`) return message;
    }
  };

  /** Seconds granted, or how it ended. */
  const register = async (expiresSeconds: number): Promise<number | Ending> => {
    let more: SipLines = [];
    let isProven = false;
    for (let tries = 0; tries < sends; tries += 1) {
      cseq += 1;
      send(expiresSeconds, more);
      const answer = await next(Math.max(minAnswerMs, retryMs));
      if (answer === undefined) continue;
      if (typeof answer === 'string') return answer;
      const status = 'statusCode' in answer ? answer.statusCode : 0;
      const challenge = readDigest(sipHeader(answer, 'www-authenticate') ?? '');
      if (status === 401 && challenge !== undefined && credentials !== null && !isProven) {
        isProven = true;
        more = [['Authorization', proofOf(challenge, credentials, uri)]];
        tries -= 1;
        continue;
      }
      if (status !== 200) return 'rejected';
      const granted = /expires=(\d+)/i.exec(sipHeader(answer, 'contact') ?? '')?.[1] ?? sipHeader(answer, 'expires');
      return Number(granted ?? expiresSeconds);
    }
    return 'silent';
  };

  return async () => {
    log('sip', 'registers', { server: member.address, port: member.port });
    let granted = await register(defaultExpiresSeconds);
    if (typeof granted === 'number') log('sip', 'registered', { server: member.address });
    while (typeof granted === 'number') {
      const order = await next(Math.max(minRefreshMs, (granted - refreshBeforeSeconds) * 1000));
      if (typeof order === 'string') {
        if (order === 'reset') {
          cseq += 1;
          send(0, []);
        }
        return order;
      }
      granted = await register(defaultExpiresSeconds);
    }
    return granted === 'silent' ? 'lost' : granted;
  };
};

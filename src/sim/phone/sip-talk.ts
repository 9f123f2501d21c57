import { createHash } from 'node:crypto';
import { encodeSip, type SipLines, type SipMessage, sipHeader } from '../../wire/sip.js';
import { readDigest, type SipParameters, writeDigest } from '../../wire/sip.values.js';
import type { Lifetime } from './lifetime.js';
import type { PhoneIdentity } from './phone-identity.js';
import { type SipChannel, sipPort } from './sip-channel.js';

export interface SipCredentials {
  readonly user: string;
  readonly password: string;
}

export interface SipTalkOptions {
  readonly life: Lifetime;
  readonly identity: PhoneIdentity;
  readonly mac: string;
  readonly address: string;
  readonly retryMs: number;
  /** Of its line; null: it answers no challenge. */
  readonly credentials: SipCredentials | null;
  /** On purpose: an order to begin again is answered and changes nothing. */
  readonly ignoresOrders: boolean;
}

/** What ends a registration, besides a better CallManager. */
export type SipEnding = 'silent' | 'rejected' | 'lost' | 'reset' | 'restart-device';

/** A phone's conversation with one CallManager. One request at a time. */
export interface SipTalk {
  /** Seconds granted, or how it ended. */
  register(expiresSeconds: number): Promise<number | SipEnding>;
  /** Nobody waits for the answer. */
  unregister(): void;
  /** A standby's REGISTER: does the CallManager answer it? */
  keepAlive(): Promise<boolean>;
  /** Before a phone moves to a better CallManager: `granted`, or seconds to wait. */
  askForToken(): Promise<'granted' | number | 'silent'>;
  /** What the CallManager says by itself within that time. */
  listen(withinMs: number): Promise<'lost' | 'reset' | 'restart-device' | undefined>;
}

const line = '1000';
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

type Order = 'reset' | 'restart-device';
type Answer = SipMessage & { readonly statusCode: number };

const isEnding = (answer: Answer | SipEnding): answer is SipEnding => typeof answer === 'string';

/** The message as a phone of CallManager's has it (protocol facts 8); Call-ID and tag follow from the MAC. */
export const createSipTalk = (options: SipTalkOptions, channel: SipChannel): SipTalk => {
  const { life, identity, mac, address, retryMs, credentials, ignoresOrders } = options;
  const { member, transport } = channel;
  const bareMac = mac.replaceAll(':', '').toLowerCase();
  const uri = `sip:${member.address}`;
  const user = `<sip:${line}@${member.address}>`;
  const contactUri = `<sip:${line}@${address}:${sipPort};transport=${transport}>`;
  const answerMs = Math.max(minAnswerMs, retryMs);
  let cseq = 100;

  const send = (method: string, contactParameters: readonly string[], more: SipLines): void => {
    cseq += 1;
    const bytes = encodeSip({ method, requestUri: uri }, [
      ['Via', `SIP/2.0/${transport.toUpperCase()} ${address}:${sipPort};branch=z9hG4bK${bareMac}${cseq}`],
      ['From', `${user};tag=${bareMac}`],
      ['To', user],
      ['Call-ID', `${bareMac}-${line}@${address}`],
      ['Max-Forwards', 70],
      ['CSeq', `${cseq} ${method}`],
      ['User-Agent', `Cisco-${identity.model.replace('-', '')}/8.0`],
      ['Contact', [contactUri, ...contactParameters].join(';')],
      ...more,
    ]);
    channel.send(bytes);
  };

  const device = [
    `+sip.instance="<urn:uuid:00000000-0000-0000-0000-${bareMac}>"`,
    `+u.sip!devicename.ccm.cisco.com="${identity.deviceId}"`,
    `+u.sip!model.ccm.cisco.com="${identity.deviceType}"`,
  ];

  /** The order in a NOTIFY of service-control, which is answered; null: another message. */
  const orderIn = (message: SipMessage): Order | null => {
    if (!('method' in message) || message.method !== 'NOTIFY') return null;
    const copied = ['via', 'from', 'to', 'call-id', 'cseq'].map(
      (name) => [name, sipHeader(message, name) ?? ''] as const,
    );
    channel.send(encodeSip({ statusCode: 200, reason: 'OK' }, copied));
    if (ignoresOrders) return null;
    const action = /^action=(\w+)/m.exec(Buffer.from(message.body).toString('latin1'))?.[1];
    return action === 'reset' ? 'restart-device' : action === 'restart' ? 'reset' : null;
  };

  /** What comes next of interest within that time: an order, the end, or the answer to the newest request. */
  const next = async (withinMs: number, method: string | null): Promise<Answer | Order | 'lost' | undefined> => {
    const untilUs = life.clock.nowUs() + withinMs * 1000;
    for (;;) {
      const message = await channel.next(Math.max(0, (untilUs - life.clock.nowUs()) / 1000));
      if (message === undefined) return undefined;
      if (message === 'closed') return 'lost';
      const order = orderIn(message);
      if (order !== null) return order;
      const isFinal = 'statusCode' in message && message.statusCode >= 200;
      if (isFinal && sipHeader(message, 'cseq') === `${cseq} ${method}`) return message as Answer;
    }
  };

  const ask = async (
    method: string,
    contactParameters: readonly string[],
    lines: SipLines,
  ): Promise<Answer | SipEnding> => {
    let proof: SipLines = [];
    for (let tries = 0; tries < sends; tries += 1) {
      send(method, contactParameters, [...lines, ...proof]);
      const answer = await next(answerMs, method);
      if (answer === undefined) continue;
      if (typeof answer === 'string') return answer;
      const challenge = readDigest(sipHeader(answer, 'www-authenticate') ?? '');
      const mayProve = answer.statusCode === 401 && challenge !== undefined && credentials !== null;
      if (!mayProve || proof.length > 0) return answer;
      proof = [['Authorization', proofOf(challenge, credentials, uri)]];
      tries -= 1;
    }
    return 'silent';
  };

  return {
    register: async (expiresSeconds) => {
      const answer = await ask('REGISTER', device, [['Expires', expiresSeconds]]);
      if (isEnding(answer)) return answer;
      if (answer.statusCode !== 200) return 'rejected';
      const granted = /expires=(\d+)/i.exec(sipHeader(answer, 'contact') ?? '')?.[1] ?? sipHeader(answer, 'expires');
      return Number(granted ?? expiresSeconds);
    },
    unregister: () => send('REGISTER', device, [['Expires', 0]]),
    keepAlive: async () => {
      const answer = await ask('REGISTER', [...device, 'expires=0', 'cisco-keep-alive'], [['Expires', 0]]);
      return !isEnding(answer) && answer.statusCode === 200;
    },
    askForToken: async () => {
      const answer = await ask('REFER', device, [
        ['Refer-To', '<urn:X-cisco-remotecc:token-registration>'],
        ['Referred-By', user],
      ]);
      if (isEnding(answer)) return 'silent';
      return answer.statusCode === 202 ? 'granted' : Number(sipHeader(answer, 'retry-after') ?? 0);
    },
    listen: async (withinMs) => {
      const heard = await next(withinMs, null);
      return typeof heard === 'string' ? heard : undefined;
    },
  };
};

import type { FactOf, ObserveFact } from '../timeline/events.js';
import type { Ipv4Packet, UdpDatagram } from '../wire/ipv4.js';
import { decodeSip, looksLikeSip, SipFramer, type SipMessage, sipHeader, sipHeaderLines } from '../wire/sip.js';
import { readCseq, readDigest, readSipAddress, readSipUri, splitSipList } from '../wire/sip.values.js';
import type { TellMalformed } from './malformed.js';
import { wellKnownPorts } from './ports.js';
import { clip, type Seen, type Sighting } from './sighting.js';

type SipFact = FactOf<'sip'>;
type Purpose = SipFact['purpose'];

/** Requests whose answers may still come, at most. */
const maxPending = 64;
/** A message that repeats (refreshes, keepalives) is told so many times, then every `step`-th time with its count. */
const folding = { toldSingly: 30, step: 10, keys: 64 } as const;

interface Place {
  readonly transport: 'udp' | 'tcp';
  /** The CallManager's address and port, whoever speaks. */
  readonly server: string;
  readonly port: number;
}

export interface SipStream {
  push(chunk: Uint8Array, seen: Seen): readonly ObserveFact[];
  /** Bytes were lost: what comes next starts anywhere. */
  restart(): void;
}

export interface SipWatch {
  datagram(ipv4: Ipv4Packet, udp: UdpDatagram, sighting: Sighting): readonly ObserveFact[];
  /** One direction of one connection. */
  stream(server: string, port: number): SipStream;
  /** What was folded and not told yet. */
  flush(): readonly ObserveFact[];
}

interface Repeat {
  times: number;
  untold: SipFact | undefined;
  untoldCount: number;
}

/** SIP to facts: what each request is for, and which request an answer answers. */
export const createSipWatch = (parts: {
  readonly tellMalformed: TellMalformed;
  readonly isCallManagerPort: (port: number) => boolean;
}): SipWatch => {
  const { tellMalformed, isCallManagerPort } = parts;
  const pending = new Map<string, Purpose>();
  const repeats = new Map<string, Repeat>();

  const purposeOfMessage = (message: SipMessage, key: string): Purpose => {
    if (!('method' in message)) return pending.get(key) ?? null;
    const purpose = purposeOf(message);
    const oldest = pending.size >= maxPending ? pending.keys().next().value : undefined;
    if (oldest !== undefined) pending.delete(oldest);
    pending.set(key, purpose);
    return purpose;
  };

  const fold = (fact: SipFact): readonly ObserveFact[] => {
    const key = `${fact.server} ${fact.from} ${fact.method} ${fact.statusCode} ${fact.purpose}`;
    const known = repeats.get(key);
    if (known === undefined && repeats.size >= folding.keys) return [fact];
    const repeat = known ?? { times: 0, untold: undefined, untoldCount: 0 };
    repeats.set(key, repeat);
    repeat.times += 1;
    repeat.untoldCount += 1;
    const counted = { ...fact, count: repeat.untoldCount };
    if (repeat.times > folding.toldSingly && repeat.times % folding.step !== 0) {
      repeat.untold = counted;
      return [];
    }
    repeat.untold = undefined;
    repeat.untoldCount = 0;
    return [counted];
  };

  const observe = (message: SipMessage, place: Place, seen: Seen): readonly ObserveFact[] => {
    const damage = message.malformed === undefined ? [] : tellMalformed('sip', message.malformed, seen);
    const callId = sipHeader(message, 'call-id') ?? '';
    const cseq = sipHeader(message, 'cseq') ?? '';
    const method = 'method' in message ? message.method : (readCseq(cseq)?.method ?? '');
    const isAnswer = !('method' in message);
    const fact: SipFact = {
      kind: 'sip',
      ...seen,
      ...place,
      method: clip(method),
      statusCode: isAnswer ? message.statusCode : null,
      reason: isAnswer ? clip(message.reason) : null,
      purpose: purposeOfMessage(message, `${clip(callId)} ${clip(cseq)}`),
      fields: fieldsOf(message),
      count: 1,
    };
    return [...fold(fact), ...damage];
  };

  return {
    datagram: (ipv4, udp, { seen }) => {
      const isPort = [udp.sourcePort, udp.destinationPort].some(
        (port) => port !== wellKnownPorts.callManager && isCallManagerPort(port),
      );
      if (!isPort && !looksLikeSip(udp.payload)) return [];
      const message = decodeSip(udp.payload);
      // Empty lines keep a binding of a NAT open.
      if (message === undefined) return isBlank(udp.payload) ? [] : tellMalformed('sip', notSip, seen);
      const isFromPhone = seen.from === 'phone';
      const server = isFromPhone ? ipv4.destination : ipv4.source;
      // A CallManager answers from its port; a phone may send from any.
      const port = isFromPhone ? udp.destinationPort : udp.sourcePort;
      return observe(message, { transport: 'udp', server, port }, seen);
    },
    stream: (server, port) => {
      let framer = new SipFramer({ resume: true });
      return {
        push: (chunk, seen) =>
          framer.push(chunk).flatMap((message) => observe(message, { transport: 'tcp', server, port }, seen)),
        restart: () => {
          framer = new SipFramer({ resume: true });
        },
      };
    },
    flush: () =>
      [...repeats.values()].flatMap((repeat) => {
        const { untold } = repeat;
        repeat.untold = undefined;
        repeat.untoldCount = 0;
        return untold === undefined ? [] : [untold];
      }),
  };
};

const notSip = { offset: 0, reason: 'no SIP start line' } as const;

const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0);

/** Does a stream that begins so carry SIP? A start line may not be whole yet. */
export const beginsLikeSip = (bytes: Uint8Array): boolean =>
  /^(?:[A-Z]{3,12} sips?:|SIP\/2\.0 )/.test(Buffer.from(bytes.subarray(0, 24)).toString('latin1'));

const purposeOf = (message: SipMessage): Purpose => {
  if (!('method' in message)) return null;
  if (message.method === 'REGISTER') return registerPurpose(message);
  if (message.method === 'REFER')
    return /remotecc:token-registration/i.test(sipHeader(message, 'refer-to') ?? '') ? 'token' : null;
  if (message.method !== 'NOTIFY' || !/^service-control\b/i.test(sipHeader(message, 'event') ?? '')) return null;
  const [, action] = /action\s*=\s*(reset|restart)/i.exec(Buffer.from(message.body).toString('latin1')) ?? [];
  return action === undefined ? null : (action.toLowerCase() as 'reset' | 'restart');
};

/** A standby's keepalive looks like a de-registration but for one word (protocol facts 8). */
const registerPurpose = (message: SipMessage): Purpose => {
  const contacts = sipHeaderLines(message, 'contact').flatMap(splitSipList).map(readSipAddress);
  if (contacts.some(({ parameters }) => parameters.has('cisco-keep-alive'))) return 'keepalive';
  const expires = contacts[0]?.parameters.get('expires') ?? sipHeader(message, 'expires');
  return expires !== undefined && Number(expires) === 0 ? 'unregister' : 'register';
};

const deviceNameParameter = '+u.sip!devicename.ccm.cisco.com';

const fieldsOf = (message: SipMessage): SipFact['fields'] => {
  const fields: Record<string, string | number> = {};
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') fields[name] = clip(value);
  };
  if ('method' in message) set('requestUri', message.requestUri);
  set('user', readSipUri(readSipAddress(sipHeader(message, 'to') ?? '').uri)?.user);
  const contact = sipHeaderLines(message, 'contact').flatMap(splitSipList)[0];
  set('contact', contact);
  if (contact !== undefined) set('deviceName', readSipAddress(contact).parameters.get(deviceNameParameter));
  const expires = sipHeader(message, 'expires') ?? (contact && readSipAddress(contact).parameters.get('expires'));
  if (expires !== undefined && /^\d{1,9}$/.test(expires)) fields.expires = Number(expires);
  set('userAgent', sipHeader(message, 'user-agent'));
  set('cseq', sipHeader(message, 'cseq'));
  set('callId', sipHeader(message, 'call-id'));
  set('retryAfter', sipHeader(message, 'retry-after'));
  const digest = readDigest(sipHeader(message, 'authorization') ?? '');
  set('digestUser', digest?.get('username'));
  set('alarm', sipHeader(message, 'reason'));
  return fields;
};

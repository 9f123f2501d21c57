import type { CallManagerConduct } from '../plan/call-control.js';
import type { CallManagerPlan, Plan } from '../plan/plan.js';
import { encodeSip, type SipLines, type SipMessage, type SipRequest, sipHeader, sipHeaderLines } from '../wire/sip.js';
import { readSipAddress, readSipUri, type SipParameters, splitSipList } from '../wire/sip.values.js';
import type { FactTeller } from './fact-teller.js';
import { createDigestGuard } from './sip-digest.js';

/** Bindings kept; the one refreshed longest ago goes for a new one. */
export const maxBindings = 8192;
/** What a REGISTER without Expires asks for (RFC 3261 10.2). */
const defaultExpiresSeconds = 3600;
/** Texts of a peer longer than this are not kept. */
const longestKept = 1024;
const serverName = 'Linkpulse';

/** How a phone was reached, so that it can be told something later. */
export interface SipPath {
  readonly transport: 'udp' | 'tcp';
  send(bytes: Uint8Array): void;
  /** Heard when a device was bound over this path. */
  bound?(deviceName: string): void;
}

export interface SipBinding {
  readonly address: string;
  readonly contact: string;
  readonly callId: string;
  /** `SEP<MAC>` where the contact names it, else the address's user. */
  readonly deviceName: string;
  readonly expiresAtUs: number;
  readonly path: SipPath;
}

export interface SipRegistrarOptions {
  readonly plan: Plan;
  readonly server: CallManagerPlan;
  readonly conduct: CallManagerConduct;
  readonly nowUs: () => number;
  readonly wallClock: () => Date;
  readonly teller: FactTeller;
  /** Heard with every REGISTER that binds and was not there before. */
  readonly onRegistered: (binding: SipBinding) => void;
}

export interface SipRegistrar {
  /** The answer to a request; null: none. */
  answer(request: SipRequest, path: SipPath, viaOf: (value: string) => string): Uint8Array | null;
  /** NOTIFY of service-control (protocol facts 8); its Call-ID tells the answer. */
  order(binding: SipBinding, kind: 'reset' | 'restart'): { readonly callId: string; readonly bytes: Uint8Array };
  readonly bindings: ReadonlyMap<string, SipBinding>;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly lines?: SipLines;
}

const ok: Answer = { status: 200, reason: 'OK' };
const tokenUrn = /X-cisco-remotecc:token-registration/i;
const keepAliveMark = 'cisco-keep-alive';
const deviceNameParameter = '+u.sip!devicename.ccm.cisco.com';
const methodsSpoken = 'REGISTER, OPTIONS, REFER, NOTIFY, SUBSCRIBE, PUBLISH';

/** Requests outside registration; a phone that gets such an answer goes on. */
const otherAnswers: Readonly<Record<string, Answer>> = {
  OPTIONS: { ...ok, lines: [['Allow', methodsSpoken]] },
  NOTIFY: ok,
  PUBLISH: ok,
  MESSAGE: ok,
  INFO: ok,
  SUBSCRIBE: { status: 489, reason: 'Bad Event' },
  INVITE: { status: 480, reason: 'Temporarily Unavailable' },
  BYE: { status: 481, reason: 'Call Does Not Exist' },
  CANCEL: { status: 481, reason: 'Call Does Not Exist' },
};

const required = ['via', 'from', 'to', 'call-id', 'cseq'] as const;

/** The address-of-record that a To names, without its parameters. */
const addressOfRecord = (to: string): string => {
  const { uri } = readSipAddress(to);
  const parts = readSipUri(uri);
  return parts === undefined ? uri : `${parts.scheme}:${parts.user}@${parts.host}`;
};

const secondsIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

interface Contact {
  readonly value: string;
  readonly uri: string;
  readonly parameters: SipParameters;
}

/** One CallManager's registrar, without sockets: what each request is answered with, and who is bound. */
export const createSipRegistrar = (options: SipRegistrarOptions): SipRegistrar => {
  const { plan, server, conduct, nowUs, wallClock, teller, onRegistered } = options;
  const bindings = new Map<string, SipBinding>();
  const { digest, expiresSeconds } = plan.sip;
  const guard = digest === null ? null : createDigestGuard(digest, () => nowUs() / 1_000_000);
  let count = 0;

  const unproven = (request: SipRequest): Answer | null => {
    if (guard === null) return null;
    const outcome = guard.check(sipHeader(request, 'authorization'), request.method);
    if (outcome === 'proven') return null;
    if (outcome === 'wrong') return { status: 403, reason: 'Forbidden' };
    const challenge = guard.challenge(outcome === 'stale');
    return { status: 401, reason: 'Unauthorized', lines: [['WWW-Authenticate', challenge]] };
  };

  const live = (address: string): SipBinding | undefined => {
    const binding = bindings.get(address);
    if (binding === undefined || binding.expiresAtUs > nowUs()) return binding;
    bindings.delete(address);
    return undefined;
  };

  const told = (address: string): SipLines => {
    const binding = live(address);
    if (binding === undefined) return [];
    const left = Math.max(0, Math.round((binding.expiresAtUs - nowUs()) / 1_000_000));
    return [
      ['Contact', `${binding.contact};expires=${left}`],
      ['Expires', left],
    ];
  };

  const bind = (request: SipRequest, address: string, contact: Contact, asked: number, path: SipPath): Answer => {
    const granted = Math.min(asked, expiresSeconds);
    const before = live(address);
    const callId = sipHeader(request, 'call-id') ?? '';
    const kept = contact.value.length + address.length + callId.length <= longestKept;
    if (!kept) return { status: 400, reason: 'Contact too long' };
    const { parameters, value } = contact;
    const binding: SipBinding = {
      address,
      contact: value.replace(/;expires=[^;]*/i, ''),
      callId,
      deviceName: parameters.get(deviceNameParameter) ?? readSipUri(address)?.user ?? address,
      expiresAtUs: nowUs() + granted * 1_000_000,
      path,
    };
    // The map keeps the order of refreshing.
    bindings.delete(address);
    const oldest = bindings.size >= maxBindings ? bindings.keys().next().value : undefined;
    if (oldest !== undefined) {
      bindings.delete(oldest);
      teller.once('too-many-bindings', server.name, { server: server.address, limit: maxBindings });
    }
    bindings.set(address, binding);
    path.bound?.(binding.deviceName);
    if (before?.callId !== callId) onRegistered(binding);
    return { ...ok, lines: told(address) };
  };

  const register = (request: SipRequest, path: SipPath): Answer | null => {
    if (conduct.behaviour === 'reject') return { status: 403, reason: conduct.text };
    const address = addressOfRecord(sipHeader(request, 'to') ?? '');
    const contacts = sipHeaderLines(request, 'contact')
      .flatMap(splitSipList)
      .map((value): Contact => ({ value, ...readSipAddress(value) }));
    const isKeepAlive = contacts.some(({ parameters }) => parameters.has(keepAliveMark));
    if (conduct.behaviour === 'ignore-keepalives' && (isKeepAlive || live(address) !== undefined)) return null;
    // Not a de-registration whatever its Expires says, and nothing a password guards.
    if (isKeepAlive) return { ...ok, lines: [['Expires', 0]] };
    const refusal = unproven(request);
    if (refusal !== null) return refusal;
    const headerExpires = secondsIn(sipHeader(request, 'expires'));
    const [contact] = contacts;
    if (contact === undefined) return { ...ok, lines: told(address) };
    const asked = secondsIn(contact.parameters.get('expires')) ?? headerExpires ?? defaultExpiresSeconds;
    if (asked === 0) {
      bindings.delete(address);
      return ok;
    }
    if (contact.uri === '*') return { status: 400, reason: 'Bad Request' };
    tellBulk(request);
    return bind(request, address, contact, asked, path);
  };

  /** A CallManager-style phone registers its first line and lists the others inside the body. */
  const tellBulk = (request: SipRequest): void => {
    if (request.body.length === 0 || !/remotecc/i.test(sipHeader(request, 'content-type') ?? '')) return;
    const body = Buffer.from(request.body).toString('latin1');
    if (!/<bulkregister\b/i.test(body)) return;
    const lines = body.match(/<contact\b/gi)?.length ?? 0;
    teller.once('bulk-registration', server.name, { server: server.address, lines });
  };

  const refer = (request: SipRequest): Answer => {
    if (!tokenUrn.test(sipHeader(request, 'refer-to') ?? '')) return { status: 603, reason: 'Decline' };
    const { token, tokenWaitSeconds } = plan.callControl;
    if (token === 'grant') return { status: 202, reason: 'Accepted' };
    return { status: 486, reason: 'Busy Here', lines: [['Retry-After', tokenWaitSeconds]] };
  };

  const decide = (request: SipRequest, path: SipPath): Answer | null => {
    if (required.some((name) => sipHeader(request, name) === undefined)) return { status: 400, reason: 'Bad Request' };
    switch (request.method) {
      case 'REGISTER':
        return register(request, path);
      case 'REFER':
        return refer(request);
      case 'ACK':
        return null;
      default: {
        if (Object.hasOwn(otherAnswers, request.method)) return otherAnswers[request.method] ?? null;
        teller.once('unknown-message', request.method, { server: server.address, message: request.method });
        return { status: 501, reason: 'Not Implemented', lines: [['Allow', methodsSpoken]] };
      }
    }
  };

  /** Via, From, To, Call-ID and CSeq come back as they were; To gets a tag. */
  const write = (request: SipMessage, { status, reason, lines = [] }: Answer, viaOf: (value: string) => string) => {
    const copied: [string, string][] = [];
    let isTopVia = true;
    for (const { name, value } of request.headers) {
      if (name === 'via') {
        copied.push(['Via', isTopVia ? viaOf(value) : value]);
        isTopVia = false;
      } else if (name === 'from') copied.push(['From', value]);
      else if (name === 'to') copied.push(['To', /;\s*tag=/i.test(value) ? value : `${value};tag=lp${++count}`]);
      else if (name === 'call-id') copied.push(['Call-ID', value]);
      else if (name === 'cseq') copied.push(['CSeq', value]);
    }
    return encodeSip({ statusCode: status, reason }, [
      ...copied,
      ['Server', serverName],
      ['Date', wallClock().toUTCString()],
      ...lines,
    ]);
  };

  return {
    bindings,
    answer: (request, path, viaOf) => {
      if (conduct.behaviour === 'silent' || sipHeader(request, 'via') === undefined) return null;
      const answer = decide(request, path);
      return answer === null ? null : write(request, answer, viaOf);
    },
    order: ({ address, contact, callId: registration, path }, kind) => {
      count += 1;
      const callId = `lp-notify-${count}@${server.address}`;
      const here = `${server.address}:${server.port}`;
      const body = Buffer.from(`action=${kind}\r\nRegisterCallId={${registration}}\r\n`);
      const bytes = encodeSip(
        { method: 'NOTIFY', requestUri: readSipAddress(contact).uri },
        [
          ['Via', `SIP/2.0/${path.transport.toUpperCase()} ${here};branch=z9hG4bKlp${count}`],
          ['Max-Forwards', 70],
          ['From', `<sip:${server.address}>;tag=lp${count}`],
          ['To', `<${address}>`],
          ['Call-ID', callId],
          ['CSeq', `${count} NOTIFY`],
          ['Contact', `<sip:${here};transport=${path.transport}>`],
          ['Event', 'service-control'],
          ['Subscription-State', 'active'],
          ['Content-Type', 'text/plain'],
        ],
        body,
      );
      return { callId, bytes };
    },
  };
};

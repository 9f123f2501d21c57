import type { UdpPeer, UdpPort } from '../network/ip-attachment.js';
import type { Alarm } from '../timeline/clock.js';
import { decodeSip, SipFramer, type SipMessage, sipBounds, sipHeader } from '../wire/sip.js';
import { readSipVia } from '../wire/sip.values.js';
import type { MemberOptions } from './call-manager.js';
import { createFactTeller } from './fact-teller.js';
import type { Service } from './service.js';
import { createSipRegistrar, type SipPath } from './sip-registrar.js';
import { serveTalks } from './tcp-talks.js';

const defaultPort = 5060;
/** A phone says nothing on a standby connection for so long (timerKeepAliveExpires of its file). */
const keepAliveSeconds = 120;
const silentIntervals = 3;
const millisecondsPerSecond = 1000;
/** NOTIFY over UDP is repeated until it is answered: RFC 3261 T1, doubled each time. */
const notifyRepeatsMs = [500, 1000, 2000, 4000] as const;
/** Answers that a slow member may still owe over UDP. */
const maxDelayedAnswers = 256;

const pong = Buffer.from('\r\n');
const nothing = new Uint8Array();

/**
 * The top Via as the answer has it, and the port it goes to: with `rport` back to the source port (RFC 3581), else to the
 * port the Via names, where a 79x0 listens while it sends from another.
 */
const viaFor = (peer: UdpPeer) => {
  const write = (value: string): string => {
    const comma = value.indexOf(',');
    const top = comma < 0 ? value : value.slice(0, comma);
    const rest = comma < 0 ? '' : value.slice(comma);
    const via = readSipVia(top);
    if (via === undefined) return value;
    const filled = via.parameters.get('rport') === '' ? top.replace(/;\s*rport(?=;|$)/i, `;rport=${peer.port}`) : top;
    const needsReceived = via.host !== peer.address && !via.parameters.has('received');
    return `${filled}${needsReceived ? `;received=${peer.address}` : ''}${rest}`;
  };
  return write;
};

const answerPort = (message: SipMessage, peer: UdpPeer): number => {
  const via = readSipVia((sipHeader(message, 'via') ?? '').split(',', 1)[0] ?? '');
  if (via === undefined || via.parameters.has('rport')) return peer.port;
  return via.port ?? defaultPort;
};

/** One member that serves: SIP over UDP and TCP on its address and port. */
export const serveSip = async (options: MemberOptions): Promise<Service> => {
  const { plan, clock, ip, now, tell, member, conduct, onRegistered } = options;
  const teller = createFactTeller('callmanager', tell);
  const delayMs = conduct.behaviour === 'slow' ? conduct.delayMs : 0;
  const alarms = new Set<Alarm>();
  /** NOTIFYs that nobody has answered, by Call-ID. */
  const unanswered = new Map<string, Alarm>();

  const later = (waitMs: number, callback: () => void): Alarm => {
    const alarm = clock.alarm(waitMs, () => {
      alarms.delete(alarm);
      callback();
    });
    alarms.add(alarm);
    return alarm;
  };

  const registrar = createSipRegistrar({
    plan,
    server: member,
    conduct,
    nowUs: clock.nowUs,
    wallClock: now,
    teller,
    onRegistered: (binding) => {
      const order = (kind: 'reset' | 'restart'): void => {
        const { callId, bytes } = registrar.order(registrar.bindings.get(binding.address) ?? binding, kind);
        const send = (): void => binding.path.send(bytes);
        send();
        if (binding.path.transport === 'udp') repeat(callId, send, 0);
      };
      onRegistered?.({ deviceName: binding.deviceName, order });
    },
  });
  const repeat = (callId: string, send: () => void, times: number): void => {
    const waitMs = notifyRepeatsMs[times];
    if (waitMs === undefined) return void unanswered.delete(callId);
    const alarm = later(waitMs, () => {
      send();
      repeat(callId, send, times + 1);
    });
    unanswered.set(callId, alarm);
  };

  /** The answer to a request; an answer of the phone's ends what was repeated for it. */
  const take = (message: SipMessage, path: SipPath, peer: UdpPeer): Uint8Array | null => {
    if ('method' in message) return registrar.answer(message, path, viaFor(peer));
    const callId = sipHeader(message, 'call-id') ?? '';
    const alarm = unanswered.get(callId);
    if (alarm === undefined) return null;
    alarm.cancel();
    alarms.delete(alarm);
    unanswered.delete(callId);
    return null;
  };

  const onDatagram = (udp: UdpPort, data: Uint8Array, peer: UdpPeer): void => {
    if (data.length > sipBounds.headBytes + sipBounds.bodyBytes) return;
    const message = decodeSip(data);
    // Not SIP, or an empty line that keeps a NAT open.
    if (message === undefined) return;
    const target = { address: peer.address, port: answerPort(message, peer) };
    const path: SipPath = { transport: 'udp', send: (bytes) => udp.send(bytes, target) };
    const answer = take(message, path, peer);
    if (answer === null) return;
    if (delayMs === 0) path.send(answer);
    else if (alarms.size < maxDelayedAnswers) later(delayMs, () => path.send(answer));
  };

  const udp = ip.bindUdp({ address: member.address, port: member.port });
  udp.onError(() => {});
  udp.onMessage((data, peer) => onDatagram(udp, data, peer));
  const tcp = await serveTalks({
    ip,
    clock,
    teller,
    name: member.name,
    address: member.address,
    port: member.port,
    silenceMs: Math.max(plan.sip.expiresSeconds, keepAliveSeconds) * silentIntervals * millisecondsPerSecond,
    delayMs,
    createTalk: (write, peer) => {
      const framer = new SipFramer();
      let deviceName: string | null = null;
      const path: SipPath = {
        transport: 'tcp',
        send: write,
        bound: (name) => {
          deviceName = name;
        },
      };
      return {
        get deviceName() {
          return deviceName;
        },
        push: (chunk) => {
          const messages = framer.push(chunk);
          const replies: Uint8Array[] = [];
          for (const message of messages) {
            const answer = take(message, path, peer);
            if (answer !== null) replies.push(answer);
          }
          if (framer.takeEmptyLines() >= 2 && conduct.behaviour !== 'silent') replies.push(pong);
          const [first = nothing] = replies;
          const reply = replies.length <= 1 ? first : Buffer.concat(replies);
          return { reply, messages: messages.length, garbage: framer.lost ?? null };
        },
      };
    },
  }).catch((error: unknown) => {
    udp.close();
    throw error;
  });

  return {
    close: async () => {
      for (const alarm of alarms) alarm.cancel();
      alarms.clear();
      udp.close();
      await tcp.close();
    },
  };
};

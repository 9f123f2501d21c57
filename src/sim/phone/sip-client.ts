import type { PhoneStack } from '../contracts.js';
import { LifetimeEnded } from './lifetime.js';
import type { PhoneLog } from './phone-log.js';
import { type CallManagerMember, connectionFailure } from './sccp-connection.js';
import { openTcpDoor, openUdpDoor, type SipChannel, type SipDoor, type SipTransport } from './sip-channel.js';
import { watchBetter } from './sip-standby.js';
import { createSipTalk, type SipEnding, type SipTalk, type SipTalkOptions } from './sip-talk.js';

export interface SipClientOptions extends SipTalkOptions {
  readonly stack: PhoneStack;
  /** In the order of priority, at least one. */
  readonly members: readonly CallManagerMember[];
  readonly transport: SipTransport;
  /** On purpose: it stays where it failed over to. */
  readonly neverFallsBack: boolean;
  readonly log: PhoneLog;
}

const defaultExpiresSeconds = 120;
/** timerRegisterDelta (protocol facts 8): so long before its end a registration is renewed. */
const refreshBeforeSeconds = 5;
const minRefreshMs = 1_000;
/** How long a CallManager may take to connect. */
const connectRetries = 3;

/**
 * SIP as a phone of CallManager's has it: registers its first line with the member of highest priority that lets it, renews
 * that in time, goes on to the next where nobody answers and back to a better one that grants a token. Resolves when a NOTIFY
 * of service-control tells it to begin again.
 */
export const runSip = async (options: SipClientOptions): Promise<'reset' | 'restart-device'> => {
  const { stack, life, members, transport, retryMs, log } = options;
  const door = transport === 'udp' ? await openUdpDoor(stack, life) : openTcpDoor(stack, life);
  let index = 0;
  let granted: SipChannel | undefined;
  for (;;) {
    const member = members[index % members.length];
    if (member === undefined) throw new RangeError('a phone without CallManagers does not register');
    const channel: SipChannel | undefined = granted ?? (await open(options, door, member));
    granted = undefined;
    if (channel !== undefined) {
      const { ending, better } = await serve(options, door, channel);
      log('sip', 'ends', { server: channel.member.address, reason: ending });
      if (ending === 'reset' || ending === 'restart-device') {
        door.close();
        return ending;
      }
      granted = better;
    }
    if (granted !== undefined) index = members.indexOf(granted.member);
    else {
      index = (index + 1) % members.length;
      await life.sleep(retryMs);
    }
  }
};

const open = async (
  { life, retryMs, log }: SipClientOptions,
  door: SipDoor,
  member: CallManagerMember,
): Promise<SipChannel | undefined> => {
  try {
    return await life.guard(door.open(member, connectRetries * retryMs));
  } catch (error) {
    if (error instanceof LifetimeEnded) throw error;
    log('sip', 'unreachable', { server: member.address, reason: connectionFailure(error) });
    return undefined;
  }
};

/** One registration from its first REGISTER to its end; the way to a better CallManager comes along. */
const serve = async (
  options: SipClientOptions,
  door: SipDoor,
  channel: SipChannel,
): Promise<{ readonly ending: SipEnding | 'moved'; readonly better?: SipChannel }> => {
  const { members, life, retryMs, neverFallsBack, log } = options;
  const { member } = channel;
  const talk = createSipTalk(options, channel);
  log('sip', 'registers', { server: member.address, port: member.port });
  const granted = await talk.register(defaultExpiresSeconds);
  if (typeof granted !== 'number') {
    channel.close();
    return { ending: granted };
  }
  log('sip', 'registered', { server: member.address });
  const standby = watchBetter({
    door,
    talk: options,
    life,
    better: neverFallsBack ? [] : members.slice(0, members.indexOf(member)),
    keepaliveMs: refreshMs(granted),
    stabilityMs: retryMs,
    log,
  });
  const ended = await Promise.race([stayRegistered(talk, granted), standby.better]);
  standby.stop();
  const isOver = typeof ended === 'string';
  if (!isOver || ended === 'reset') talk.unregister();
  channel.close();
  return isOver ? { ending: ended } : { ending: 'moved', better: ended };
};

const refreshMs = (grantedSeconds: number): number =>
  Math.max(minRefreshMs, (grantedSeconds - refreshBeforeSeconds) * 1000);

const stayRegistered = async (talk: SipTalk, firstGrantedSeconds: number): Promise<SipEnding> => {
  let granted: number | SipEnding = firstGrantedSeconds;
  while (typeof granted === 'number') {
    const heard = await talk.listen(refreshMs(granted));
    if (heard !== undefined) return heard;
    granted = await talk.register(defaultExpiresSeconds);
  }
  return granted === 'silent' ? 'lost' : granted;
};

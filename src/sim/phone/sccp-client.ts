import type { SccpMessage } from '../../wire/sccp.js';
import type { PhoneStack } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import { LifetimeEnded } from './lifetime.js';
import type { PhoneIdentity } from './phone-identity.js';
import type { PhoneLog } from './phone-log.js';
import { type CallManagerMember, connectionFailure, connectSccp, type SccpConnection } from './sccp-connection.js';
import { startStandby } from './sccp-standby.js';

/** How long a member may take to connect and to answer: a silent one keeps a phone longer than one that refuses. */
const answerRetries = 3;
const minAnswerMs = 2_000;
/** Keepalives without any answer before the phone fails over (delayed mode, protocol facts 7.6). */
const maxUnanswered = 3;
const defaultSecondaryKeepaliveSeconds = 60;
const minKeepaliveSeconds = 1;
const line = 1;
/** Codec and milliseconds per packet: G.711 u-law and A-law, G.729, G.729A. */
const capabilities = '4:40,2:40,11:60,12:60';
/** What the phone asks once its capabilities are told, all without waiting for answers. */
const requestsAfterCapabilities: readonly (readonly [name: string, fields?: Readonly<Record<string, number>>])[] = [
  ['VersionReq'],
  ['ButtonTemplateReq'],
  ['SoftKeyTemplateReq'],
  ['SoftKeySetReq'],
  ['ConfigStatReq'],
  ['LineStatReq', { line }],
  ['ForwardStatReq', { line }],
  ['TimeDateReq'],
];

/** Reset types (protocol facts 7.3): the whole device starts again, or it fetches its files and registers again. */
const resetType = { restartDevice: 1, registerAgain: 2 } as const;

export interface SccpClientOptions {
  readonly stack: PhoneStack;
  readonly life: Lifetime;
  readonly identity: PhoneIdentity;
  /** The one it runs: newer phones tell it in Register. */
  readonly load: string;
  readonly address: string;
  /** In the order of priority, at least one. */
  readonly members: readonly CallManagerMember[];
  readonly retryMs: number;
  /** On purpose: a Reset changes nothing. */
  readonly ignoresOrders?: boolean;
  /** On purpose: it stays where it failed over to. */
  readonly neverFallsBack?: boolean;
  readonly log: PhoneLog;
}

type Ending = 'rejected' | 'silent' | 'lost' | 'moved' | 'reset' | 'restart-device';

/**
 * Registers with the member of highest priority that lets it, keeps that alive with a standby connection to the next
 * one, and fails over. Resolves only when a CallManager tells it to begin again, with its files or with its loader.
 */
export const runSccp = async (options: SccpClientOptions): Promise<'reset' | 'restart-device'> => {
  const { life, members, retryMs, log } = options;
  const answerMs = Math.max(minAnswerMs, answerRetries * retryMs);
  let index = 0;
  let standby: SccpConnection | undefined;

  for (;;) {
    const member = members[index % members.length];
    if (member === undefined) throw new RangeError('a phone without CallManagers does not register');
    const connection = standby ?? (await connectTo(options, member, answerMs));
    standby = undefined;
    let ending: Ending;
    if (connection !== undefined) {
      const served = await serve(options, connection, answerMs);
      ending = served.ending;
      standby = served.standby;
      log('sccp', 'ends', { server: connection.member.address, reason: ending });
      if (ending === 'restart-device' || ending === 'reset') return ending;
    }
    if (standby !== undefined) index = members.indexOf(standby.member);
    else {
      index = (index + 1) % members.length;
      await life.sleep(retryMs);
    }
  }
};

const connectTo = async (
  { stack, life, log }: SccpClientOptions,
  member: CallManagerMember,
  timeoutMs: number,
): Promise<SccpConnection | undefined> => {
  log('sccp', 'connects', { server: member.address, port: member.port });
  try {
    return await connectSccp({ stack, life, member, timeoutMs });
  } catch (error) {
    if (error instanceof LifetimeEnded) throw error;
    log('sccp', 'unreachable', { server: member.address, reason: connectionFailure(error) });
    return undefined;
  }
};

/** One registration from Register to its end; a standby connection that outlived it comes along. */
const serve = async (
  options: SccpClientOptions,
  connection: SccpConnection,
  answerMs: number,
): Promise<{ readonly ending: Ending; readonly standby?: SccpConnection }> => {
  const { stack, life, identity, address, members, retryMs, log } = options;
  const intervals = await register(options, connection, answerMs);
  if (typeof intervals === 'string') {
    connection.close();
    return { ending: intervals };
  }
  log('sccp', 'registered', { server: connection.member.address });
  const standby = startStandby({
    stack,
    life,
    members,
    current: connection.member,
    keepaliveMs: intervals.secondaryMs,
    retryMs: Math.max(retryMs, intervals.secondaryMs),
    timeoutMs: answerMs,
    token: { deviceName: identity.deviceId, stationAddress: address, deviceType: identity.deviceType },
    log,
  });
  const ended = await Promise.race([
    stayRegistered(options, connection, intervals.primaryMs),
    ...(options.neverFallsBack === true ? [] : [standby.better]),
  ]);
  const better = typeof ended === 'string' ? undefined : ended;
  const ending = typeof ended === 'string' ? ended : 'moved';
  if (better !== undefined) connection.send('Unregister');
  connection.close();
  const spare = ending === 'lost' || ending === 'moved' ? standby.take(better) : undefined;
  standby.stop();
  return spare === undefined ? { ending } : { ending, standby: spare };
};

interface KeepaliveIntervals {
  readonly primaryMs: number;
  readonly secondaryMs: number;
}

const register = async (
  { identity, load, address }: SccpClientOptions,
  connection: SccpConnection,
  answerMs: number,
): Promise<KeepaliveIntervals | Ending> => {
  const { protocolVersion, features, tellsLoad } = identity.sccp;
  // Without a load name it is the short form of 8.1 loads: no room for IPv6, load name and version stamp.
  connection.send('Register', {
    deviceName: identity.deviceId,
    stationAddress: address,
    deviceType: identity.deviceType,
    protocolVersion,
    features,
    ...(tellsLoad ? { loadName: load } : {}),
  });
  connection.send('IpPort', { port: 0 });
  let intervals: KeepaliveIntervals | undefined;
  for (;;) {
    const message = await connection.next(answerMs);
    if (message === undefined) return 'silent';
    if (message === 'closed') return 'lost';
    if (message.messageName === 'RegisterReject') return 'rejected';
    if (message.messageName === 'RegisterAck') intervals = intervalsOf(message);
    if (message.messageName === 'CapabilitiesReq' && intervals !== undefined) {
      connection.send('CapabilitiesRes', { capabilities });
      for (const [name, fields] of requestsAfterCapabilities) connection.send(name, fields);
      return intervals;
    }
  }
};

/** CallManager 2.x sends no secondary interval (12-byte form). */
const intervalsOf = ({ fields }: SccpMessage): KeepaliveIntervals => {
  const milliseconds = (value: string | number | undefined, byDefault: number): number =>
    Math.max(minKeepaliveSeconds, Number(value ?? byDefault)) * 1000;
  return {
    primaryMs: milliseconds(fields.keepaliveSeconds, defaultSecondaryKeepaliveSeconds),
    secondaryMs: milliseconds(fields.secondaryKeepaliveSeconds, defaultSecondaryKeepaliveSeconds),
  };
};

const stayRegistered = async (
  { life, ignoresOrders = false }: SccpClientOptions,
  connection: SccpConnection,
  keepaliveMs: number,
): Promise<Ending> => {
  let unanswered = 0;
  let dueUs = life.clock.nowUs() + keepaliveMs * 1000;
  for (;;) {
    const message = await connection.next(Math.max(0, (dueUs - life.clock.nowUs()) / 1000));
    if (message === 'closed') return 'lost';
    if (message === undefined) {
      if (unanswered >= maxUnanswered) return 'lost';
      unanswered += 1;
      dueUs += keepaliveMs * 1000;
      connection.send('KeepAlive');
      continue;
    }
    unanswered = 0;
    if (message.messageName !== 'Reset' || ignoresOrders) continue;
    if (message.fields.type === resetType.restartDevice) return 'restart-device';
    if (message.fields.type !== resetType.registerAgain) continue;
    connection.send('Unregister');
    return 'reset';
  }
};

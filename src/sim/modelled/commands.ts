/** What the modelled board does with each message of its host (hardware/firmware/command.c, request.c, profile.c). */
import { decodeInjectorMessage } from '../../wire/injector.js';
import {
  discoverFlags,
  type HostMessageName,
  type InjectorFields,
  injectorMessages,
  injectorRefusals,
  selfTestFlags,
} from '../../wire/injector-messages.js';
import type { Agenda } from './agenda.js';
import type { Discovery, Request } from './discovery.js';
import { cyclesOf, type Guard } from './guard.js';
import type { Outbox } from './outbox.js';
import type { SelfTest } from './self-test.js';

export interface Identity {
  readonly protocol: number;
  readonly serial: string;
  readonly revision: number;
  readonly calibrated: boolean;
  readonly calibrationDays: number;
  readonly resetCause: number;
}

export type Profile = InjectorFields<'STORE_PROFILE'>;

export interface CommandParts {
  readonly agenda: Agenda;
  readonly outbox: Outbox;
  readonly guard: Guard;
  readonly discovery: Discovery;
  readonly selfTest: SelfTest;
  readonly identity: Identity;
  /** In the EEPROM. */
  readonly stored: { profile: Profile | null };
  /** The host has introduced itself. */
  readonly introduced: () => void;
  readonly isIntroduced: () => boolean;
}

const firmware = { firmwareMajor: 2, firmwareMinor: 0 } as const;
/** hardware/firmware/config.h: lowest and highest of each parameter. */
const bounds = {
  inrushTimerMs: [5, 200],
  overloadMilliamps: [20, 450],
  overloadMs: [1, 200],
  underloadMilliamps: [1, 100],
  underloadMs: [10, 2000],
  heartbeatTimeoutMs: [200, 800],
  linkDeadlineMs: [1000, 60_000],
  offDwellMs: [500, 60_000],
  echoes: [3, 8],
  maxBursts: [3, 250],
  method: [0, 2],
  pairs: [0, 4],
  pulseWidth: [0, 3],
} as const satisfies Partial<Record<keyof Request, readonly [number, number]>>;
const highestFedPairs = 2;
const storingMs = 100;
const noProfile: Profile = {
  ...{ id: 0, method: 0, pairs: 0, echoes: 0, maxBursts: 0, pulseWidth: 0, inrushTimerMs: 0, overloadMilliamps: 0 },
  ...{ overloadMs: 0, underloadMilliamps: 0, underloadMs: 0, heartbeatTimeoutMs: 0, linkDeadlineMs: 0, offDwellMs: 0 },
};

type Refusal = NonNullable<(typeof injectorRefusals)[number]>;
/** ACK, a refusal, or nothing (the answer is a message of its own, now or later). */
type Answer = 'ack' | Refusal | null;

const misfit = (request: Request): Refusal | undefined => {
  const names = Object.keys(bounds) as (keyof typeof bounds)[];
  const isOutside = names.some((name) => request[name] < bounds[name][0] || request[name] > bounds[name][1]);
  if (isOutside || request.maxBursts < request.echoes) return 'BAD_PARAMETER';
  return request.pairs > highestFedPairs ? 'PAIRS' : undefined;
};

export const createCommands = (parts: CommandParts): ((content: Uint8Array) => void) => {
  const { agenda, outbox, guard, discovery, selfTest, identity, stored } = parts;

  const stopEverything = () => {
    discovery.abort();
    selfTest.abort();
    guard.off('COMMANDED');
  };
  /** For what needs a board that is off and at rest. */
  const unrest = (): Refusal | undefined => {
    if (!parts.isIntroduced()) return 'NOT_IDENTIFIED';
    if (guard.state === 'locked') return 'LOCKED';
    return guard.state === 'off' ? undefined : 'BUSY';
  };

  const identify = ({ protocol }: InjectorFields<'IDENTIFY'>): Answer => {
    if (protocol !== identity.protocol) return 'PROTOCOL_VERSION';
    stopEverything();
    parts.introduced();
    const { calibrated, ...told } = identity;
    const profileId = stored.profile?.id ?? 0;
    outbox.message('IDENTITY', { ...told, ...firmware, calibrated: calibrated ? 1 : 0, profileId });
    return null;
  };
  const discover = ({ flags, entropy: _entropy, ...request }: InjectorFields<'DISCOVER'>): Answer => {
    const power = (flags & discoverFlags.power) !== 0;
    const wrong = flags > (discoverFlags.power | discoverFlags.heartbeatLine) ? 'BAD_PARAMETER' : misfit(request);
    if (wrong !== undefined) return wrong;
    if (!parts.isIntroduced()) return 'NOT_IDENTIFIED';
    if (!identity.calibrated) return 'NOT_CALIBRATED';
    if (guard.state === 'locked') return 'LOCKED';
    if (guard.state !== 'off') return 'BUSY';
    if (guard.isDwelling) return 'OFF_DWELL';
    if (!guard.isJackSafe) {
      guard.fault('FOREIGN_VOLTAGE');
      return 'FOREIGN_VOLTAGE';
    }
    if (power && !guard.isEstopOk) return 'ESTOP';
    // Its discrete lines are not modelled: a heartbeat by a line never comes.
    const byLine = (flags & discoverFlags.heartbeatLine) !== 0;
    if (power && (byLine || !guard.isHeartbeatFresh(request.heartbeatTimeoutMs))) return 'NO_HEARTBEAT';
    discovery.start(request, power);
    return 'ack';
  };
  const storeProfile = (profile: Profile, seq: number): Answer => {
    const wrong = unrest() ?? (profile.id === 0 ? 'BAD_PARAMETER' : misfit(profile));
    if (wrong !== undefined) return wrong;
    guard.setDiscovering(true);
    agenda.at(agenda.cycles + cyclesOf(storingMs), () => {
      stored.profile = profile;
      guard.setDiscovering(false);
      answer(injectorMessages.STORE_PROFILE.type, seq, 'ack');
    });
    return null;
  };

  const answer = (ofType: number, ofSeq: number, outcome: Answer) => {
    const slot = `answer ${ofType}/${ofSeq}`;
    if (outcome === 'ack') outbox.message('ACK', { ofType, ofSeq }, slot);
    else if (outcome !== null)
      outbox.message('REFUSED', { ofType, ofSeq, code: injectorRefusals.indexOf(outcome) }, slot);
  };

  const carryOut: { readonly [N in HostMessageName]: (fields: InjectorFields<N>, seq: number) => Answer } = {
    IDENTIFY: identify,
    DISCOVER: discover,
    OFF: () => {
      stopEverything();
      return 'ack';
    },
    HEARTBEAT: ({ counter }) => {
      guard.heartbeat(counter);
      return null;
    },
    LINK: ({ up }) => {
      if (up > 1) return 'BAD_PARAMETER';
      guard.link(up === 1);
      return 'ack';
    },
    TAKE_TRIP: () => {
      if (!parts.isIntroduced()) return 'NOT_IDENTIFIED';
      guard.takeTrip();
      return null;
    },
    UNLOCK: () => (guard.unlock() ? 'ack' : 'FOREIGN_VOLTAGE'),
    SELFTEST: ({ flags }) => {
      if (flags > selfTestFlags.starveWatchdog) return 'BAD_PARAMETER';
      const wrong = unrest();
      if (wrong !== undefined) return wrong;
      selfTest.start((flags & selfTestFlags.starveWatchdog) !== 0);
      return 'ack';
    },
    STORE_PROFILE: storeProfile,
    READ_PROFILE: () => {
      if (!parts.isIntroduced()) return 'NOT_IDENTIFIED';
      outbox.message('PROFILE', { valid: stored.profile === null ? 0 : 1, ...(stored.profile ?? noProfile) });
      return null;
    },
  };

  return (content) => {
    const message = decodeInjectorMessage(content);
    if (message.name === 'malformed') {
      const reason: Refusal = message.malformed.reason.includes('CRC') ? 'BAD_CRC' : 'BAD_LENGTH';
      return answer(message.type ?? 0, message.seq ?? 0, reason);
    }
    if (message.name === 'unknown') return answer(message.type, message.seq, 'UNKNOWN_TYPE');
    if (!Object.hasOwn(carryOut, message.name))
      return answer(injectorMessages[message.name].type, message.seq, 'UNKNOWN_TYPE');
    const name = message.name as HostMessageName;
    // The table above and the codec's have the fields of one name under the same name.
    const act = carryOut[name] as (fields: unknown, seq: number) => Answer;
    answer(injectorMessages[name].type, message.seq, act(message.fields, message.seq));
  };
};

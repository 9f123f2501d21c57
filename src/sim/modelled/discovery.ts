/**
 * The modelled board's discovery (hardware/firmware/discovery.c, listen.c, flp.c): relay, listening, bursts, then on to the
 * probe or to power. What comes back is asked of the device on the jack, pulse by pulse.
 */
import { decodeBurst, wordToPositions } from '../../wire/flp.js';
import { type InjectorFields, noRoundTrip } from '../../wire/injector-messages.js';
import type { PluggedDevice } from '../contracts.js';
import type { PowerPath } from '../electrical.js';
import type { Agenda } from './agenda.js';
import { type Cause, cyclesOf, type Guard, unitsOf } from './guard.js';
import type { Outbox } from './outbox.js';
import { createProbe } from './probe.js';

export type Request = Omit<InjectorFields<'DISCOVER'>, 'flags' | 'entropy'>;

export interface Discovery {
  start(request: Request, power: boolean): void;
  abort(): void;
}

export interface DiscoveryParts {
  readonly agenda: Agenda;
  readonly path: PowerPath;
  readonly device: PluggedDevice;
  readonly outbox: Outbox;
  readonly guard: Guard;
  /** Turns the polarity relay for the pairs of that code; false: it may not move now. */
  readonly turnPolarity: (pairs: number) => boolean;
}

/** hardware/firmware/config.h, in milliseconds. */
const timing = {
  relaySettle: 10,
  listen: 50,
  burstPeriod: 16,
  quiet: 1,
  latchClear: 1,
  switch2Settle: 12,
  maxAge: [500, 400],
} as const;
const cyclesPerUs = 16;
const positionCycles = 1000;
const burstCycles = 33 * positionCycles;
const pulseCycles = [2, 4, 8, 16] as const;
const widest = pulseCycles.length - 1;
const earliestSampleCycles = 4;
const foreignBurstsMax = 3;
const flpRunMin = 5;
/** Pulse to pulse, microseconds (hardware/firmware/config.h, GAP_*). */
const gaps = { dataMin: 48, clockMax: 160, linkMin: 6_000, linkMax: 26_000, betweenBursts: 1_000 } as const;
const outcomes = { loopback: 0, nothing: 1, partner: 2, noise: 3, signature: 4, noSignature: 5 } as const;
type Outcome = keyof typeof outcomes;
const methods = { prestandard: 0, af: 1, auto: 2 } as const;
const sparePairs = { prestandard: 1, af: 2 } as const;

export const pairsFor = (request: Request, method: number): number => {
  if (request.pairs !== 0) return request.pairs;
  return method === methods.af ? sparePairs.af : sparePairs.prestandard;
};

/** xorshift: a fresh word for each burst. */
const createWords = () => {
  let state = 0x1d872b41;
  return (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xffff;
  };
};

/** What a link partner's pulses look like: a run of FLP gaps, or link pulses; and its word, where a burst came whole. */
const partnerIn = (pulses: readonly number[]): { readonly isPartner: boolean; readonly word: number | undefined } => {
  const gapsUs = pulses.slice(1).map((pulse, index) => (pulse - (pulses[index] ?? 0)) / cyclesPerUs);
  const flpRun = gapsUs.filter((gap) => gap >= gaps.dataMin && gap <= gaps.clockMax).length;
  const linkPulses = gapsUs.filter((gap) => gap >= gaps.linkMin && gap <= gaps.linkMax).length;
  const bursts: number[][] = [];
  for (const [index, pulse] of pulses.entries()) {
    const gap = index === 0 ? Number.POSITIVE_INFINITY : (gapsUs[index - 1] ?? 0);
    if (gap > gaps.betweenBursts) bursts.push([]);
    bursts.at(-1)?.push(pulse);
  }
  const word = bursts.map((burst) => decodeBurst(burst, cyclesPerUs)?.word).find((found) => found !== undefined);
  return { isPartner: flpRun >= flpRunMin || linkPulses > 0, word };
};

export const createDiscovery = ({ agenda, path, device, outbox, guard, turnPolarity }: DiscoveryParts): Discovery => {
  const nextWord = createWords();
  const probe = createProbe(agenda, path);
  /** Counts up with each discovery: what an aborted one has left in the agenda is void. */
  let turn = 0;
  const now = () => agenda.cycles;
  const isActive = () => guard.state === 'discovering';

  const abort = () => {
    turn += 1;
    probe.abort();
    if (!isActive()) return;
    path.output('DISC_RELAY', false, now());
    path.output('LATCH_CLEAR', false, now());
    path.output('SWITCH2', false, now());
    guard.setDiscovering(false);
  };
  const fail = (cause: Cause) => {
    abort();
    guard.fault(cause);
  };

  const ownPulses = (from: number, to: number): number[] => {
    path.advanceTo(now());
    const heard: number[] = [];
    if (!path.state.relayAtFrontEnd) return heard;
    for (let at = device.nextOwnPulse(from); at !== undefined && at <= to; at = device.nextOwnPulse(at)) heard.push(at);
    return heard;
  };

  const start = (request: Request, power: boolean) => {
    turn += 1;
    const mine = turn;
    const after = (milliseconds: number, step: () => void) =>
      agenda.at(now() + cyclesOf(milliseconds), () => {
        if (turn === mine) step();
      });
    let width = request.pulseWidth;
    let bursts = 0;
    let matches = 0;
    let streak = 0;
    let foreignStreak = 0;
    let foreign = 0;
    let isSilent = true;
    let word: number | undefined;
    let discoveredAt = 0;
    let heardUntil = 0;

    const conclude = (outcome: Outcome, method: number) => {
      const found = outcome === 'loopback' || outcome === 'signature';
      outbox.message('DISCOVERY', {
        time: unitsOf(now()),
        outcome: outcomes[outcome],
        ...{ bursts, matches, partnerWord: word ?? 0, partnerWordValid: word === undefined ? 0 : 1, foreign, method },
      });
      if (!found || !power) return abort();
      if (!turnPolarity(pairsFor(request, method))) return fail('FOREIGN_VOLTAGE');
      path.output('LATCH_CLEAR', true, now());
      after(timing.latchClear, () => path.output('LATCH_CLEAR', false, now()));
      after(timing.relaySettle, () => {
        if (mayPower(method)) {
          path.output('SWITCH2', true, now());
          const closedAt = now();
          after(timing.switch2Settle, () => closeGate(method, closedAt));
        }
      });
    };
    /** Tells why not, and is off then. */
    const mayPower = (method: number, switch2Since?: number): boolean => {
      let obstacle = guard.obstacle(request.heartbeatTimeoutMs);
      if (obstacle === undefined && now() - discoveredAt >= cyclesOf(timing.maxAge[method] ?? 0)) obstacle = 'RELAY';
      if (obstacle === undefined) return true;
      if (obstacle === 'FOREIGN_VOLTAGE' && switch2Since !== undefined) {
        // The jack was dead until the second switch closed: the FET conducts by itself.
        abort();
        guard.lock(switch2Since);
      } else fail(obstacle);
      return false;
    };
    const closeGate = (method: number, switch2Since: number) => {
      if (!mayPower(method, switch2Since)) return;
      turn += 1;
      guard.powerOn(request, method, discoveredAt);
    };

    const startProbe = () => {
      path.output('DISC_RELAY', false, now());
      if (request.method !== methods.prestandard && !turnPolarity(pairsFor(request, methods.af)))
        return fail('FOREIGN_VOLTAGE');
      after(timing.relaySettle, () => probe.start((found) => turn === mine && judgeProbe(found)));
    };
    const judgeProbe = (found: ReturnType<typeof probe.result>) => {
      outbox.message('PROBE', { time: unitsOf(now()), ...found.told });
      if (request.method === methods.prestandard) return conclude('nothing', methods.prestandard);
      if (found.kind === 'not possible' && request.method === methods.auto)
        return conclude('nothing', methods.prestandard);
      discoveredAt = found.detectedAt;
      if (found.isValid) return conclude('signature', methods.af);
      return conclude(found.kind === 'open' ? 'nothing' : 'noSignature', methods.af);
    };
    const decide = (outcome: Outcome) => {
      path.output('DISC_RELAY', false, now());
      if (outcome === 'nothing') startProbe();
      else conclude(outcome, methods.prestandard);
    };

    const listen = (isFirst: boolean) => {
      const from = now();
      after(timing.listen, () => {
        const pulses = ownPulses(from, now());
        const partner = partnerIn(pulses);
        heardUntil = now();
        foreign += pulses.length;
        if (pulses.length > 0) isSilent = false;
        word = partner.word ?? word;
        if (partner.isPartner) decide('partner');
        else if (isFirst) after(timing.quiet, burst);
        else decide('noise');
      });
    };

    const burst = () => {
      const from = now();
      agenda.at(from + burstCycles, () => {
        if (turn === mine) judgeBurst(from);
      });
    };
    const judgeBurst = (from: number) => {
      const between = ownPulses(heardUntil, from).length;
      const inside = ownPulses(from, now()).length;
      heardUntil = now();
      bursts += 1;
      const sentWord = nextWord();
      const sent = wordToPositions(sentWord);
      const pulse = pulseCycles[width] ?? 2;
      const { shortestPulseCycles } = device;
      const delay = path.state.relayAtFrontEnd ? device.echoDelayCycles() : undefined;
      const isHeard = delay !== undefined && (shortestPulseCycles === undefined || pulse >= shortestPulseCycles);
      const wayCycles = (delay ?? 0) + (shortestPulseCycles === undefined ? 0 : pulse);
      const heard = isHeard ? sent : sent.replaceAll('1', '0');
      outbox.message('BURST', {
        time: unitsOf(from),
        index: bursts & 0xff,
        word: sentWord,
        sent,
        heard,
        roundTripCycles: isHeard ? Math.max(earliestSampleCycles, wayCycles) : noRoundTrip,
        foreign: Math.min(inside, 255),
        pulseWidth: width,
      });
      foreign += inside + Math.min(1, between);
      const isDisturbed = inside + between > 0;
      if (isDisturbed || isHeard) isSilent = false;
      foreignStreak = isDisturbed ? foreignStreak + 1 : 0;
      const isMatch = isHeard && !isDisturbed;
      streak = isMatch ? streak + 1 : 0;
      if (isMatch) {
        matches += 1;
        discoveredAt = now();
      }
      const isLast = bursts >= request.maxBursts;
      if (streak >= request.echoes) return decide('loopback');
      if (isLast && isSilent && width < widest) {
        width = widest;
        bursts = 0;
      } else if (isLast && isSilent) return decide('nothing');
      else if (isLast || foreignStreak >= foreignBurstsMax) return listen(false);
      agenda.at(from + cyclesOf(timing.burstPeriod), () => {
        if (turn === mine) burst();
      });
    };

    guard.setDiscovering(true);
    if (request.method === methods.af) return startProbe();
    path.output('DISC_RELAY', true, now());
    after(timing.relaySettle, () => listen(true));
  };

  return { start, abort };
};

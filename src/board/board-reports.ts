import { type BoardFact, boardFaultCodes, type PowerOffCause } from '../timeline/events.js';
import { type DetectionMethod, type Feed, feeds } from '../timeline/feed.js';
import {
  type BoardMessageName,
  type InjectorFields,
  type InjectorMessage,
  injectorCauses,
  injectorMethods,
  injectorOutcomes,
  injectorPulseNanoseconds,
  injectorTimeUnitCycles,
  noClass,
  noOhms,
  noRoundTrip,
  probeKinds,
} from '../wire/injector-messages.js';
import type { BoardReport } from './injector.js';

/** ATmega328P at 16 MHz. */
const cyclesPerMillisecond = 16_000;
const nanosecondsPerCycle = 62.5;
const timeStampSpan = 2 ** 32;

export const unitsToMilliseconds = (units: number): number => (units * injectorTimeUnitCycles) / cyclesPerMillisecond;

export const causeOf = (code: number): PowerOffCause => injectorCauses[code] ?? 'BOARD_RESET';

/** Of a board that says what no board should: the one it rests at. */
export const feedOfCode = (pairs: number): Feed => feeds[pairs - 1] ?? feeds[0];

const methodOf = (code: number): DetectionMethod => (injectorMethods[code] === '802.3af' ? '802.3af' : 'prestandard');

/** Turns the board's messages into facts; knows only what spans several messages (time stamps that wrap, the inrush trace). */
export const createBoardReports = (): ((message: InjectorMessage<BoardMessageName>) => BoardReport[]) => {
  let wraps = 0;
  let lastTime = 0;
  let inrush:
    | { readonly fields: InjectorFields<'INRUSH'>; readonly cycles: number; readonly trace: number[] }
    | undefined;

  const cycles = (time: number): number => {
    if (time < lastTime && lastTime - time > timeStampSpan / 2) wraps += 1;
    lastTime = time;
    return (wraps * timeStampSpan + time) * injectorTimeUnitCycles;
  };

  const takeInrush = (): BoardReport[] => {
    if (inrush === undefined) return [];
    const { fields, cycles: boardCycles, trace } = inrush;
    inrush = undefined;
    const fact: BoardFact = {
      kind: 'inrush',
      peakMilliamps: fields.peakMilliamps,
      durationMs: unitsToMilliseconds(fields.duration),
      samplePeriodMs: fields.samplePeriodUs / 1000,
      milliamps: trace,
    };
    return [{ fact, stamp: { boardCycles } }];
  };

  return (message) => {
    switch (message.name) {
      case 'BURST': {
        const { time, index, word, sent, heard, roundTripCycles, foreign, pulseWidth } = message.fields;
        const roundTripNanoseconds = roundTripCycles === noRoundTrip ? null : roundTripCycles * nanosecondsPerCycle;
        const fact: BoardFact = {
          kind: 'flp-burst',
          index,
          pulseNanoseconds: injectorPulseNanoseconds[pulseWidth] ?? 0,
          word,
          sent,
          heard,
          foreignPulses: foreign,
          roundTripNanoseconds,
        };
        return [{ fact, stamp: { boardCycles: cycles(time) } }];
      }
      case 'DISCOVERY': {
        const { time, outcome, bursts, matches, partnerWord, partnerWordValid, foreign, method } = message.fields;
        const fact: BoardFact = {
          kind: 'discovery',
          method: methodOf(method),
          outcome: injectorOutcomes[outcome] ?? 'noise',
          bursts,
          matches,
          partnerWord: partnerWordValid === 1 ? partnerWord : null,
          foreignPulses: foreign,
        };
        return [{ fact, stamp: { boardCycles: cycles(time) } }];
      }
      case 'PROBE': {
        const { time, kind, ohms, class: powerClass, classMicroamps, lowMillivolts, highMillivolts } = message.fields;
        const fact: BoardFact = {
          kind: 'probe',
          finding: probeKinds[kind] ?? 'not possible',
          ohms: ohms === noOhms ? null : ohms,
          powerClass: powerClass === noClass ? null : powerClass,
          classMilliamps: classMicroamps / 1000,
          lowMillivolts,
          highMillivolts,
        };
        return [{ fact, stamp: { boardCycles: cycles(time) } }];
      }
      case 'POWER': {
        const { time, on, cause, delay, milliamps, method, pairs } = message.fields;
        const boardCycles = cycles(time);
        if (on === 1) {
          inrush = undefined;
          const { pairs: fed, polarity } = feedOfCode(pairs);
          const discoveryAgeMs = unitsToMilliseconds(delay);
          const fact: BoardFact = { kind: 'power-on', method: methodOf(method), pairs: fed, polarity, discoveryAgeMs };
          return [{ fact, stamp: { boardCycles } }];
        }
        const fact: BoardFact = {
          kind: 'power-off',
          cause: causeOf(cause),
          switchOffMs: unitsToMilliseconds(delay),
          milliamps,
        };
        return [...takeInrush(), { fact, stamp: { boardCycles } }];
      }
      case 'JACK_SAFE': {
        const { time, delay } = message.fields;
        return [
          { fact: { kind: 'jack-safe', jackSafeMs: unitsToMilliseconds(delay) }, stamp: { boardCycles: cycles(time) } },
        ];
      }
      case 'INRUSH':
        inrush = { fields: message.fields, cycles: cycles(message.fields.time), trace: [] };
        return message.fields.count === 0 ? takeInrush() : [];
      case 'TRACE': {
        if (inrush === undefined || message.fields.offset !== inrush.trace.length) return [];
        inrush.trace.push(...message.fields.milliamps);
        return inrush.trace.length >= inrush.fields.count ? takeInrush() : [];
      }
      case 'SAMPLES': {
        const { time, periodMs, milliamps, jackMillivolts } = message.fields;
        return [
          { fact: { kind: 'current', periodMs, milliamps, jackMillivolts }, stamp: { boardCycles: cycles(time) } },
        ];
      }
      case 'FAULT': {
        const { time, code, jackMillivolts } = message.fields;
        const name = boardFaultCodes.find((fault) => fault === injectorCauses[code]);
        if (name === undefined) return [];
        return [{ fact: { kind: 'board-fault', code: name, jackMillivolts }, stamp: { boardCycles: cycles(time) } }];
      }
      default:
        return [];
    }
  };
};

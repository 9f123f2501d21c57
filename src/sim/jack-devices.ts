/** What can hang on the jack instead of a healthy phone, electrically. */
import { wordToPositions } from '../wire/flp.js';
import type { PluggedDevice } from './contracts.js';
import { echoCyclesOfCable } from './phone-power.js';

const cyclesPerUs = 16;
const pulseSpacingUs = 62.5;

/** Nothing in the jack, and nothing that closes a loop: no echo, no load. */
export const emptyJack: PluggedDevice = {
  echoDelayCycles: () => undefined,
  nextOwnPulse: () => undefined,
  step: (supplyVolts) => ({ milliamps: 0, jackVolts: supplyVolts }),
};

/** Joins the pairs by a wire and draws nothing. */
export const loopbackPlug: PluggedDevice = { ...emptyJack, echoDelayCycles: () => echoCyclesOfCable(0.5) };

/** A link partner with power of its own: FLP bursts by its own clock, and it takes no power. */
export const createLivePartner = (word: number): PluggedDevice => {
  /** Its crystal is not ours, and it started some time before. */
  const periodCycles = Math.round(16_030 * cyclesPerUs);
  const phaseCycles = Math.round(5_300 * cyclesPerUs);
  const offsets = [...wordToPositions(word)].flatMap((pulse, index) =>
    pulse === '1' ? [Math.round(index * pulseSpacingUs * cyclesPerUs)] : [],
  );
  return {
    ...emptyJack,
    nextOwnPulse: (afterCycle) => {
      const burst = Math.max(0, Math.floor((afterCycle - phaseCycles) / periodCycles));
      for (const start of [phaseCycles + burst * periodCycles, phaseCycles + (burst + 1) * periodCycles]) {
        const offset = offsets.find((candidate) => start + candidate > afterCycle);
        if (offset !== undefined) return start + offset;
      }
      return undefined;
    },
  };
};

/** Behind the phone's relay sits a filter that swallows shorter pulses. */
export const createFilterPhone = (phone: PluggedDevice, shortestNanoseconds: number): PluggedDevice => ({
  echoDelayCycles: () => phone.echoDelayCycles(),
  shortestPulseCycles: (shortestNanoseconds * cyclesPerUs) / 1000,
  nextOwnPulse: () => undefined,
  step: (...offered) => phone.step(...offered),
});

/** Behind the phone's relay the wires touch: echoes like a phone, then takes all there is. */
export const createShort = (phone: PluggedDevice, ohms: number): PluggedDevice => ({
  echoDelayCycles: () => phone.echoDelayCycles(),
  nextOwnPulse: () => undefined,
  step: (supplyVolts, limitMilliamps, _seconds, seriesOhms = 0) => {
    const milliamps = Math.min(limitMilliamps, (supplyVolts / (ohms + seriesOhms)) * 1000);
    return { milliamps, jackVolts: (milliamps / 1000) * ohms };
  },
});

/** Another source feeds the jack; the phone's relay still echoes, through the transformers. */
export const createForeignVoltage = (phone: PluggedDevice, volts: number): PluggedDevice => ({
  echoDelayCycles: () => phone.echoDelayCycles(),
  nextOwnPulse: () => undefined,
  step: (supplyVolts) => ({ milliamps: 0, jackVolts: Math.max(supplyVolts, volts) }),
});

/**
 * The low-voltage side of the af relay: the 802.3af detection source behind its sense resistor, the class source, and
 * what the ADC sees of both (schematics/spice/values.json, schematics/sheets af-detection).
 */
import type { PluggedDevice } from './contracts.js';

const parts = {
  lowVolts: 4.4,
  highVolts: 9.4,
  senseOhms: 3900,
  /** A quarter at each end of the sense resistor; the one at the jack's end loads the jack. */
  dividerOhms: 400_000,
  divider: 4,
  /** In the middle of 17.6..19.6 V. */
  classVolts: 18.6,
  classLimitMilliamps: 95,
  classSenseOhms: 10,
  classSenseGain: 5.02,
} as const;

export interface Detection {
  /** One step: what the sources do to `device`, which hangs on them while `joined` (else they see an open circuit). */
  step(device: PluggedDevice, joined: boolean, seconds: number): void;
  setHigh(high: boolean): void;
  setClass(on: boolean): void;
  /** The sources' own supply. */
  setSupply(on: boolean): void;
  /** At the ADC's pins, volts. */
  readonly afSenseVolts: number;
  readonly jackEndVolts: number;
}

export const createDetection = (): Detection => {
  let high = false;
  let classOn = false;
  let supplied = true;
  let jackVolts = 0;
  let milliamps = 0;

  const openVolts = () => (supplied ? (high ? parts.highVolts : parts.lowVolts) : 0);

  const offer = (device: PluggedDevice, seconds: number) => {
    if (classOn && supplied)
      return device.step(parts.classVolts, parts.classLimitMilliamps, seconds, parts.classSenseOhms);
    // The divider and the sense resistor as one source (Thévenin).
    const share = parts.dividerOhms / (parts.dividerOhms + parts.senseOhms);
    const milliampsWhenShorted = (openVolts() / parts.senseOhms) * 1000;
    return device.step(openVolts() * share, milliampsWhenShorted, seconds, parts.senseOhms * share);
  };

  return {
    step: (device, joined, seconds) => {
      if (!joined) {
        jackVolts = (openVolts() * parts.dividerOhms) / (parts.dividerOhms + parts.senseOhms);
        milliamps = 0;
        return;
      }
      const drawn = offer(device, seconds);
      jackVolts = drawn.jackVolts;
      milliamps = drawn.milliamps;
    },
    setHigh: (on) => {
      high = on;
    },
    setClass: (on) => {
      classOn = on;
    },
    setSupply: (on) => {
      supplied = on;
    },
    get afSenseVolts() {
      if (classOn) return ((supplied ? milliamps : 0) / 1000) * parts.classSenseOhms * parts.classSenseGain;
      return openVolts() / parts.divider;
    },
    get jackEndVolts() {
      return jackVolts / parts.divider;
    },
  };
};

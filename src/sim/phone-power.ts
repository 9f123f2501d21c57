/**
 * A CP-7960G seen from its jack: the relay that joins its pairs while unpowered (protocol-facts of Cisco inline power),
 * a diode bridge, 180 uF, and a DC/DC converter behind which the phone draws constant power, counted before the bridge.
 */
import type { PhonePower, PluggedDevice } from './contracts.js';

const cable = {
  metres: 20,
  nanosecondsPerMetre: 5,
  /** Out and back over two wires in parallel, AWG 24. */
  ohmsPerMetre: 0.084,
} as const;

const phoneParts = {
  capacitorFarads: 180e-6,
  bridgeVolts: 1.4,
  supplyUpVolts: 36,
  supplyDownVolts: 30,
  /** The relay pulls in above, falls back below. */
  relayOpensVolts: 20,
  relayClosesVolts: 3,
  /** What the start-up circuit draws while the supply is down; empties the capacitor in 1.4 s. */
  startUpOhms: 3300,
  /** Until the network half says otherwise. */
  loadMilliwatts: 2000,
} as const;

const nanosecondsPerCycle = 62.5;
/** Explicit steps stay stable below the time constant of cable and capacitor (0.3 ms). */
const longestStepSeconds = 50e-6;

export interface ElectricPhone extends PluggedDevice, PhonePower {
  replug(): void;
  readonly plugged: boolean;
  readonly supplyUp: boolean;
  readonly capacitorVolts: number;
}

export const echoCyclesOfCable = (metres: number = cable.metres): number =>
  Math.round((2 * metres * cable.nanosecondsPerMetre) / nanosecondsPerCycle);

export const createElectricPhone = (): ElectricPhone => {
  const parts = phoneParts;
  const cableOhms = cable.metres * cable.ohmsPerMetre;
  const listeners: ((on: boolean) => void)[] = [];
  let loadMilliwatts: number = parts.loadMilliwatts;
  let volts = 0;
  let supplyUp = false;
  let relayClosed = true;
  let plugged = true;

  const settle = () => {
    if (volts > parts.relayOpensVolts) relayClosed = false;
    else if (volts < parts.relayClosesVolts) relayClosed = true;
    const up = supplyUp ? volts >= parts.supplyDownVolts : volts > parts.supplyUpVolts;
    if (up === supplyUp) return;
    supplyUp = up;
    if (!up) loadMilliwatts = parts.loadMilliwatts;
    for (const listener of listeners) listener(up);
  };

  /** Amps into the bridge over one short step. */
  const charge = (supplyVolts: number, limitAmps: number, seconds: number): number => {
    const wanted = (supplyVolts - parts.bridgeVolts - volts) / cableOhms;
    const amps = Math.max(0, Math.min(limitAmps, wanted));
    const drawn = supplyUp ? loadMilliwatts / 1000 / (volts + parts.bridgeVolts) : volts / parts.startUpOhms;
    volts = Math.max(0, volts + ((amps - drawn) * seconds) / parts.capacitorFarads);
    return amps;
  };

  return {
    echoDelayCycles: () => (plugged && relayClosed ? echoCyclesOfCable() : undefined),
    nextOwnPulse: () => undefined,
    step: (supplyVolts, limitMilliamps, seconds) => {
      const offered = plugged ? supplyVolts : 0;
      let ampSeconds = 0;
      let amps = 0;
      for (let left = seconds; left > 1e-12; left -= longestStepSeconds) {
        const piece = Math.min(left, longestStepSeconds);
        amps = charge(offered, limitMilliamps / 1000, piece);
        ampSeconds += amps * piece;
      }
      settle();
      if (!plugged) return { milliamps: 0, jackVolts: supplyVolts };
      const jackVolts = amps > 0 ? Math.min(supplyVolts, volts + parts.bridgeVolts + amps * cableOhms) : supplyVolts;
      return { milliamps: seconds > 0 ? (ampSeconds / seconds) * 1000 : 0, jackVolts };
    },
    setLoad: (milliwatts) => {
      loadMilliwatts = milliwatts;
    },
    onSupply: (listener) => {
      listeners.push(listener);
    },
    unplug: () => {
      plugged = false;
    },
    replug: () => {
      plugged = true;
    },
    get plugged() {
      return plugged;
    },
    get supplyUp() {
      return supplyUp;
    },
    get capacitorVolts() {
      return volts;
    },
  };
};

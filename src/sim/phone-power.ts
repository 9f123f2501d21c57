/**
 * A phone seen from its jack, of one of two kinds. `prestandard`, a CP-7960G: the relay that joins its pairs while unpowered
 * (protocol-facts of Cisco inline power), a diode bridge, 180 uF. `802.3af`: a bridge, the signature resistor and the class
 * current, and an input switch behind them that charges 22 uF gently. Behind both a DC/DC converter from which the phone
 * draws constant power, counted before the bridge.
 */
import type { PhonePower, PluggedDevice } from './contracts.js';

const cable = {
  metres: 20,
  nanosecondsPerMetre: 5,
  /** Out and back over two wires in parallel, AWG 24. */
  ohmsPerMetre: 0.084,
} as const;

export type PhoneInput =
  | { readonly kind: 'prestandard'; readonly relay: 'works' | 'dead' }
  | { readonly kind: '802.3af'; readonly signatureOhms: number; readonly powerClass: 0 | 1 | 2 | 3 | 4 };

export const prestandardInput: PhoneInput = { kind: 'prestandard', relay: 'works' };
/** A CP-7961G: class 2, 6.49 W at its own end. */
export const afInput: PhoneInput = { kind: '802.3af', signatureOhms: 24_900, powerClass: 2 };

const capacitorFarads = { prestandard: 180e-6, '802.3af': 22e-6 } as const;
/** What the input switch of an 802.3af phone lets through while it charges. */
const inputLimitAmps = { prestandard: Number.POSITIVE_INFINITY, '802.3af': 0.14 } as const;
/** IEEE 802.3 table 33-14, in the middle of each class. */
const classMilliamps = [2, 10.5, 18.5, 28, 40] as const;
/** At the jack: the signature is there below, the class between, and the input switch closes above the last. */
const afRegions = { signatureBelowVolts: 10.8, classBelowVolts: 22, closesVolts: 37 } as const;

const phoneParts = {
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

export const createElectricPhone = (input: PhoneInput = prestandardInput): ElectricPhone => {
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

  /** What an 802.3af phone draws while its input switch is open, amps. */
  const shownAmps = (supplyVolts: number, seriesOhms: number): number => {
    if (input.kind === 'prestandard' || supplyVolts >= afRegions.classBelowVolts) return 0;
    if (supplyVolts >= afRegions.signatureBelowVolts) return classMilliamps[input.powerClass] / 1000;
    return Math.max(0, supplyVolts - parts.bridgeVolts) / (seriesOhms + input.signatureOhms);
  };

  /** Amps into the bridge over one short step. */
  const charge = (supplyVolts: number, limitAmps: number, seconds: number, seriesOhms: number): number => {
    const drawn = supplyUp ? loadMilliwatts / 1000 / (volts + parts.bridgeVolts) : volts / parts.startUpOhms;
    const isJoined = input.kind === 'prestandard' || supplyUp || supplyVolts >= afRegions.closesVolts;
    const wanted = isJoined ? (supplyVolts - parts.bridgeVolts - volts) / (cableOhms + seriesOhms) : 0;
    const most = supplyUp ? limitAmps : Math.min(limitAmps, inputLimitAmps[input.kind]);
    const amps = Math.max(0, Math.min(most, wanted));
    volts = Math.max(0, volts + ((amps - drawn) * seconds) / capacitorFarads[input.kind]);
    return isJoined ? amps : Math.min(limitAmps, shownAmps(supplyVolts, seriesOhms));
  };

  return {
    echoDelayCycles: () => {
      const echoes = plugged && relayClosed && input.kind === 'prestandard' && input.relay === 'works';
      return echoes ? echoCyclesOfCable() : undefined;
    },
    nextOwnPulse: () => undefined,
    step: (supplyVolts, limitMilliamps, seconds, seriesOhms = 0) => {
      const offered = plugged ? supplyVolts : 0;
      let ampSeconds = 0;
      let amps = 0;
      for (let left = seconds; left > 1e-12; left -= longestStepSeconds) {
        const piece = Math.min(left, longestStepSeconds);
        amps = charge(offered, limitMilliamps / 1000, piece, seriesOhms);
        ampSeconds += amps * piece;
      }
      settle();
      if (!plugged) return { milliamps: 0, jackVolts: supplyVolts };
      const isLimited = amps >= limitMilliamps / 1000;
      const jackVolts =
        amps > 0 && isLimited
          ? Math.min(supplyVolts, volts + parts.bridgeVolts + amps * cableOhms)
          : supplyVolts - amps * seriesOhms;
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

/** What the port gives its phone: one grant, told alike by CDP and by LLDP. */

/**
 * The cable that 802.3 reckons with (clause 33): type 1 has 20 ohm and at least 44 V, type 2 has 12.5 ohm and 50 V. It
 * turns 7 W into 6.49 W, 15.4 W into 12.95 W and 30 W into 25.5 W.
 */
const cables = { type1: { ohms: 20, volts: 44 }, type2: { ohms: 12.5, volts: 50 } } as const;
/** The most of a type 1 port, mW. */
const type1Milliwatts = 15_400;

/** 0.1 W; what a square root leaves of a round figure is one. */
const rounding = 1e-6;

export const isType1 = (portMilliwatts: number): boolean => portMilliwatts <= type1Milliwatts;
const cableOf = (portMilliwatts: number) => (isType1(portMilliwatts) ? cables.type1 : cables.type2);

/** What of `portMilliwatts` reaches the phone through the longest cable, in the 0.1 W of LLDP, rounded down. */
export const deciwattsAtPhone = (portMilliwatts: number): number => {
  const { ohms, volts } = cableOf(portMilliwatts);
  const watts = portMilliwatts / 1000;
  return Math.floor((watts - (watts / volts) ** 2 * ohms) * 10 + rounding);
};

/** mW that the port must give so that the phone gets `deciwatts`; infinite where no port could. */
export const milliwattsAtPort = (deciwatts: number): number => {
  const through = ({ ohms, volts }: { readonly ohms: number; readonly volts: number }): number => {
    const root = 1 - (4 * ohms * (deciwatts / 10)) / volts ** 2;
    return root < 0 ? Infinity : Math.ceil(((volts ** 2 * (1 - Math.sqrt(root))) / (2 * ohms)) * 1000);
  };
  const first = through(cables.type1);
  return isType1(first) ? first : Math.max(type1Milliwatts + 1, through(cables.type2));
};

export type PowerProtocol = 'cdp' | 'lldp';
/** `ignored`: the port is locked to the other protocol. */
export type PowerAnswer = 'changed' | 'same' | 'ignored';

export interface PortPower {
  /** mW at our end: all that is available until the phone has asked. */
  grantedMilliwatts(): number;
  /** `levels`: mW at our end, any order; the highest that is available is granted, else all that is available. */
  request(protocol: PowerProtocol, levels: readonly number[]): PowerAnswer;
  linkDown(): void;
}

/** The first of CDP and LLDP that asks for power is the one that counts until link goes down (protocol facts 3.7). */
export const createPortPower = (availableMilliwatts: number): PortPower => {
  let lockedTo: PowerProtocol | undefined;
  let granted = availableMilliwatts;
  return {
    grantedMilliwatts: () => granted,
    request: (protocol, levels) => {
      lockedTo ??= protocol;
      if (lockedTo !== protocol) return 'ignored';
      const fitting = levels.filter((level) => level <= availableMilliwatts);
      const next = fitting.length > 0 ? Math.max(...fitting) : availableMilliwatts;
      const answer = next === granted ? 'same' : 'changed';
      granted = next;
      return answer;
    },
    linkDown: () => {
      lockedTo = undefined;
      granted = availableMilliwatts;
    },
  };
};

import type { PhoneWire } from '../contracts.js';
import { startCdp } from './cdp-client.js';
import type { Lifetime } from './lifetime.js';
import { startLldp } from './lldp-client.js';
import type { PhoneIdentity } from './phone-identity.js';
import type { PhoneLog } from './phone-log.js';

/** Of a sync time of 5 s: how long a phone waits for any answer (protocol facts 3.5). */
const waitShareOfSync = 5.07 / 5;

/** What the two clients are given. */
export interface NeighbourOptions {
  readonly wire: PhoneWire;
  readonly life: Lifetime;
  readonly identity: PhoneIdentity;
  /** null: it is not told. */
  readonly load: string | null;
  readonly syncMs: number;
  /** Of steady CDP; LLDP comes in half of it. */
  readonly periodMs: number;
  /** The address to tell, asked anew for each frame. */
  readonly address: () => string;
  readonly log: PhoneLog;
}

/** What a client hears of the switch. */
export interface NeighbourListener {
  /** The VLAN for voice: its id, null for untagged, undefined where the switch says nothing of it. */
  onAnswer(vlan: number | null | undefined): void;
  onPower(milliwatts: number): void;
}

/**
 * Speaks CDP, and LLDP-MED where `speaksLldp`, from port-up (the call) to the end of `life`. Resolves, when the phone has
 * made up its mind, with the voice VLAN: its id, or null for untagged. What CDP told goes before what LLDP told. Power is
 * taken from the first of the two that grants any, until link goes down.
 */
export const learnVoiceVlan = (
  options: NeighbourOptions & { readonly speaksLldp: boolean; onPower?(grantedMilliwatts: number): void },
): Promise<number | null> => {
  const { life, syncMs, log, speaksLldp } = options;
  return life.guard(
    new Promise((resolve) => {
      const told: { cdp?: number | null; lldp?: number | null } = {};
      let lockedTo: 'cdp' | 'lldp' | undefined;
      let syncing = false;
      const sync = () => {
        if (syncing) return;
        syncing = true;
        silence.cancel();
        life.alarm(syncMs, () => {
          const vlan = told.cdp !== undefined ? told.cdp : (told.lldp ?? null);
          log('cdp', 'vlan-chosen', { vlan });
          resolve(vlan);
        });
      };
      const silence = life.alarm(waitShareOfSync * syncMs, sync);
      const hears = (by: 'cdp' | 'lldp'): NeighbourListener => ({
        onAnswer: (vlan) => {
          if (vlan !== undefined) told[by] = vlan;
          sync();
        },
        onPower: (grantedMilliwatts) => {
          if (lockedTo !== undefined) return;
          lockedTo = by;
          log(by, 'power-locked', { grantedMilliwatts });
          options.onPower?.(grantedMilliwatts);
        },
      });
      startCdp(options, hears('cdp'));
      if (speaksLldp) startLldp(options, hears('lldp'));
    }),
  );
};

import type { TimelineEvent } from '../timeline/events.js';

/** Who the phone says it is; null where it never said. */
export interface PhoneIdentity {
  readonly deviceId: string | null;
  readonly mac: string | null;
  readonly platform: string | null;
  /** The firmware load it named in CDP or LLDP. */
  readonly load: string | null;
  readonly vendorClass: string | null;
  readonly address: string | null;
  /** What its label says; records from before this was kept have none of the two. */
  readonly serial?: string | null;
  readonly labelMac?: string | null;
}

/** A system name may have the domain behind it. */
const deviceIdIn = (systemName: string | null): string | null =>
  /^(?:SEP|SIP)[0-9A-F]{12}/.exec(systemName ?? '')?.[0] ?? null;

/** Gathers what the phone told of itself; the latest word counts (a phone may change its load on the way). */
export const phoneIdentity = (events: readonly TimelineEvent[]): PhoneIdentity => {
  let identity: PhoneIdentity = {
    deviceId: null,
    mac: null,
    platform: null,
    load: null,
    vendorClass: null,
    address: null,
    serial: null,
    labelMac: null,
  };
  for (const { fact } of events) {
    if (fact.kind === 'label') identity = { ...identity, serial: fact.serial, labelMac: fact.mac };
    if (!('from' in fact) || fact.from !== 'phone') continue;
    identity = { ...identity, mac: fact.mac };
    if (fact.kind === 'cdp') {
      identity = {
        ...identity,
        deviceId: fact.deviceId ?? identity.deviceId,
        platform: fact.platform ?? identity.platform,
        load: fact.softwareVersion ?? identity.load,
      };
    }
    if (fact.kind === 'lldp') {
      // CDP spells the platform as the plan does; LLDP fills in where there is none.
      identity = {
        ...identity,
        deviceId: identity.deviceId ?? deviceIdIn(fact.systemName),
        platform: identity.platform ?? fact.model,
        load: fact.softwareVersion ?? identity.load,
      };
    }
    if (fact.kind === 'dhcp') identity = { ...identity, vendorClass: fact.vendorClass ?? identity.vendorClass };
    if (fact.kind === 'address-used') identity = { ...identity, address: fact.address };
  }
  return identity;
};

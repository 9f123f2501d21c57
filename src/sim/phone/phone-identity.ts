import { macToBytes } from '../../wire/ethernet.js';

interface ModelRow {
  /** CDP platform: no `CP-`, no trailing letter (protocol fact 3.3). */
  readonly platform: string;
  /** SCCP device type (Register field). */
  readonly deviceType: number;
  /** What it draws while its loader runs, and running, and what it claims in CDP (the most it may), mW. */
  readonly bootMilliwatts: number;
  readonly runningMilliwatts: number;
  readonly claimedMilliwatts: number;
}

const models: Readonly<Record<string, ModelRow>> = {
  'CP-7960G': {
    platform: 'Cisco IP Phone 7960',
    deviceType: 7,
    bootMilliwatts: 4200,
    runningMilliwatts: 5000,
    claimedMilliwatts: 6300,
  },
  'CP-7940G': {
    platform: 'Cisco IP Phone 7940',
    deviceType: 8,
    bootMilliwatts: 4200,
    runningMilliwatts: 5000,
    claimedMilliwatts: 6300,
  },
  'CP-7961G': {
    platform: 'Cisco IP Phone 7961',
    deviceType: 30018,
    bootMilliwatts: 4000,
    runningMilliwatts: 4600,
    claimedMilliwatts: 6300,
  },
};
const defaultModel = 'CP-7960G';

/** Who the phone says it is, in every protocol's own spelling. */
export interface PhoneIdentity extends ModelRow {
  readonly model: string;
  /** Lower case with colons. */
  readonly mac: string;
  readonly macBytes: Uint8Array;
  /** `SEP` + 12 upper-case hex. */
  readonly deviceId: string;
  /** DHCP option 60 with its trailing NUL. */
  readonly vendorClass: string;
}

/** An unlisted model is treated as the CP-7960G under its own name. */
export const phoneIdentity = (mac: string, model: string): PhoneIdentity => {
  const row = models[model] ?? models[defaultModel];
  if (row === undefined) throw new Error(`no model row for ${defaultModel}`);
  return {
    ...row,
    model,
    mac: mac.toLowerCase(),
    macBytes: macToBytes(mac),
    deviceId: `SEP${mac.replaceAll(':', '').toUpperCase()}`,
    vendorClass: `Cisco Systems, Inc. IP Phone ${model}\0`,
  };
};

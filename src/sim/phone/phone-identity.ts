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
  /** CDP: host and VoIP phone, with the two-port MAC relay or without (protocol facts 3.4). */
  readonly cdpCapabilities: number;
  readonly tellsDuplex: boolean;
  /** TLV 0x1C as a 7970 has it (protocol facts 3.4), or none. */
  readonly secondPort: Uint8Array | null;
  /** Levels it asks for in CDP's power request, highest first, mW; null: an old phone, which only tells what it draws. */
  readonly powerLevels: readonly number[] | null;
  /** What it draws once the highest of those levels is granted (the 7970's screen becomes bright). */
  readonly grantedMilliwatts?: number;
  /** Of its 802.3af input. */
  readonly powerClass: 2 | 3;
  /** DHCP's vendor class calls it this; the model as on the label unless given (protocol facts 5.2). */
  readonly vendorName?: string;
  /** Of its Register: protocol, feature bits, and whether the long form with the load's name is sent (protocol facts 7.3). */
  readonly sccp: { readonly protocolVersion: number; readonly features: number; readonly tellsLoad: boolean };
  /** LLDP-MED came to this model with 8.3(3) or 8.4 (protocol facts 4). */
  readonly speaksLldp: boolean;
}

const firstGeneration = {
  bootMilliwatts: 4200,
  runningMilliwatts: 5000,
  claimedMilliwatts: 6300,
  cdpCapabilities: 0x490,
  tellsDuplex: true,
  secondPort: null,
  powerLevels: null,
  powerClass: 2,
  // 7940 and 7960 with 8.1: 68 bytes, feature bytes 60 85.
  sccp: { protocolVersion: 11, features: 0x8560, tellsLoad: false },
  speaksLldp: false,
} as const;
const thirdGeneration = {
  ...firstGeneration,
  bootMilliwatts: 4000,
  runningMilliwatts: 4600,
  powerLevels: [6300],
  // A 7941 with 8.5(3): 124 bytes, feature bytes 72 85.
  sccp: { protocolVersion: 17, features: 0x8572, tellsLoad: true },
  speaksLldp: true,
} as const;

const models: Readonly<Record<string, ModelRow>> = {
  'CP-7960G': { ...firstGeneration, platform: 'Cisco IP Phone 7960', deviceType: 7 },
  'CP-7940G': { ...firstGeneration, platform: 'Cisco IP Phone 7940', deviceType: 8, cdpCapabilities: 0x90 },
  'CP-7912G': {
    ...firstGeneration,
    platform: 'Cisco IP Phone 7912',
    deviceType: 30007,
    cdpCapabilities: 0x90,
    tellsDuplex: false,
    vendorName: '7912',
  },
  'CP-7911G': { ...thirdGeneration, platform: 'Cisco IP Phone 7911', deviceType: 307 },
  'CP-7941G': { ...thirdGeneration, platform: 'Cisco IP Phone 7941', deviceType: 115 },
  'CP-7961G': { ...thirdGeneration, platform: 'Cisco IP Phone 7961', deviceType: 30018 },
  'CP-7970G': {
    ...thirdGeneration,
    platform: 'Cisco IP Phone 7970',
    deviceType: 30006,
    secondPort: Uint8Array.of(0x00, 0x02, 0x00),
    powerLevels: [10_250, 6300],
    runningMilliwatts: 5800,
    grantedMilliwatts: 9600,
    powerClass: 3,
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
  /** DHCP option 60, with the trailing NUL where the model has one. */
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
    vendorClass: `Cisco Systems, Inc. IP Phone ${row.vendorName ?? `${model}\0`}`,
  };
};

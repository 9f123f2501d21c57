/**
 * A plan: what phone, what power, what network, which limits. Limits live here, never in code.
 * In the YAML every duration and quantity carries its unit (`400ms`, `6.3W`); here names carry it.
 */
import type { Feed, PowerMethod } from '../timeline/feed.js';
import type { InUnit } from '../units.js';
import type { CallControlPlan, CallManagerConduct, ChangePlan, SipPlan } from './call-control.js';
import type { FaultName } from './faults.js';
import type { IdentityPlan } from './identity.js';
import type { PromptPlan } from './prompts.js';
import type { RetryPlan } from './retry.js';
import type { DhcpPlan, LldpPlan } from './service-plan.js';

export interface Limits {
  readonly min?: number;
  readonly max?: number;
  /** Inside the limits but outside these is marginal. */
  readonly marginalMin?: number;
  readonly marginalMax?: number;
}

/** Every measurement a judge can make, with its unit. The limits of a plan are keyed by these names. */
export const measurementUnits = {
  'power.discoveryBursts': 'bursts',
  'power.echoRoundTripNs': 'ns',
  'power.signatureOhms': 'ohm',
  'power.signatureClass': 'class',
  'power.discoveryAgeMs': 'ms',
  'power.inrushPeakMilliamps': 'mA',
  'power.inrushMs': 'ms',
  'power.steadyMilliwatts': 'mW',
  'power.switchOffMs': 'ms',
  'power.jackSafeMs': 'ms',
  'boot.linkUpMs': 'ms',
  'boot.linkDrops': 'drops',
  'boot.peakMilliwatts': 'mW',
  'vlan.firstCdpMs': 'ms',
  'vlan.firstLldpMs': 'ms',
  'vlan.takenUpMs': 'ms',
  'vlan.cdpMilliwatts': 'mW',
  'vlan.lldpMilliwatts': 'mW',
  'address.ackMs': 'ms',
  'address.discovers': 'messages',
  'config.fetchedMs': 'ms',
  'config.filesAsked': 'files',
  'config.imageBytes': 'bytes',
  'registration.registeredMs': 'ms',
  'registration.attempts': 'CallManagers',
  'registration.keepalives': 'messages',
  'registration.failoverMs': 'ms',
  'registration.fallbackMs': 'ms',
  'registration.refetchedMs': 'ms',
  'registration.returnedMs': 'ms',
} as const;
export type MeasurementName = keyof typeof measurementUnits;
/** The type that a figure of this measurement must have: milliwatts cannot meet milliamps. */
export type FigureOf<Name extends MeasurementName> = InUnit<(typeof measurementUnits)[Name]>;

export type CallManagerPlan = CallManagerConduct & {
  /** 0 is the highest priority. */
  readonly priority: number;
  readonly name: string;
  readonly address: string;
  /** Of the phone's protocol. */
  readonly port: number;
};

export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly phone: {
    readonly model: string;
    /** Device id on the label, `SEP` + 12 upper-case hex; null: any. */
    readonly deviceId: string | null;
    readonly platform: string;
    readonly load: string;
    readonly protocol: 'SCCP' | 'SIP';
    /** Form of its own configuration that its load asks for first. */
    readonly configFile: 'any' | '.cnf.xml' | '.cnf';
  };
  readonly identity: IdentityPlan;
  readonly power: {
    readonly method: PowerMethod;
    /** null: by the method that found the phone, spare pairs in its own polarity. */
    readonly feed: Feed | null;
    /** N exact echoes in a row, 3..8. */
    readonly echoes: number;
    /** Of one pulse width. */
    readonly maxBursts: number;
    /** Of a link pulse at the first try; the board tries 1000 by itself where nothing comes back. */
    readonly pulseNanoseconds: 125 | 250 | 500 | 1000;
    readonly inrushTimerMs: number;
    readonly overloadMilliamps: number;
    readonly overloadMs: number;
    readonly underloadMilliamps: number;
    readonly underloadMs: number;
    readonly heartbeatTimeoutMs: number;
    readonly offDwellMs: number;
  };
  readonly boot: {
    /** Power-on to link; the board enforces it too, `linkGraceMs` later. */
    readonly linkAllowanceMs: number;
    readonly linkGraceMs: number;
  };
  readonly network: {
    /** null: no voice VLAN, everything untagged, stage vlan is skipped. */
    readonly voiceVlan: number | null;
    readonly nativeVlan: number;
    /** The bench's address and prefix on the phone's network. */
    readonly benchAddress: string;
    readonly prefixLength: number;
    readonly poolFirst: string;
    readonly poolLast: string;
    readonly leaseSeconds: number;
    readonly tftpServers: readonly string[];
    readonly cdpDeviceId: string;
    /** null: the bench is silent in CDP. */
    readonly cdpPeriodMs: number | null;
    readonly powerAvailableMilliwatts: number;
  };
  readonly tftp: {
    /** Files on disk that override what is generated; absolute, or null. */
    readonly filesDirectory: string | null;
    readonly blockTimeoutMs: number;
    readonly retries: number;
    /** Loads of other models, for the default file and as images. */
    readonly loads: readonly { readonly model: string; readonly load: string }[];
    /** Also over HTTP, as newer loads ask first; null: not. */
    readonly httpPort: number | null;
    /** On purpose: this block of a file and all behind it are never sent; null: all are. */
    readonly stallAtBlock: number | null;
  };
  readonly dhcp: DhcpPlan;
  /** null: the bench is silent in LLDP. */
  readonly lldp: LldpPlan | null;
  readonly callManagers: readonly CallManagerPlan[];
  readonly sccp: {
    readonly keepaliveSeconds: number;
    readonly secondaryKeepaliveSeconds: number;
    readonly dateTemplate: string;
  };
  readonly callControl: CallControlPlan;
  readonly sip: SipPlan;
  /** Faults on purpose of our services, besides those a run is asked for. */
  readonly lies: readonly FaultName[];
  /** null: nothing changes while the phone is registered. */
  readonly change: ChangePlan | null;
  readonly retry: RetryPlan;
  /** Asked one after another once every stage is decided. */
  readonly prompts: readonly PromptPlan[];
  /** How long each stage may take, from the end of the stage before it. */
  readonly deadlines: {
    readonly powerMs: number;
    readonly vlanMs: number;
    readonly addressMs: number;
    readonly configMs: number;
    readonly registrationMs: number;
    /** How many keepalives must be seen before a registration counts. */
    readonly keepalives: number;
  };
  readonly limits: Readonly<Partial<Record<MeasurementName, Limits>>>;
  /** How the simulated phone behaves; ignored on a real port. Times stretch or shrink a run without changing its story. */
  readonly simulation: {
    readonly bootMs: number;
    readonly linkUpMs: number;
    readonly cdpSyncMs: number;
    readonly dhcpRetryMs: number;
    readonly tftpRetryMs: number;
    readonly fileGapMs: number;
    readonly callManagerRetryMs: number;
    /** Of its steady CDP; LLDP comes in half of it. */
    readonly cdpPeriodMs: number;
  };
}

/** A plan as it was read: kept whole in every record. */
export interface LoadedPlan {
  readonly plan: Plan;
  readonly text: string;
  /** SHA-256 of `text`, hex. */
  readonly hash: string;
  readonly path: string;
}

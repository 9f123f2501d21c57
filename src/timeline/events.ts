import type { DetectionMethod, FedPairs, FedPolarity } from './feed.js';

/**
 * The event vocabulary: everything that a judge or a person uses is one of these facts, on one timeline.
 *
 * `seq` counts from 1. `atUs` is microseconds since the run started and strictly increases from one source
 * item to the next (several events told from one frame share it), so that a stored run merges with its own
 * capture in one order only. `stamp` is the source's own time, kept beside it.
 *
 * Sources: `board` (what the injector reports), `link` (carrier on the phone's wire), `service` (what frames
 * cannot show: intent, faults on purpose, leases), `observe` (what frames show; nobody else may tell what the
 * phone did), `bench` (the conductor).
 */
export type EventSource = 'board' | 'link' | 'service' | 'observe' | 'bench';

/** The board's CPU runs at 16 MHz. */
export const boardCyclesPerMs = 16_000;

export interface EventStamp {
  /** Board clock, CPU cycles since the board's reset. */
  readonly boardCycles?: number;
  /** When the kernel saw the edge of a GPIO line, us of the monotonic clock. */
  readonly kernelUs?: number;
  /** 1-based number of the frame in capture.pcapng. */
  readonly frame?: number;
}

export interface TimelineEvent {
  readonly seq: number;
  readonly atUs: number;
  readonly source: EventSource;
  readonly stamp?: EventStamp;
  /** Texts or lists were shortened to keep the event below 4 KiB. */
  readonly cut?: true;
  readonly fact: Fact;
}

/** Why the board opened its switches. All but COMMANDED are trips: the board acted by itself. */
export type PowerOffCause =
  | 'COMMANDED'
  | 'HEARTBEAT'
  | 'SHORT'
  | 'OVERLOAD'
  | 'INRUSH'
  | 'UNDERLOAD'
  | 'ESTOP'
  | 'LINK_DEADLINE'
  | 'SYSTEM_RESET'
  | 'BOARD_RESET'
  | 'RELAY'
  | 'FOREIGN_VOLTAGE'
  | 'SWITCH_STUCK'
  | 'LINE_TOO_FAST'
  | 'NOT_FOUND'
  | 'PWR_REQ_HELD'
  /** By the FAULT_N line alone: the board acted by itself, and which of its reasons it had only serial tells. */
  | 'UNTOLD';

/**
 * `signature`: a valid 802.3af one, and a class. `no-signature`: something else hangs there; the probe says what.
 * `found`, `not-found`: by the discrete lines, which do not tell by what, or what else there was.
 */
export type DiscoveryOutcome =
  | 'loopback'
  | 'nothing'
  | 'partner'
  | 'noise'
  | 'signature'
  | 'no-signature'
  | 'found'
  | 'not-found';

/** The board's discrete lines that a record keeps the edges of. */
export const boardLines = ['LOOP', 'PGOOD', 'FAULT_N', 'ESTOP_OK', 'PWR_REQ', 'FLP_START'] as const;
export type BoardLine = (typeof boardLines)[number];

/**
 * What the low-voltage probe (below 10 V) found. `open`: nothing hangs there; `load`: something that draws and shows no
 * signature, as the capacitor behind a phone's bridge does; `low`, `high`: a resistance that is no valid signature;
 * `not possible`: the emergency stop is open.
 */
export type ProbeFinding = 'open' | 'load' | 'signature' | 'low' | 'high' | 'not possible';

export const boardFaultCodes = [
  'FOREIGN_VOLTAGE',
  'SWITCH_STUCK',
  'ESTOP',
  'RELAY',
  'HEARTBEAT',
  'SHORT',
  'LINE_TOO_FAST',
  'NOT_FOUND',
  'PWR_REQ_HELD',
  'UNTOLD',
] as const satisfies readonly PowerOffCause[];
export type BoardFaultCode = (typeof boardFaultCodes)[number];

export type Fact = BenchFact | BoardFact | LinkFact | ServiceFact | ObserveFact;

// ---- bench -------------------------------------------------------------------------------------------

export type AnswerSource = 'page' | 'terminal' | 'command line';

export type BenchFact =
  | { readonly kind: 'run-start'; readonly runId: string; readonly limited: readonly string[] }
  /** What a person or a scanner read on the phone; `mac` lower case with colons. */
  | { readonly kind: 'label'; readonly serial: string | null; readonly mac: string | null }
  /** A marker frame of our own came back through the capture file's socket: recording works. */
  | { readonly kind: 'capture-proven' }
  /** Our services stay off: the phone's wire is bridged to this interface, behind which somebody else serves. */
  | { readonly kind: 'bridged'; readonly uplink: string }
  /** What the bench file asks of the board's calibration: last day on which it counts, and the day of the run; UTC. */
  | {
      readonly kind: 'calibration';
      /** null: the board does not tell. */
      readonly calibratedOn: string | null;
      readonly due: string | null;
      readonly today: string;
    }
  /** The supply cannot feed this port beside the others: nothing is discovered yet, and no stage's time runs. */
  | {
      readonly kind: 'supply-wait';
      readonly supply: string;
      /** Of its two budgets: for good, or for the moments of inrush. The figures are of that one. */
      readonly limit: 'steady' | 'inrush';
      readonly neededMilliwatts: number;
      readonly reservedMilliwatts: number;
      readonly budgetMilliwatts: number;
      /** Ports that hold what is reserved. */
      readonly holders: readonly string[];
      /** Of the holders: those whose run is over and whose switch nobody knows to be open. */
      readonly unproven: readonly string[];
      /** Ports that asked before. */
      readonly ahead: readonly string[];
    }
  /** What is kept for this port from here on, until its switch is known to be open. */
  | {
      readonly kind: 'supply-granted';
      readonly supply: string;
      readonly waitedMs: number;
      readonly steadyMilliwatts: number;
      readonly inrushMilliwatts: number;
    }
  | { readonly kind: 'power-requested' }
  /** Of a simulated bench, last before the end: how far its time fell behind the wall clock. */
  | { readonly kind: 'simulated-time'; readonly slipMs: number; readonly worstLagMs: number; readonly speed: number }
  /** A judge's deadline passed. Replay makes its own and ignores stored ones. */
  | { readonly kind: 'time' }
  | {
      readonly kind: 'bench-fault';
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
      readonly blame: string;
    }
  /** The operator is asked; the phone stays powered meanwhile. */
  | {
      readonly kind: 'prompt';
      readonly id: string;
      /** By language; `en` is there. */
      readonly question: Readonly<Record<string, string>>;
      /** A name of ours, or a file in the run's folder; null: none. */
      readonly picture: string | null;
      readonly timeoutMs: number;
      /** False: there is neither a terminal nor a page. */
      readonly isAnswerable: boolean;
    }
  | {
      readonly kind: 'prompt-answer';
      readonly id: string;
      readonly answer: 'yes' | 'no';
      readonly by: string;
      readonly where: AnswerSource;
    }
  | { readonly kind: 'interrupted'; readonly by: string }
  /** The source ends: nothing follows. */
  | { readonly kind: 'end'; readonly reason: string };

// ---- board: null is what the discrete lines do not tell -----------------------------------------------

export type BoardFact =
  | {
      readonly kind: 'board-identified';
      readonly firmware: string | null;
      readonly revision: number | null;
      readonly serial: string;
      readonly resetCause: string | null;
      /** `2026-11-23`; null: none that is valid, or not told. */
      readonly calibratedOn: string | null;
    }
  /** A discrete line has changed, as the Pi's header shows it. */
  | { readonly kind: 'line-edge'; readonly line: BoardLine; readonly high: boolean }
  /**
   * One FLP burst; `sent` and `heard` are 33 characters '1' or '0', pulse positions 1..33. `index` starts at 1 again
   * where the board tries a wider pulse.
   */
  | {
      readonly kind: 'flp-burst';
      readonly index: number;
      readonly pulseNanoseconds: number;
      readonly word: number;
      readonly sent: string;
      readonly heard: string;
      readonly foreignPulses: number;
      readonly roundTripNanoseconds: number | null;
    }
  | {
      readonly kind: 'discovery';
      /** The one that decided. */
      readonly method: DetectionMethod | null;
      readonly outcome: DiscoveryOutcome;
      /** `bursts` and `matches` of the pulse width that decided. */
      readonly bursts: number | null;
      readonly matches: number | null;
      /** The last word heard that was not ours, where one could be read. */
      readonly partnerWord: number | null;
      readonly foreignPulses: number | null;
    }
  /** Comes before its `discovery`. `lowMillivolts`, `highMillivolts`: the jack at the two points. */
  | {
      readonly kind: 'probe';
      readonly finding: ProbeFinding;
      /** Slope between the two points; null: none. */
      readonly ohms: number | null;
      /** 802.3af class 0..4; null: not taken, or no class has such a current. */
      readonly powerClass: number | null;
      readonly classMilliamps: number;
      readonly lowMillivolts: number;
      readonly highMillivolts: number;
    }
  | { readonly kind: 'power-refused'; readonly code: string }
  /** By the discrete lines it comes at the end of the inrush, with PGOOD. */
  | {
      readonly kind: 'power-on';
      readonly method: DetectionMethod;
      readonly pairs: FedPairs;
      readonly polarity: FedPolarity;
      readonly discoveryAgeMs: number | null;
    }
  | {
      readonly kind: 'inrush';
      readonly peakMilliamps: number;
      readonly durationMs: number;
      readonly samplePeriodMs: number;
      readonly milliamps: readonly number[];
    }
  /** Current samples, oldest first, `periodMs` apart, the last one taken at `atUs`. */
  | {
      readonly kind: 'current';
      readonly periodMs: number;
      readonly milliamps: readonly number[];
      readonly jackMillivolts: number;
    }
  /** `switchOffMs`: cause to switch open. */
  | {
      readonly kind: 'power-off';
      readonly cause: PowerOffCause;
      readonly switchOffMs: number | null;
      readonly milliamps: number | null;
    }
  /** `jackSafeMs`: cause to jack below 2.8 V. */
  | { readonly kind: 'jack-safe'; readonly jackSafeMs: number | null }
  | {
      readonly kind: 'board-fault';
      readonly code: BoardFaultCode;
      readonly jackMillivolts: number | null;
    }
  | { readonly kind: 'board-lost'; readonly code: string }
  /** A trip that the board kept from before this run (the run before was cut). */
  | {
      readonly kind: 'stored-trip';
      readonly cause: PowerOffCause;
      readonly switchOffMs: number;
      readonly jackSafeMs: number | null;
    };

// ---- link --------------------------------------------------------------------------------------------

export type LinkFact =
  | { readonly kind: 'link-up' }
  | { readonly kind: 'link-down' }
  | { readonly kind: 'own-frame-returned' };

// ---- services: what frames cannot show ---------------------------------------------------------------

export type ServiceFact = {
  readonly kind: 'service';
  readonly service: 'cdp' | 'lldp' | 'dhcp' | 'tftp' | 'callmanager';
  /** A short verb phrase, e.g. `lease-granted`, `refuses-on-purpose`, `file-missing`. */
  readonly action: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
};

// ---- observe: what frames show -----------------------------------------------------------------------

export type Party = 'phone' | 'bench';

interface Seen {
  readonly from: Party;
  /** 802.1Q id the frame carried, null when untagged. */
  readonly vlan: number | null;
  /** Source MAC, lower case with colons. */
  readonly mac: string;
}

export type ObserveFact =
  | (Seen & {
      readonly kind: 'cdp';
      readonly deviceId: string | null;
      readonly portId: string | null;
      readonly platform: string | null;
      readonly softwareVersion: string | null;
      readonly capabilities: number | null;
      readonly checksumOk: boolean;
      readonly voiceVlanQuery: boolean;
      readonly voiceVlanReply: number | null;
      readonly powerConsumptionMilliwatts: number | null;
      readonly powerRequestedMilliwatts: readonly number[] | null;
      readonly powerAvailableMilliwatts: number | null;
    })
  | (Seen & {
      readonly kind: 'lldp';
      readonly chassisId: string | null;
      readonly portId: string | null;
      /** 0: the sender goes away. */
      readonly ttlSeconds: number | null;
      readonly systemName: string | null;
      /** Of a phone, as on its label, and the load it runs. */
      readonly model: string | null;
      readonly softwareVersion: string | null;
      /** Those that are on (802.1AB table 8-4). */
      readonly capabilities: number | null;
      /** LLDP-MED: 1 to 3 an endpoint, 4 a switch; null: it does not speak LLDP-MED. */
      readonly medClass: number | null;
      /** For voice; `vlan` null: untagged. */
      readonly voicePolicy: { readonly vlan: number | null; readonly priority: number; readonly dscp: number } | null;
      /** By 802.3's power TLV, else by LLDP-MED; both as it reaches the phone. */
      readonly powerRequestedMilliwatts: number | null;
      readonly powerAllocatedMilliwatts: number | null;
    })
  | (Seen & {
      readonly kind: 'dhcp';
      readonly messageType: string;
      readonly xid: number;
      readonly sourceAddress: string;
      readonly clientMac: string;
      readonly vendorClass: string | null;
      readonly hostName: string | null;
      readonly parameterRequestList: readonly number[];
      readonly requestedAddress: string | null;
      readonly yourAddress: string;
      readonly serverIdentifier: string | null;
      readonly tftpServers: readonly string[];
      /** Option 150 that is no list of addresses; left out where there is none such. */
      readonly tftpServersText?: string;
      readonly tftpServerName: string | null;
      readonly udpChecksum: boolean;
    })
  /** The phone used an address as its own (ARP or IPv4 source): first time per address and VLAN. */
  | (Seen & { readonly kind: 'address-used'; readonly address: string })
  /** The phone asked by ARP who has this address: first time per address and VLAN. */
  | (Seen & { readonly kind: 'address-sought'; readonly address: string })
  /** First frame of the phone with this tag (or none). */
  | (Seen & { readonly kind: 'vlan-used' })
  | (Seen & {
      readonly kind: 'tftp-request';
      readonly transfer: number;
      readonly file: string;
      readonly mode: string;
      readonly options: Readonly<Record<string, string>>;
    })
  | (Seen & {
      readonly kind: 'tftp-progress';
      readonly transfer: number;
      readonly file: string;
      readonly bytes: number;
    })
  /**
   * `complete`: the last short block was acknowledged. `error`: TFTP error code and text. `gaveUp`: no end was seen.
   * `askedAgain`: the client asked for the same file anew before its end.
   */
  | (Seen & {
      readonly kind: 'tftp-end';
      readonly transfer: number;
      readonly file: string;
      readonly outcome: 'complete' | 'error' | 'gaveUp' | 'askedAgain';
      readonly bytes: number;
      readonly durationMs: number;
      readonly errorCode: number | null;
      readonly errorMessage: string | null;
      /** Of a configuration file that came whole: what it tells the phone. */
      readonly config: ServedConfig | null;
    })
  /** TCP towards a CallManager port. `connected`: three-way handshake; `refused`: RST to a SYN; `closed`: FIN or RST later. */
  | (Seen & {
      readonly kind: 'tcp';
      readonly state: 'connecting' | 'connected' | 'refused' | 'closed';
      readonly server: string;
      readonly port: number;
    })
  | (Seen & {
      readonly kind: 'sccp';
      readonly server: string;
      readonly message: string;
      readonly messageId: number;
      readonly fields: Readonly<Record<string, string | number>>;
      /** Folded repeats (keepalives): how many this event stands for. */
      readonly count: number;
    })
  /**
   * A SIP message. `method`: of the request, or of the one an answer answers. `statusCode` and `reason` are an answer's.
   * `purpose`: what a REGISTER, a REFER or a NOTIFY of service-control is for, also of the answers to it.
   */
  | (Seen & {
      readonly kind: 'sip';
      readonly transport: 'udp' | 'tcp';
      readonly server: string;
      readonly port: number;
      readonly method: string;
      readonly statusCode: number | null;
      readonly reason: string | null;
      readonly purpose: 'register' | 'keepalive' | 'unregister' | 'token' | 'reset' | 'restart' | null;
      readonly fields: Readonly<Record<string, string | number>>;
      /** Folded repeats (refreshes, keepalives): how many this event stands for. */
      readonly count: number;
    })
  /** Bytes that should have been one of our protocols and could not be read. Never a crash. */
  | (Seen & {
      readonly kind: 'malformed';
      readonly protocol: string;
      readonly offset: number;
      readonly reason: string;
    });

export interface ServedConfig {
  readonly loadInformation: string | null;
  /** null: the file has none, as a default file. */
  readonly versionStamp: string | null;
  /** null: not told, or none of SIP's. */
  readonly sipTransport: 'udp' | 'tcp' | null;
  /** CallManagers in the order of priority. */
  readonly callManagers: readonly { readonly priority: number; readonly address: string; readonly port: number }[];
}

export type FactKind = Fact['kind'];
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;

export const sourceOf = (kind: FactKind): EventSource => {
  switch (kind) {
    case 'run-start':
    case 'label':
    case 'capture-proven':
    case 'bridged':
    case 'calibration':
    case 'supply-wait':
    case 'supply-granted':
    case 'power-requested':
    case 'simulated-time':
    case 'time':
    case 'prompt':
    case 'prompt-answer':
    case 'bench-fault':
    case 'interrupted':
    case 'end':
      return 'bench';
    case 'board-identified':
    case 'line-edge':
    case 'flp-burst':
    case 'probe':
    case 'discovery':
    case 'power-refused':
    case 'power-on':
    case 'inrush':
    case 'current':
    case 'power-off':
    case 'jack-safe':
    case 'board-fault':
    case 'board-lost':
    case 'stored-trip':
      return 'board';
    case 'link-up':
    case 'link-down':
    case 'own-frame-returned':
      return 'link';
    case 'service':
      return 'service';
    default:
      return 'observe';
  }
};

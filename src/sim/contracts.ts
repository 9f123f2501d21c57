/**
 * How the parts of the simulated bench meet. The simulator is a process of its own and shares with the daemon only the
 * wire codecs and src/os.
 */

import type { InjectorFields } from '../wire/injector-messages.js';

/** What hangs on the jack, electrically. All times are simulated CPU cycles (16 MHz). */
export interface PluggedDevice {
  /** Cycles from a rising edge on FLP_TX to the one it causes on FLP_RX (cable there and back); undefined: nothing comes back. */
  echoDelayCycles(): number | undefined;
  /** A low-pass: only pulses at least so long come back, and at their end. */
  readonly shortestPulseCycles?: number;
  /** Rising edges the device puts on FLP_RX by itself, the next one after `afterCycle`; undefined: silent. */
  nextOwnPulse(afterCycle: number): number | undefined;
  /**
   * One electrical step: the jack offers up to `limitMilliamps` at `supplyVolts` for `seconds` (0 V and 0 mA when the
   * switches are open), through `seriesOhms` where the low-voltage sources are joined. Returns what flowed and where the
   * jack's voltage settled. Called every 100 us or finer.
   */
  step(
    supplyVolts: number,
    limitMilliamps: number,
    seconds: number,
    seriesOhms?: number,
  ): { readonly milliamps: number; readonly jackVolts: number };
}

/** Commands and reports between the electrical phone and its network half (both in the simulator's process). */
export interface PhonePower {
  /** What the phone draws once its supply stands, mW (boot, then running). */
  setLoad(milliwatts: number): void;
  /** The listener hears when the phone's own supply comes up (above 36 V) and goes down (below 30 V). */
  onSupply(listener: (on: boolean) => void): void;
  /** The cable is pulled, from now on (the jack sees an open circuit). */
  unplug(): void;
}

/** The network half of a virtual phone: boots when powered, forgets everything volatile when not. */
export interface VirtualPhone {
  powerUp(): void;
  powerDown(): void;
  close(): Promise<void>;
}

/** The phone's end of the wire. `real`: a veth end in the phone's own network namespace; `limited`: Unix socket plus loopback. */
export interface PhoneWire {
  readonly kind: 'real' | 'limited';
  /** PHY link; carrier at the bench's end follows. Resolves when it stands; calls take effect in order, nothing passes while down. */
  setLink(up: boolean): Promise<void>;
  /** Raw frames (CDP, DHCP with its odd headers, ARP), tag in place. Limited: frames go over the Unix socket. Never throws. */
  sendFrame(frame: Uint8Array): void;
  /** Every frame that reaches the phone, tag in place. Returns how to stop. */
  onFrame(listener: (frame: Uint8Array) => void): () => void;
  /**
   * The phone's IP presence: kernel sockets whose frames leave tagged with `vlan` (or untagged). Replaces an earlier one.
   * Limited: loopback addresses underneath.
   */
  attachIp(options: PhoneAddress): Promise<PhoneStack>;
  /** Every socket of the stack is gone at once, without a word on the wire where link is down already. */
  detachIp(): Promise<void>;
  close(): Promise<void>;
}

export interface PhoneAddress {
  /** 802.1Q id (0: priority tag only), null: untagged. */
  readonly vlan: number | null;
  readonly address: string;
  readonly prefixLength: number;
  readonly router: string | null;
}

export interface PhoneStack {
  /** A datagram socket on a port (0: any free one). */
  udp(port: number): Promise<PhoneUdp>;
  /** Rejects when refused (ECONNREFUSED), not answered within `timeoutMs`, or the address is taken away. */
  connect(address: string, port: number, timeoutMs: number): Promise<import('node:net').Socket>;
}

export interface PhoneUdp {
  readonly port: number;
  send(data: Uint8Array, address: string, port: number): void;
  onMessage(listener: (data: Uint8Array, peer: { address: string; port: number }) => void): void;
  close(): void;
}

/** What the simulator is started with, as JSON in its first argument. */
export interface SimulatorConfig {
  /** Fault names (src/sim/faults.ts); unknown ones end the simulator with exit 4. */
  readonly faults: readonly string[];
  readonly phone: {
    readonly mac: string;
    readonly load: string;
    readonly model: string;
    /** What its power input is; prestandard unless told. */
    readonly power?: 'prestandard' | '802.3af';
    /** Of its line, for a SIP load; undefined: it answers no challenge. */
    readonly sipCredentials?: { readonly user: string; readonly password: string };
    /** The lease it had where it came from: IP source of its first DISCOVER. */
    readonly previousAddress?: string;
  };
  readonly timers: PhoneTimers;
  /** Network kind, and for `limited` where the daemon's frame socket listens and the port offset of its loopback services. */
  readonly network:
    | { readonly kind: 'real'; readonly interface: string }
    | { readonly kind: 'limited'; readonly socketPath: string; readonly portOffset: number };
  /** `firmware`: the committed image, instruction by instruction; `modelled`: its behaviour at its Firmata bytes (no discrete lines). */
  readonly board?: 'firmware' | 'modelled';
  /** STORE_PROFILE's fields, stored on the board from the start; undefined: none. */
  readonly profile?: InjectorFields<'STORE_PROFILE'>;
  /** Control socket to listen on (NDJSON; src/sim/main.ts names the commands). */
  readonly controlPath: string;
  /** Unix socket of the discrete lines (src/sim/line-socket.ts); undefined: nothing is wired to them. */
  readonly linesPath?: string;
  /** Electrical truth in cycles, NDJSON, one fact a line (switch, jack safe, heartbeat bytes, slip); for tests and `demo`. */
  readonly witnessPath: string;
  /** The simulator ends by itself when nobody held the serial port or the control socket for so long. */
  readonly orphanSeconds: number;
}

/** Many benches in one process; they come by its control socket. */
export interface RackConfig {
  readonly rackPath: string;
  /** The rack ends by itself when it has stood empty, and nobody held its socket, for so long. */
  readonly orphanSeconds: number;
}

export interface PhoneTimers {
  readonly bootMs: number;
  readonly linkUpMs: number;
  readonly cdpSyncMs: number;
  readonly dhcpRetryMs: number;
  readonly tftpRetryMs: number;
  readonly fileGapMs: number;
  readonly callManagerRetryMs: number;
  /** Of its steady CDP; LLDP comes in half of it. */
  readonly cdpPeriodMs: number;
}

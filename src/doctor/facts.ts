import type { NetworkRights } from '../os/network-rights.js';

/** What the checks judge by; read by system-reader.ts and nothing else. */
export interface SystemFacts extends NetworkRights {
  readonly user: {
    readonly name: string;
    readonly isRoot: boolean;
    /** Of this process. */
    readonly groups: readonly string[];
    /** By /etc/group: what the next login will have. */
    readonly groupsAtLogin: readonly string[];
  };
  readonly namespaces: NamespaceFacts;
  readonly gpio: GpioFacts;
  readonly clock: { readonly now: Date; readonly isSynchronised: boolean };
  readonly disk: DiskFacts;
  /** By path, of the hardware ports. */
  readonly boards: Readonly<Record<string, BoardPathFacts>>;
  /** By name, of the hardware ports. */
  readonly interfaces: Readonly<Record<string, InterfaceFacts>>;
  /** The machine's other interfaces, but for the loopback. */
  readonly wires: readonly WireFacts[];
}

/** An interface that no port of the bench file has: may `services` use it? */
export interface WireFacts {
  readonly name: string;
  readonly hasDefaultRoute: boolean;
  /** Of its own, with prefix. */
  readonly addresses: readonly string[];
  readonly dhcp: DhcpFacts;
}

export type NamespaceFacts =
  | { readonly kind: 'permitted' }
  | { readonly kind: 'forbidden'; readonly reason: string }
  | { readonly kind: 'tool missing'; readonly tool: string; readonly remedy: string };

export interface GpioFacts {
  /** Of the device tree; null: not such a machine. */
  readonly model: string | null;
  readonly characterDevices: readonly { readonly path: string; readonly isUsable: boolean }[];
  /** Labels of the chips under /sys/class/gpio; undefined: the kernel has no sysfs GPIO. */
  readonly sysfsLabels: readonly string[] | undefined;
  /** Kernel modules that keep a dead process's outputs driven, or not. */
  readonly keepsOutputs: readonly { readonly module: string; readonly on: boolean }[];
}

export interface DiskFacts {
  /** Of the bench file: below it no run starts. */
  readonly reserveBytes: number;
  readonly path: string;
  readonly freeBytes: number;
  readonly isWritable: boolean;
}

export type BoardPathFacts =
  | { readonly kind: 'missing' }
  | { readonly kind: 'present'; readonly isUsable: boolean; readonly isTerminal: boolean; readonly group: string };

export type InterfaceFacts =
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'present';
      readonly hasDefaultRoute: boolean;
      /** Programs that would configure it under us, with what tells them not to. */
      readonly managers: readonly { readonly program: string; readonly mend: string }[];
      readonly dhcp: DhcpFacts;
    };

export type DhcpFacts =
  | { readonly kind: 'not listened'; readonly reason: string }
  | { readonly kind: 'listened'; readonly seconds: number; readonly servers: readonly DhcpServerHeard[] };

export interface DhcpServerHeard {
  readonly address: string;
  readonly mac: string;
}

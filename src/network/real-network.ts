import { BenchError } from '../errors.js';
import { changeInterfaces, removeInterfaces } from '../os/interface-thread.js';
import { networkNamespaceOf } from '../os/network-namespace.js';

import type { Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import { refuseUplink } from './interface-guard.js';
import type { IpAttachment, PortNetwork } from './ip-attachment.js';
import { openKernelAttachment } from './kernel-attachment.js';
import { openPacketLink } from './packet-link.js';

export interface RealNetworkOptions {
  /** The interface that the phone's jack is wired to; it belongs to the bench alone from now on. */
  readonly interface: string;
  readonly clock: Clock;
  /**
   * The default route may leave by it, and this machine lives on it: its settings (IPv6, offloads, ARP) stay as they are.
   * Left out: it is refused then.
   */
  readonly isShared?: boolean;
}

/** @throws BenchError INTERFACE_UNKNOWN, INTERFACE_WITHOUT_WIRE, INTERFACE_FORBIDDEN (default route), NETWORK_PERMISSION, SYSTEM_CALL */
export const openRealNetwork = async ({
  interface: name,
  clock,
  isShared = false,
}: RealNetworkOptions): Promise<PortNetwork> => {
  refuseUplink(name, { isShared });
  const link = openPacketLink(name, clock);
  try {
    await changeInterfaces([...(isShared ? [] : [{ kind: 'quiet', name } as const]), { kind: 'set', name, up: true }]);
  } catch (reason) {
    await link.close();
    throw reason;
  }
  const attachments = new Set<IpAttachment>();
  let closed: Promise<void> | undefined;
  return {
    link,
    limited: [],
    isBenchSide: (mac) => mac === link.macAddress,
    attach: async (options) => {
      const attachment = await openKernelAttachment(link, clock, options);
      attachments.add(attachment);
      return attachment;
    },
    close: () => {
      closed ??= (async () => {
        await Promise.all([...attachments].map((attachment) => attachment.close()));
        await link.close();
      })();
      return closed;
    },
  };
};

export interface VethNames {
  /** The end that stays here. */
  readonly bench: string;
  /** The end given to the other process's namespace. */
  readonly phone: string;
}

export interface VethOptions {
  readonly names: VethNames;
  readonly clock: Clock;
  /** How long the other process may take to get into its own namespace. */
  readonly timeoutMs: number;
}

const pollMs = 10;

/**
 * The simulated phone's cable: a veth pair, one end here, the other (down as yet) in the network namespace of process `pid`,
 * which was started under `unshare -n` and is waited for. `close` removes both ends.
 *
 * @throws BenchError SIMULATOR_FAILED when that process has no namespace of its own in time, NETWORK_PERMISSION, NETWORK_FAILED
 */
export const createVethTo = async (
  pid: number,
  { names, clock, timeoutMs }: VethOptions,
): Promise<{ close(): Promise<void> }> => {
  const ours = networkNamespaceOf('self');
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const theirs = networkNamespaceOf(String(pid));
    if (theirs !== undefined && theirs !== ours) break;
    if (theirs === undefined || waitedMs >= timeoutMs)
      throw new BenchError('SIMULATOR_FAILED', `process ${pid} has no network namespace of its own`);
    await sleep(clock, pollMs);
  }
  await changeInterfaces([
    { kind: 'add-veth', end: { name: names.bench }, peer: { name: names.phone, namespaceOfPid: pid } },
  ]);
  return { close: () => removeInterfaces([names.bench]) };
};

import { readlinkSync } from 'node:fs';
import { BenchError } from '../errors.js';
import { quietInterface, setInterfaceUp, turnOffOffloads } from '../os/interface-control.js';
import { runIp } from '../os/ip-command.js';
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
    if (!isShared) {
      quietInterface(name);
      turnOffOffloads(name);
    }
    setInterfaceUp(name, true);
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

const namespaceOf = (process: string): string | undefined => {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    return undefined;
  }
};

const pollMs = 10;

/**
 * The simulated phone's cable: a veth pair, one end here, the other (down as yet) in the network namespace of process `pid`,
 * which was started under `unshare -n` and is waited for. `close` removes both ends.
 *
 * @throws BenchError SIMULATOR_FAILED when that process has no namespace of its own in time, TOOL_MISSING, NETWORK_FAILED
 */
export const createVethTo = async (
  pid: number,
  { names, clock, timeoutMs }: VethOptions,
): Promise<{ close(): Promise<void> }> => {
  const ours = namespaceOf('self');
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const theirs = namespaceOf(String(pid));
    if (theirs !== undefined && theirs !== ours) break;
    if (theirs === undefined || waitedMs >= timeoutMs)
      throw new BenchError('SIMULATOR_FAILED', `process ${pid} has no network namespace of its own`);
    await sleep(clock, pollMs);
  }
  await runIp('link', 'add', names.bench, 'type', 'veth', 'peer', 'name', names.phone, 'netns', String(pid));
  return { close: async () => void (await runIp('link', 'delete', 'dev', names.bench).catch(() => {})) };
};

/**
 * An interface that carries one VLAN of another one: the kernel's own (8021q) where it has it, else tagging in user space.
 *
 * User space: a veth pair, its one end being the VLAN's interface with the kernel's IP stack on it, its other end read and
 * written here; frames pass between that end and the wire, a tag put in on the way out and taken out on the way in.
 * (A TAP device would do with one interface, but /dev/net/tun is root's alone on many machines.)
 */
import type { Clock } from '../timeline/clock.js';
import { interfaceIndex, interfaceMac } from './interface-control.js';
import { changeInterfaces, removeInterfaces } from './interface-thread.js';
import { openPacketSocket } from './packet-socket.js';

export type VlanKind = 'kernel' | 'user-space';

export interface VlanWire {
  /** Whole frame, tag in place. May throw (wire down): the frame is lost then, as on any wire. */
  send(frame: Uint8Array): void;
  /** What comes in from the wire (never our own), tag in place. */
  onReceived(listener: (frame: Uint8Array) => void): () => void;
}

export interface VlanDeviceOptions {
  /** The wire's own interface; the VLAN's takes over its MAC address. */
  readonly wireInterface: string;
  /** 1..4094 */
  readonly vlan: number;
  readonly clock: Clock;
  /** Only used in user space. */
  readonly wire: VlanWire;
  /** Writes the UDP or TCP checksum that the stack left to hardware (wire/ipv4.ts `completeChecksum`). */
  readonly completeChecksum: (frame: Uint8Array) => Uint8Array;
  /** Takes one kind and no other; for tests. */
  readonly kind?: VlanKind;
}

export interface VlanDevice {
  readonly interfaceName: string;
  readonly kind: VlanKind;
  /** Frames the pump could not pass on, both ways. */
  lost(): number;
  close(): Promise<void>;
}

const ETH_P_8021Q = 0x8100;
const vlanMask = 0x0fff;
const macsBytes = 12;
const tagBytes = 4;
/** Without FCS, without tag: what the kernel's stack accepts at an MTU of 1500. */
const longestUntaggedFrame = 1514;

/** The frame's 802.1Q id, undefined when it carries no tag. */
const tagOf = (frame: Uint8Array): number | undefined => {
  const [high, low, top, bottom] = frame.subarray(macsBytes, macsBytes + tagBytes);
  if (high === undefined || low === undefined || top === undefined || bottom === undefined) return undefined;
  return ((high << 8) | low) === ETH_P_8021Q ? ((top << 8) | bottom) & vlanMask : undefined;
};

const withTag = (frame: Uint8Array, vlan: number): Uint8Array => {
  const tagged = new Uint8Array(frame.length + tagBytes);
  tagged.set(frame.subarray(0, macsBytes));
  tagged.set([ETH_P_8021Q >> 8, ETH_P_8021Q & 0xff, vlan >> 8, vlan & 0xff], macsBytes);
  tagged.set(frame.subarray(macsBytes), macsBytes + tagBytes);
  return tagged;
};

const withoutTag = (frame: Uint8Array): Uint8Array => {
  const untagged = new Uint8Array(frame.length - tagBytes);
  untagged.set(frame.subarray(0, macsBytes));
  untagged.set(frame.subarray(macsBytes + tagBytes), macsBytes);
  return untagged;
};

const exists = (name: string): boolean => {
  try {
    return interfaceIndex(name) > 0;
  } catch {
    return false;
  }
};

/** Asked once: a kernel without 8021q looks for the module on the disk at every try. */
let kernelHasVlans = true;

const openKernelDevice = async (name: string, options: VlanDeviceOptions): Promise<VlanDevice> => {
  const { wireInterface, vlan } = options;
  try {
    await changeInterfaces([
      { kind: 'add-vlan', name, parent: wireInterface, vlan },
      { kind: 'quiet', name },
      { kind: 'set', name, up: true },
    ]);
  } catch (reason) {
    if (String(reason).includes('EOPNOTSUPP')) kernelHasVlans = false;
    else await removeInterfaces([name]);
    throw reason;
  }
  return { interfaceName: name, kind: 'kernel', lost: () => 0, close: () => removeInterfaces([name]) };
};

const openUserSpaceDevice = async (name: string, options: VlanDeviceOptions): Promise<VlanDevice> => {
  const { vlan, wire, clock, completeChecksum } = options;
  const pumpName = `${name}w`;
  const mac = interfaceMac(options.wireInterface);
  let lost = 0;
  const attempt = (send: () => boolean | undefined): void => {
    try {
      if (send() === false) lost += 1;
    } catch {
      lost += 1;
    }
  };
  try {
    await changeInterfaces([
      { kind: 'add-veth', end: { name, mac }, peer: { name: pumpName } },
      { kind: 'quiet', name },
      { kind: 'quiet', name: pumpName },
      // The pump's end has a kernel stack too: it shall not speak.
      { kind: 'set', name: pumpName, up: true, arp: false },
      { kind: 'set', name, up: true },
      { kind: 'settle', name: pumpName },
    ]);
    const stack = openPacketSocket({
      interfaceName: pumpName,
      clock,
      seeOutgoing: false,
      onPacket: ({ bytes, checksumNotReady }) =>
        attempt(() => void wire.send(withTag(checksumNotReady ? completeChecksum(bytes) : bytes, vlan))),
    });
    const unlisten = wire.onReceived((frame) => {
      if (tagOf(frame) !== vlan) return;
      const untagged = withoutTag(frame);
      if (untagged.length > longestUntaggedFrame) lost += 1;
      else attempt(() => stack.send(untagged));
    });
    return {
      interfaceName: name,
      kind: 'user-space',
      lost: () => lost,
      close: () => {
        unlisten();
        stack.close();
        return removeInterfaces([name]);
      },
    };
  } catch (reason) {
    await removeInterfaces([name]);
    throw reason;
  }
};

/** Throws BenchError NETWORK_PERMISSION, NETWORK_FAILED or SYSTEM_CALL when neither kind can be made. */
export const openVlanDevice = async (options: VlanDeviceOptions): Promise<VlanDevice> => {
  const name = `lp${interfaceIndex(options.wireInterface)}v${options.vlan}`;
  // Left over from a process that was killed.
  if (exists(name)) await removeInterfaces([name]);
  if (options.kind === 'user-space' || (options.kind === undefined && !kernelHasVlans))
    return openUserSpaceDevice(name, options);
  try {
    return await openKernelDevice(name, options);
  } catch (reason) {
    if (options.kind === 'kernel') throw reason;
    return openUserSpaceDevice(name, options);
  }
};

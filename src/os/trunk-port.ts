/**
 * One port of a managed switch as an interface of its own. The switch gives each of its ports a VLAN and hands all of them on over
 * one trunk; here each such VLAN becomes a veth pair: what its one end sends goes out on the trunk with the VLAN's tag in front
 * of whatever tag the frame has, what comes in with that tag arrives there without it. So the interface carries what the phone's
 * jack carries, and nobody else need know of a trunk.
 *
 * Each port has a socket of its own on the trunk, and the kernel hands it its own VLAN alone: a port that is flooded loses its own
 * frames and nobody else's.
 */
import type { Clock } from '../timeline/clock.js';
import { interfaceIndex, interfaceMac, interfaceMtu } from './interface-control.js';
import { changeInterfaces, removeInterfaces } from './interface-thread.js';
import { openPacketSocket } from './packet-socket.js';

/** `802.1ad`: the service tag of a provider bridge. */
export type OuterTag = '802.1Q' | '802.1ad';
/**
 * How the switch passes on what is meant for itself. `plain`: as it is; `cisco`: CDP and LLDP travel to Cisco's tunnelling
 * address (l2protocol-tunnel), which the switch gives back its own at the jack.
 */
export type TrunkTunnel = 'plain' | 'cisco';

export interface TrunkPlace {
  /** The interface that hangs on the switch's trunk. */
  readonly trunk: string;
  /** 1..4094, of the jack. */
  readonly vlan: number;
  readonly tag: OuterTag;
  readonly tunnel: TrunkTunnel;
}

export interface TrunkPortOptions extends TrunkPlace {
  readonly clock: Clock;
  /** Writes the UDP or TCP checksum that the stack left to hardware (wire/ipv4.ts `completeChecksum`). */
  readonly completeChecksum: (frame: Uint8Array) => Uint8Array;
}

export interface TrunkPort {
  readonly interfaceName: string;
  /** Frames that could not be passed on, both ways. */
  lost(): number;
  close(): Promise<void>;
}

const tagProtocols = { '802.1Q': 0x8100, '802.1ad': 0x88a8 } as const satisfies Record<OuterTag, number>;
const macBytes = 6;
const macsBytes = 2 * macBytes;
const tagBytes = 4;
/** 1500 bytes of payload, the phone's own tag and the switch's. */
const trunkMtu = 1504;

const address = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex');
const tunnelled = address('01:00:0c:cd:cd:d0');
const cdp = address('01:00:0c:cc:cc:cc');
const lldp = address('01:80:c2:00:00:0e');
const lldpEtherType = 0x88cc;
/** The switch's own talk at a jack: spanning trees (802.1D, and a tree for each VLAN), and its loopback probes. */
const spanningTrees = [address('01:80:c2:00:00:00'), address('01:00:0c:cc:cc:cd')] as const;
const loopbackEtherType = 0x9000;

const typeOf = (frame: Uint8Array): number => ((frame[macsBytes] ?? 0) << 8) | (frame[macsBytes + 1] ?? 0);
const isTo = (frame: Uint8Array, destination: Buffer): boolean =>
  destination.equals(frame.subarray(0, macBytes) as Buffer);

/** Without the outer tag, which is the switch's; undefined: the switch spoke for itself. */
export const asAtTheJack = (frame: Uint8Array, tunnel: TrunkTunnel): Uint8Array | undefined => {
  const bare = new Uint8Array(frame.length - tagBytes);
  bare.set(frame.subarray(0, macsBytes));
  bare.set(frame.subarray(macsBytes + tagBytes), macsBytes);
  if (spanningTrees.some((tree) => isTo(bare, tree)) || typeOf(bare) === loopbackEtherType) return undefined;
  if (tunnel === 'cisco' && isTo(bare, tunnelled)) bare.set(typeOf(bare) === lldpEtherType ? lldp : cdp);
  return bare;
};

/** With the tag in front of whatever tag it has. */
export const asOnTheTrunk = (frame: Uint8Array, { vlan, tag, tunnel }: Omit<TrunkPlace, 'trunk'>): Uint8Array => {
  const tagged = new Uint8Array(frame.length + tagBytes);
  const protocol = tagProtocols[tag];
  tagged.set(frame.subarray(0, macsBytes));
  if (tunnel === 'cisco' && (isTo(frame, cdp) || isTo(frame, lldp))) tagged.set(tunnelled);
  tagged.set([protocol >> 8, protocol & 0xff, vlan >> 8, vlan & 0xff], macsBytes);
  tagged.set(frame.subarray(macsBytes), macsBytes + tagBytes);
  return tagged;
};

/** Room for two tags, where the driver has it; without, frames of full length are lost and short ones are not. */
const makeRoom = async (trunk: string): Promise<void> => {
  if (interfaceMtu(trunk) >= trunkMtu) return;
  await changeInterfaces([{ kind: 'set', name: trunk, mtu: trunkMtu }]).catch(() => {});
};

const exists = (name: string): boolean => {
  try {
    return interfaceIndex(name) > 0;
  } catch {
    return false;
  }
};

/**
 * The trunk's interface is the bench's alone from now on. Throws BenchError INTERFACE_UNKNOWN, NETWORK_PERMISSION,
 * NETWORK_FAILED, SYSTEM_CALL.
 */
export const openTrunkPort = async (options: TrunkPortOptions): Promise<TrunkPort> => {
  const { trunk, vlan, tag, tunnel, clock, completeChecksum } = options;
  const name = `lp${interfaceIndex(trunk)}t${vlan}`;
  const pumpName = `${name}w`;
  // Left over from a process that was killed.
  if (exists(name)) await removeInterfaces([name]);
  let lost = 0;
  const attempt = (send: () => boolean): void => {
    try {
      if (!send()) lost += 1;
    } catch {
      lost += 1;
    }
  };
  const sockets: { close(): void }[] = [];
  const close = async () => {
    for (const socket of sockets) socket.close();
    await removeInterfaces([name]);
  };
  await makeRoom(trunk);
  await changeInterfaces([
    { kind: 'quiet', name: trunk },
    { kind: 'set', name: trunk, up: true },
    { kind: 'add-veth', end: { name, mac: interfaceMac(trunk) }, peer: { name: pumpName } },
  ]);
  try {
    await changeInterfaces([
      { kind: 'quiet', name },
      { kind: 'quiet', name: pumpName },
      // The pump's end has a kernel stack too: it shall not speak.
      { kind: 'set', name: pumpName, up: true, arp: false },
      { kind: 'set', name, up: true },
      { kind: 'settle', name: pumpName },
    ]);
    const toTrunk = openPacketSocket({
      interfaceName: trunk,
      clock,
      seeOutgoing: false,
      vlan: { id: vlan, protocol: tagProtocols[tag] },
      onPacket: ({ bytes, checksumNotReady }) => {
        const frame = asAtTheJack(checksumNotReady ? completeChecksum(bytes) : bytes, tunnel);
        if (frame !== undefined) attempt(() => toJack.send(frame));
      },
    });
    sockets.push(toTrunk);
    const toJack = openPacketSocket({
      interfaceName: pumpName,
      clock,
      seeOutgoing: false,
      onPacket: ({ bytes, checksumNotReady }) => {
        const frame = checksumNotReady ? completeChecksum(bytes) : bytes;
        attempt(() => toTrunk.send(asOnTheTrunk(frame, { vlan, tag, tunnel })));
      },
    });
    sockets.push(toJack);
    return { interfaceName: name, lost: () => lost + toTrunk.drops() + toJack.drops(), close };
  } catch (reason) {
    await close();
    throw reason;
  }
};

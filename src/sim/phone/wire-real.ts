import { changeInterfaces, type InterfaceChange, removeInterfaces } from '../../os/interface-thread.js';

import { openPacketSocket, type PacketSocket, type ReceivedPacket } from '../../os/packet-socket.js';
import type { Clock } from '../../timeline/clock.js';
import { addVlanTag, decodeEthernet, type EthernetFrame, etherTypes, stripVlanTag } from '../../wire/ethernet.js';
import { completeChecksum } from '../../wire/ipv4.js';
import type { PhoneWire } from '../contracts.js';
import { isDhcpReplyFrame } from './dhcp-frames.js';
import { appearance } from './interface-appearance.js';
import { createSocketStack, type SocketStack, sameEndpoints } from './socket-stack.js';
import { isOnVlan, signallingPriority } from './tagged-frame.js';

/** Phones of this process so far: each has a pair of its own. */
let phones = 0;

/** The phone's stack speaks IPv4 and nothing else. */
const stackEtherTypes: ReadonlySet<number> = new Set([etherTypes.ipv4, etherTypes.arp]);
const groupBit = 1;

const belongsToStack = ({ body }: EthernetFrame): boolean =>
  body.kind === 'ethertype' && stackEtherTypes.has(body.etherType);

/** A frame as it would stand on a wire, whatever the sender's kernel left to hardware. */
const finished = ({ bytes, checksumNotReady }: ReceivedPacket): Uint8Array =>
  checksumNotReady ? completeChecksum(bytes) : bytes;

const sendQuietly = (socket: PacketSocket, frame: Uint8Array): void => {
  try {
    socket.send(frame);
  } catch {
    // Link down, or the other end is gone: a frame nobody hears.
  }
};

/** What the pump needs to know; `vlan` undefined: the phone has no IP address. */
interface PumpState {
  linkUp: boolean;
  vlan: number | null | undefined;
}

const isForPhone = (destination: string, mac: string): boolean =>
  destination === mac || (Number.parseInt(destination.slice(0, 2), 16) & groupBit) !== 0;

/**
 * The phone's end of a veth pair, in this process's network namespace. Its frames go straight to the listeners; its IP
 * is the kernel's, on a second pair `pv<n>`/`pp<n>`, with a pump in between that tags and untags. The wire end answers
 * nothing by itself: no ARP, no IPv6, and a MAC of its own, so that the kernel takes the phone's frames for somebody else's.
 * Waits until the interface appears.
 */
export const openRealWire = async (interfaceName: string, mac: string, clock: Clock): Promise<PhoneWire> => {
  const phoneMac = mac.toLowerCase();
  /** The phone's kernel side and the pump's side of the pair between them. */
  const [stackInterface, pumpInterface] = [`pv${phones}`, `pp${phones}`];
  phones += 1;
  const metric = phones;
  await appearance(interfaceName, clock);
  const ends = [stackInterface, pumpInterface] as const;
  await changeInterfaces([
    { kind: 'quiet', name: interfaceName },
    { kind: 'set', name: interfaceName, up: false, arp: false },
    { kind: 'without-ipv6', name: interfaceName },
    { kind: 'add-veth', end: { name: stackInterface, mac: phoneMac }, peer: { name: pumpInterface } },
    ...ends.map((name) => ({ kind: 'quiet', name }) as const),
    { kind: 'set', name: pumpInterface, up: true, arp: false },
    { kind: 'set', name: stackInterface, up: true },
  ]);

  const state: PumpState = { linkUp: false, vlan: undefined };
  const listeners = new Set<(frame: Uint8Array) => void>();

  const pump = openPacketSocket({
    interfaceName: pumpInterface,
    clock,
    seeOutgoing: false,
    onPacket: (packet) => {
      if (!state.linkUp || state.vlan === undefined) return;
      const frame = decodeEthernet(packet.bytes);
      if (frame === undefined || !belongsToStack(frame)) return;
      const bytes = finished(packet);
      sendQuietly(
        wire,
        state.vlan === null ? bytes : addVlanTag(bytes, { id: state.vlan, priority: signallingPriority }),
      );
    },
  });

  const wire = openPacketSocket({
    interfaceName,
    clock,
    seeOutgoing: false,
    onPacket: (packet) => {
      if (!state.linkUp) return;
      const bytes = finished(packet);
      for (const listener of listeners) listener(bytes);
      if (state.vlan === undefined) return;
      const frame = decodeEthernet(bytes);
      if (frame === undefined || !isOnVlan(frame, state.vlan) || !isForPhone(frame.destination, phoneMac)) return;
      if (!belongsToStack(frame) || isDhcpReplyFrame(bytes)) return;
      sendQuietly(pump, frame.vlans.length > 0 ? stripVlanTag(bytes) : bytes);
    },
  });

  let stack: SocketStack | undefined;
  /** Address changes one after the other. */
  let queue: Promise<void> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = queue.then(task);
    queue = result.then(
      () => {},
      () => {},
    );
    return result;
  };
  const silence = (): void => {
    stack?.close();
    stack = undefined;
    state.vlan = undefined;
  };
  let held: { readonly address: string; readonly prefixLength: number } | undefined;
  /** Its routes go with it. */
  const giveUpAddress = (): readonly InterfaceChange[] => {
    const given = held === undefined ? [] : [{ kind: 'delete-address', name: stackInterface, ...held } as const];
    held = undefined;
    return given;
  };

  return {
    kind: 'real',
    setLink: async (up) => {
      if (up === state.linkUp) return;
      state.linkUp = up;
      // Refused: the other end was taken away and this one with it, no link either way.
      await changeInterfaces([{ kind: 'set', name: interfaceName, up }]).catch(() => {});
    },
    sendFrame: (frame) => {
      if (state.linkUp) sendQuietly(wire, frame);
    },
    onFrame: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    attachIp: ({ vlan, address, prefixLength, router }) =>
      inTurn(async () => {
        silence();
        const before = giveUpAddress();
        held = { address, prefixLength };
        await changeInterfaces([
          ...before,
          { kind: 'add-address', name: stackInterface, ...held },
          // One default route for each phone: the metric keeps them apart.
          ...(router === null || router === address
            ? []
            : [{ kind: 'default-route', name: stackInterface, gateway: router, metric } as const]),
        ]);
        state.vlan = vlan;
        stack = createSocketStack(address, sameEndpoints, clock, stackInterface);
        return stack;
      }),
    detachIp: () => {
      silence();
      return inTurn(async () => {
        // An attachment may have been under way.
        silence();
        await changeInterfaces(giveUpAddress());
      });
    },
    close: async () => {
      silence();
      await inTurn(async () => {});
      listeners.clear();
      wire.close();
      pump.close();
      await removeInterfaces([stackInterface]);
    },
  };
};

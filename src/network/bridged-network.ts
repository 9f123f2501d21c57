import { setInterfaceUp, turnOffOffloads } from '../os/interface-control.js';
import type { Clock } from '../timeline/clock.js';
import { decodeEthernet } from '../wire/ethernet.js';
import type { FrameLink } from './frame-link.js';
import type { PortNetwork } from './ip-attachment.js';
import { openPacketLink } from './packet-link.js';

/** Stations remembered on the uplink; beyond that a frame that returns is not known as one. */
const mostStations = 4096;

/**
 * The phone's wire joined with another interface, behind which somebody else serves: what comes in at the one goes out at
 * the other as it is, tags, CDP and LLDP too. A listener of the link sees each frame once, those from the uplink as
 * `out`. A frame from the uplink that comes back from the phone's side is told and goes no further. Ends with this process.
 *
 * The uplink keeps its addresses and its own stack; offloads go off, so that no two segments are glued together.
 *
 * @throws BenchError INTERFACE_UNKNOWN, NETWORK_PERMISSION, SYSTEM_CALL
 */
export const bridgeToUplink = (
  wire: PortNetwork,
  { uplink: name, clock }: { readonly uplink: string; readonly clock: Clock },
): PortNetwork => {
  const uplink = openPacketLink(name, clock);
  turnOffOffloads(name);
  setInterfaceUp(name, true);
  const stations = new Set<string>();
  let lost = 0;
  const pass = (frame: Uint8Array, to: FrameLink): void => {
    try {
      to.send(frame);
    } catch {
      // That side is down, or the frame is longer than a wire carries.
      lost += 1;
    }
  };
  const sourceOf = (frame: Uint8Array): string => decodeEthernet(frame)?.source ?? '';
  uplink.onFrame(({ bytes, direction }) => {
    if (direction === 'out') return;
    if (stations.size < mostStations) stations.add(sourceOf(bytes));
    pass(bytes, wire.link);
  });
  wire.link.onFrame(({ bytes, direction }) => {
    if (direction === 'in' && !stations.has(sourceOf(bytes))) pass(bytes, uplink);
  });
  return {
    ...wire,
    link: { ...wire.link, drops: () => wire.link.drops() + uplink.drops() + lost },
    isBenchSide: (mac) => wire.isBenchSide(mac) || stations.has(mac),
    close: async () => {
      await uplink.close();
      await wire.close();
    },
  };
};

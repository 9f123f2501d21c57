import { openVlanDevice, type VlanDevice, type VlanKind } from '../os/vlan-device.js';
import type { Clock } from '../timeline/clock.js';
import { completeChecksum } from '../wire/ipv4.js';
import type { FrameLink } from './frame-link.js';

export interface VoiceVlanOptions {
  readonly link: FrameLink;
  readonly vlan: number;
  readonly clock: Clock;
  readonly kind?: VlanKind;
}

/**
 * An interface of the bench on one VLAN of the phone's wire. What it sends and receives is seen once, on the wire: in user
 * space its frames go through the FrameLink itself, with the kernel's device they pass the FrameLink's socket.
 */
export const openVoiceVlan = ({ link, vlan, clock, kind }: VoiceVlanOptions): Promise<VlanDevice> =>
  openVlanDevice({
    wireInterface: link.name,
    vlan,
    clock,
    completeChecksum,
    ...(kind === undefined ? {} : { kind }),
    wire: {
      send: (frame) => link.send(frame),
      onReceived: (listener) =>
        link.onFrame(({ bytes, direction }) => {
          if (direction === 'in') listener(bytes);
        }),
    },
  });

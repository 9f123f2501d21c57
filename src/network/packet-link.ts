import { BenchError, isBenchError } from '../errors.js';
import { interfaceMac } from '../os/interface-control.js';
import { watchLink } from '../os/link-watch.js';
import { openPacketSocket } from '../os/packet-socket.js';
import type { Clock } from '../timeline/clock.js';
import { completeChecksum } from '../wire/ipv4.js';
import type { FrameLink } from './frame-link.js';
import { FrameListeners } from './frame-listeners.js';

/** 1500 bytes of payload behind a header with two tags. */
const longestFrame = 1522;
const shortestFrame = 14;

/**
 * The phone's wire as a real interface. Our own sends are told as `out` when the kernel took them (it does so without
 * carrier too, and throws them away); what the kernel's own stack sends on the interface is told as `out` as well.
 *
 * @throws BenchError INTERFACE_UNKNOWN, NETWORK_PERMISSION, SYSTEM_CALL
 */
export const openPacketLink = (interfaceName: string, clock: Clock): FrameLink => {
  const macAddress = interfaceMac(interfaceName);
  const listeners = new FrameListeners();
  const socket = openSocket(interfaceName, clock, listeners);
  const watch = watchLink(interfaceName, clock, (up, atUs) => listeners.tellCarrier(up, atUs));
  let queueDrops = 0;

  return {
    name: interfaceName,
    macAddress,
    send: (frame) => {
      if (frame.length < shortestFrame || frame.length > longestFrame)
        throw new BenchError('NETWORK_FAILED', `a frame of ${frame.length} bytes cannot be sent on ${interfaceName}`);
      let sent: boolean;
      try {
        sent = socket.send(frame);
      } catch (reason) {
        throw new BenchError('NETWORK_FAILED', isBenchError(reason) ? reason.message : String(reason), {
          cause: reason,
        });
      }
      if (!sent) queueDrops += 1;
      else listeners.tellFrame({ bytes: frame.slice(), atUs: clock.nowUs(), direction: 'out', synthesised: false });
    },
    onFrame: (listener) => listeners.onFrame(listener),
    onCarrier: (listener) => listeners.onCarrier(listener, watch.carrier(), clock.nowUs()),
    drops: () => socket.drops() + queueDrops,
    close: async () => {
      listeners.close();
      watch.close();
      socket.close();
    },
  };
};

const openSocket = (interfaceName: string, clock: Clock, listeners: FrameListeners) => {
  try {
    return openPacketSocket({
      interfaceName,
      clock,
      onPacket: ({ bytes, checksumNotReady, outgoing, atUs }) =>
        listeners.tellFrame({
          bytes: checksumNotReady ? completeChecksum(bytes) : bytes,
          atUs,
          direction: outgoing ? 'out' : 'in',
          synthesised: false,
        }),
    });
  } catch (reason) {
    if (isBenchError(reason) && /EPERM|EACCES/.test(reason.message))
      throw new BenchError('NETWORK_PERMISSION', `raw frames on ${interfaceName}`, { cause: reason });
    throw reason;
  }
};

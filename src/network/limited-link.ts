import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { BenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import { macToText } from '../wire/ethernet.js';
import type { FrameLink, LinkFrame } from './frame-link.js';
import { FrameListeners } from './frame-listeners.js';
import { encodeLimitedFrame, isFrameLength, LimitedReader } from './limited-framing.js';

/** The phone's wire as a Unix socket; TCP and UDP that really run over loopback are shown on it as made-up frames. */
export interface LimitedLink extends FrameLink {
  /** The phone's MAC, as its latest frame told it. */
  phoneMac(): string;
  /** Shows the listeners a frame that never was on the wire; none of the phone's while its link is down. */
  mirror(frame: Uint8Array, direction: LinkFrame['direction']): void;
  /** As `send`, but its headers are of our making and no stack's: marked so. */
  sendSynthesised(frame: Uint8Array): void;
}

export interface LimitedLinkOptions {
  /** Made here, for this user alone; one left over from before is replaced. */
  readonly socketPath: string;
  /** Lower case with colons. */
  readonly macAddress: string;
  readonly clock: Clock;
}

const ownerOnly = 0o600;
/** A phone that does not read loses frames; it does not grow our memory. */
const unsentLimitBytes = 1024 * 1024;
const nobody = '00:00:00:00:00:00';
const sourceMac = { from: 6, to: 12 };

/** @throws BenchError NETWORK_FAILED when the socket cannot be made */
export const openLimitedLink = async ({ socketPath, macAddress, clock }: LimitedLinkOptions): Promise<LimitedLink> => {
  const listeners = new FrameListeners();
  let phone: Socket | undefined;
  let carrier = false;
  let phoneMac = nobody;
  let drops = 0;

  const setCarrier = (up: boolean): void => {
    if (carrier === up) return;
    carrier = up;
    listeners.tellCarrier(up, clock.nowUs());
  };

  const receive = (frame: Uint8Array): void => {
    // A PHY without link carries nothing.
    if (!carrier) {
      drops += 1;
      return;
    }
    phoneMac = macToText(frame.subarray(sourceMac.from, sourceMac.to));
    listeners.tellFrame({ bytes: frame, atUs: clock.nowUs(), direction: 'in', synthesised: false });
  };

  const server = createServer((socket) => {
    // One cable, one phone.
    if (phone) return void socket.destroy();
    phone = socket;
    const reader = new LimitedReader();
    socket.on('data', (chunk: Buffer) => {
      const before = reader.badFrames;
      const messages = reader.push(chunk);
      drops += reader.badFrames - before;
      if (messages === undefined) return void socket.destroy();
      for (const message of messages) {
        if (message.kind === 'frame') receive(message.bytes);
        else setCarrier(message.up);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      phone = undefined;
      setCarrier(false);
    });
  });
  await new Promise<void>((resolve, reject) => {
    rmSync(socketPath, { force: true });
    server.once('error', (cause) => reject(new BenchError('NETWORK_FAILED', cause.message, { cause })));
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, ownerOnly);
  server.on('error', () => {});

  const send = (frame: Uint8Array, synthesised: boolean): void => {
    if (!isFrameLength(frame.length))
      throw new BenchError('NETWORK_FAILED', `a frame of ${frame.length} bytes cannot be sent on ${socketPath}`);
    if (carrier && phone) {
      if (phone.writableLength > unsentLimitBytes) drops += 1;
      else phone.write(encodeLimitedFrame(frame));
    }
    listeners.tellFrame({ bytes: frame.slice(), atUs: clock.nowUs(), direction: 'out', synthesised });
  };

  let closed: Promise<void> | undefined;
  return {
    name: 'limited',
    macAddress,
    send: (frame) => send(frame, false),
    sendSynthesised: (frame) => send(frame, true),
    mirror: (frame, direction) => {
      if (direction === 'out' || carrier)
        listeners.tellFrame({ bytes: frame, atUs: clock.nowUs(), direction, synthesised: true });
    },
    phoneMac: () => phoneMac,
    onFrame: (listener) => listeners.onFrame(listener),
    onCarrier: (listener) => listeners.onCarrier(listener, carrier, clock.nowUs()),
    drops: () => drops,
    close: () => {
      closed ??= new Promise((resolve) => {
        listeners.close();
        server.close(() => resolve());
        phone?.destroy();
      });
      return closed;
    },
  };
};

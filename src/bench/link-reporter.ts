import type { Injector } from '../board/injector.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import type { LinkFact } from '../timeline/events.js';

/** After a link-up edge a frame of our own coming back within this time is a loop and not a phone. */
const loopWatchMs = 60;

export interface LinkReporter {
  powered(): void;
  unpowered(): void;
  carrier(up: boolean): void;
  /** A frame of the phone: where its carrier cannot be seen, link is up. */
  heard(): void;
  ownFrameReturned(): void;
}

/**
 * Link counts only as an edge after power-on with no frame of our own coming back; the board hears of it then, and of
 * every loss at once.
 */
export const createLinkReporter = (parts: {
  readonly injector: Injector;
  readonly clock: Clock;
  readonly tell: (fact: LinkFact) => void;
  /** The jack's carrier cannot be seen; `carrier` is of something before it, whose loss is the phone's, too. */
  readonly hidesCarrier?: boolean;
}): LinkReporter => {
  let isPowered = false;
  let isUp = false;
  let looped = false;
  let pending: Alarm | undefined;
  const { hidesCarrier = false } = parts;
  const report = (up: boolean) => void parts.injector.reportLink(up).catch(() => {});
  const carrier = (up: boolean) => {
    if (up === isUp) return;
    isUp = up;
    pending?.cancel();
    parts.tell({ kind: up ? 'link-up' : 'link-down' });
    if (!isPowered) return;
    if (!up) report(false);
    else
      pending = parts.clock.alarm(loopWatchMs, () => {
        if (!looped) report(true);
      });
  };
  return {
    powered: () => {
      isPowered = true;
      looped = false;
    },
    unpowered: () => {
      isPowered = false;
      pending?.cancel();
      // Nobody else would tell.
      if (hidesCarrier) carrier(false);
    },
    carrier: (up) => {
      if (!hidesCarrier || !up) carrier(up);
    },
    heard: () => {
      if (hidesCarrier && isPowered) carrier(true);
    },
    ownFrameReturned: () => {
      if (looped) return;
      looped = true;
      pending?.cancel();
      parts.tell({ kind: 'own-frame-returned' });
    },
  };
};

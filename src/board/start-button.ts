import type { GpioLines, GpioRequest } from '../os/gpio/gpio-lines.js';
import { piPins } from './pi-pinmap.js';

/** The bench's start button on the Pi's header: low while pressed. */
export const startButtonRequest = {
  consumer: 'linkpulse start',
  lines: {
    START_BUTTON: { direction: 'in', line: piPins.START_BUTTON.bcm, bias: 'pull-up', activeLow: true },
  },
} satisfies GpioRequest<string>;

/** Resolves at the next press; a button that is held down already does not count. Rejects with the signal's reason. */
export const nextPress = (lines: GpioLines<'START_BUTTON'>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const end = () => {
      leave();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      end();
      reject(signal.reason);
    };
    const leave = lines.onEdge(({ active }) => {
      if (!active) return;
      end();
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });

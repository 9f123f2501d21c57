import type { Clock } from '../../timeline/clock.js';

/** Takes one NDJSON line (without its line feed) of the phone's own story, for people. */
export type PhoneLogSink = (line: string) => void;

/** `note('tftp', 'asks', { file })`: who in the phone, does what, with which particulars. */
export type PhoneLog = (part: string, event: string, detail?: Readonly<Record<string, unknown>>) => void;

/** `atMs` counts from the making of the log, on the monotonic clock. */
export const createPhoneLog = (sink: PhoneLogSink, clock: Clock): PhoneLog => {
  const startUs = clock.nowUs();
  return (part, event, detail = {}) =>
    sink(JSON.stringify({ atMs: Math.round((clock.nowUs() - startUs) / 1000), part, event, ...detail }));
};

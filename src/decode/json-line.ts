import type { DecodedMessage } from './decoder.js';

/** One line of JSON, ASCII only, without its line end. Time in seconds with six decimals. */
export function jsonLine({ frame, timestampUs, ...rest }: DecodedMessage): string {
  const text = JSON.stringify(rest);
  const line = `{"frame":${frame},"time":${seconds(timestampUs)},${text.slice(1)}`;
  return isAscii(line) ? line : line.replace(/[^\0-\x7e]/g, escaped);
}

const microsecondsPerSecond = 1_000_000;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function seconds(timestampUs: number): string {
  const whole = Math.floor(timestampUs / microsecondsPerSecond);
  return `${whole}.${String(timestampUs - whole * microsecondsPerSecond).padStart(6, '0')}`;
}

// A pattern's test is far quicker than a loop over the characters.
const beyondAscii = /[^\0-\x7e]/;
const isAscii = (text: string): boolean => !beyondAscii.test(text);

import type { DecodedMessage } from './decoder.js';

/**
 * One line of JSON, ASCII only, without its line end. Time in seconds with six decimals. Written by hand: JSON.stringify
 * takes most of the time that a large capture needs (docs/decisions.md).
 */
export function jsonLine(message: DecodedMessage): string {
  let line = `{"frame":${message.frame},"time":${seconds(message.timestampUs)}`;
  for (const key in message) {
    if (key === 'frame' || key === 'timestampUs') continue;
    const value = (message as Record<string, unknown>)[key];
    if (value !== undefined) line += `,${keyText(key)}${valueText(value)}`;
  }
  return `${line}}`;
}

/** Keys are the decoder's own but for TFTP options, which a peer names: those are bounded here. */
const keyTexts = new Map<string, string>();
const mostKeys = 1024;

function keyText(key: string): string {
  const known = keyTexts.get(key);
  if (known !== undefined) return known;
  const text = `${stringText(key)}:`;
  if (keyTexts.size < mostKeys) keyTexts.set(key, text);
  return text;
}

function valueText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return stringText(value);
    case 'number':
      return Number.isFinite(value) ? `${value}` : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? arrayText(value) : objectText(value as Record<string, unknown>);
    default:
      return 'null';
  }
}

function arrayText(values: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < values.length; index++) text += (index === 0 ? '' : ',') + valueText(values[index]);
  return `${text}]`;
}

function objectText(object: Record<string, unknown>): string {
  let text = '';
  for (const key in object) {
    const value = object[key];
    if (value !== undefined) text += `${text === '' ? '' : ','}${keyText(key)}${valueText(value)}`;
  }
  return `{${text}}`;
}

// A pattern's test is far quicker than a loop over the characters.
const needsEscape = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const beyondAscii = /[^\0-\x7e]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function stringText(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text).replace(beyondAscii, escaped) : `"${text}"`;
}

const microsecondsPerSecond = 1_000_000;

function seconds(timestampUs: number): string {
  const whole = Math.floor(timestampUs / microsecondsPerSecond);
  const rest = `${timestampUs - whole * microsecondsPerSecond}`;
  return `${whole}.${'000000'.slice(rest.length)}${rest}`;
}

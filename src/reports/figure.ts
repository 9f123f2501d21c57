/** Small pure helpers for the drawings: scales, ticks, numbers. Colours come from the report's style sheet by class. */
import { type Insert, type Markup, markup } from './markup.js';

/** A coordinate, short. */
export const px = (value: number): number => Math.round(value * 100) / 100;

export type Scale = (value: number) => number;

export const scale =
  (from: readonly [number, number], to: readonly [number, number]): Scale =>
  (value) =>
    px(to[0] + ((value - from[0]) / (from[1] - from[0] || 1)) * (to[1] - to[0]));

/** Round values from 0 up to `max`, about `count` of them. */
export const ticks = (max: number, count: number): readonly number[] => {
  if (!(max > 0)) return [0];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const steps = Math.floor(max / step + 1e-9);
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(6)));
};

export const svg = (width: number, height: number, title: string, ...content: readonly Insert[]): Markup =>
  markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><title>${title}</title>${content}</svg>`;

export const line = (className: string, x1: number, y1: number, x2: number, y2: number): Markup =>
  markup`<line class="${className}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;

export const rect = (className: string, x: number, y: number, width: number, height: number, round = 0): Markup =>
  markup`<rect class="${className}" x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="${px(height)}" rx="${round}"/>`;

export const label = (
  className: string,
  x: number,
  y: number,
  text: string | number,
  anchor: 'start' | 'middle' | 'end' = 'start',
): Markup => markup`<text class="${className}" x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${text}</text>`;

/** About how wide the small letters of the drawings run. */
export const textWidth = (text: string): number => text.length * 5.9;

export const polyline = (className: string, points: readonly (readonly [number, number])[]): Markup =>
  markup`<polyline class="${className}" points="${points.map(([x, y]) => `${px(x)},${px(y)}`).join(' ')}"/>`;

export const secondsText = (microseconds: number): string => `${(microseconds / 1e6).toFixed(3)} s`;

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { injectorBounds } from '../../src/timeline/injector-bounds.js';

const config = readFileSync('hardware/firmware/config.h', 'utf8');
const defined = (name: string): number => Number(new RegExp(`^#define ${name} (\\d+)`, 'm').exec(config)?.[1]);

test.each([
  ['echoes', 'ECHOES'],
  ['inrushTimerMs', 'INRUSH_TIMER'],
  ['overloadMilliamps', 'OVERLOAD_MA'],
  ['overloadMs', 'OVERLOAD_MS'],
  ['underloadMilliamps', 'UNDERLOAD_MA'],
  ['underloadMs', 'UNDERLOAD_MS'],
  ['heartbeatTimeoutMs', 'HEARTBEAT_MS'],
  ['linkDeadlineMs', 'LINK_DEADLINE_MS'],
  ['offDwellMs', 'OFF_DWELL_MS'],
] as const)('the host knows the bounds of %s as the firmware has them', (field, name) => {
  expect(injectorBounds[field]).toEqual({ min: defined(`${name}_MIN`), max: defined(`${name}_MAX`) });
});

test('at most as many bursts as the firmware sends, at least the fewest echoes', () => {
  expect(injectorBounds.maxBursts).toEqual({ min: defined('ECHOES_MIN'), max: defined('BURSTS_MAX') });
});

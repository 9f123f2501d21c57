import { Command } from 'commander';
import { expect, test } from 'vitest';
import { type SearchOptions, searchOf, withSearch } from '../../src/cli/records-search.js';
import type { VerbContext } from '../../src/cli/verb.js';

const clock = { wallClock: () => new Date('2026-11-26T12:00:00Z') };
const context = { composition: { clock, defaults: { benchPath: 'bench.yaml' } } } as unknown as VerbContext;
const parsed = (...words: string[]) => {
  const command = withSearch(new Command().exitOverride().configureOutput({ writeErr: () => {} }), context);
  const { json: _json, bench: _bench, ...search } = command.parse(words, { from: 'user' }).opts<SearchOptions>();
  return searchOf({ ...search, json: false, bench: '' });
};

test.each([
  [['--date', '2026-11-20'], { since: '2026-11-20T00:00:00.000Z', until: '2026-11-21T00:00:00.000Z' }],
  [
    ['--since', '2026-11-20', '--until', '2026-11-21'],
    { since: '2026-11-20T00:00:00.000Z', until: '2026-11-22T00:00:00.000Z' },
  ],
  [['--since', '14d', '--until', '36h'], { since: '2026-11-12T12:00:00.000Z', until: '2026-11-25T00:00:00.000Z' }],
  [['--until', '2026-11-21T08:00Z'], { until: '2026-11-21T08:00:00.000Z' }],
  [['--verdict', 'FAIL', '--blame', 'phone', '--stage', 'boot'], { verdict: 'fail', blame: 'phone', stage: 'boot' }],
  [['--measurement', 'boot.linkUpMs=4000..'], { measurement: { name: 'boot.linkUpMs', min: 4000 } }],
  [['--measurement', 'power.inrushMs=..30'], { measurement: { name: 'power.inrushMs', max: 30 } }],
])('%j', (words, search) => {
  expect(parsed(...words)).toEqual(search);
});

test.each([
  [['--date', '2026-11'], 'a day such as'],
  [['--date', '2026-13-40'], 'a day such as'],
  [['--since', 'yesterday'], 'a date such as'],
  [['--verdict', 'fial'], 'did you mean fail?'],
  [['--blame', 'networks'], 'did you mean network?'],
  [['--stage', 'dhcp'], 'one of power, boot, vlan'],
  [['--measurement', 'boot.linkUp'], 'did you mean boot.linkUpMs?'],
  [['--measurement', 'boot.linkUpMs=4s..'], 'such as boot.linkUpMs=4000..'],
])('%j is refused', (words, told) => {
  expect(() => parsed(...words)).toThrow(told);
});

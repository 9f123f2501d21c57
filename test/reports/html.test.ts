import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/records/record.js';
import { htmlReport } from '../../src/reports/html.js';
import type { TimelineEvent } from '../../src/timeline/events.js';
import {
  demoPlan,
  type FixtureRun,
  healthyRun,
  limitedRun,
  livePartnerRun,
  marginalRun,
  shortCircuitRun,
  signatureRun,
} from './fixture-run.js';
import { eventsOf, healthyScript } from './fixture-script.js';

const { plan } = demoPlan();
const html = ({ record, events }: FixtureRun): string => htmlReport(record, events, plan);
const occurrences = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

const runs = {
  healthy: healthyRun,
  marginal: marginalRun,
  limited: limitedRun,
  'short circuit': shortCircuitRun,
  'by signature': signatureRun,
  'live partner': livePartnerRun,
  'without events': (): FixtureRun => ({ ...livePartnerRun(), events: [] }),
};

const hostile = `"><img src=x onerror=alert(1)></script><script>alert('x')</script>\u202e&lt;\u0000`;
/** Fields whose values are ours: a judge or the log chose them. */
const ours = new Set(['kind', 'from', 'source', 'outcome', 'state', 'verdict', 'stage', 'blame', 'schema']);

/** The same value with every text that may have come from the wire or a file replaced. */
const poisoned = <Value>(value: Value, key = ''): Value => {
  if (typeof value === 'string') return (ours.has(key) ? value : hostile) as Value;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, key)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poisoned(item, name)])) as Value;
};

describe('report.html', () => {
  it.each(Object.entries(runs))('%s loads nothing and runs nothing', (_, run) => {
    const page = html(run());
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|javascript:|\bon\w+=|url\(|@import|https?:/i);
  });

  it('shows what was asked for, what the probe saw and which contacts were fed', () => {
    const page = html(signatureRun());
    expect(page).toContain('802.3af, spare pairs 4,5+ 7,8− (asked for prestandard, spare pairs 4,5− 7,8+)');
    expect(page).toContain('24.87 kohm');
    expect(page).toContain('class 2 by 18.46 mA');
    expect(occurrences(page, /class="contact minus"/g)).toBe(2);
    expect(occurrences(page, /class="contact plus"/g)).toBe(2);
    const never = html(livePartnerRun());
    expect(never).toContain('asked for prestandard, spare pairs 4,5− 7,8+; never fed');
    expect(never).not.toContain('Detection and feed');
  });

  it.each(Object.entries(runs))('%s has every element closed and every id once', (_, run) => {
    const page = html(run()).replace(/<style>[\s\S]*?<\/style>/, '');
    const open: string[] = [];
    for (const [, slash, name = '', rest = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>/g)) {
      if (slash === '/') expect(open.pop()).toBe(name);
      else if (!rest.endsWith('/') && !['meta', 'br'].includes(name)) open.push(name);
    }
    expect(open).toEqual([]);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it.each([
    ['healthy', healthyRun, 'pass', 'PASS'],
    ['marginal', marginalRun, 'marginal', 'MARGINAL'],
    ['limited', limitedRun, 'pass', 'PASS (limited)'],
    ['short circuit', shortCircuitRun, 'fail', 'FAIL'],
    ['live partner', livePartnerRun, 'error', 'BENCH PROBLEM'],
  ] as const)('%s carries its banner', (_, run, colour, word) => {
    expect(html(run())).toContain(`<div class="banner ${colour}"><div class="word">${word}</div>`);
  });

  it('tells not to bin a phone when the bench has a problem, and whom to blame', () => {
    const page = html(livePartnerRun());
    expect(page).toContain('Do not bin this phone');
    expect(page).toContain('To blame: operator.');
    expect(page).toContain('Unplug the other device');
    expect(html(healthyRun())).not.toContain('Do not bin');
  });

  it('lists what a limited run did not prove', () => {
    expect(html(limitedRun())).toContain('<li>the voice VLAN tag was not on a real wire</li>');
    expect(html(healthyRun())).not.toContain('did not prove');
  });

  it('names the phone, the board and the plan', () => {
    const page = html(healthyRun());
    for (const text of ['SEP000F245A7960', '00:0f:24:5a:79:60', 'Cisco IP Phone 7960', 'LP000042', demoPlan().hash]) {
      expect(page).toContain(text);
    }
  });

  it('links every piece of evidence to an event that is there', () => {
    for (const run of [healthyRun, shortCircuitRun, livePartnerRun]) {
      const page = html(run());
      const links = [...page.matchAll(/href="#(e\d+)"/g)].map(([, id]) => id);
      expect(links.length).toBeGreaterThan(0);
      for (const id of links) expect(page).toContain(`id="${id}"`);
    }
  });

  it('draws each burst with 17 clocks and the ones of its word, sent and heard', () => {
    const ones = [0x3fa1, 0x90c5, 0x6be2].map((word) => word.toString(2).replaceAll('0', '').length);
    const total = ones.reduce((sum, count) => sum + count, 0);
    const page = html(healthyRun());
    expect(occurrences(page, /class="pulse clock"/g)).toBe(3 * 2 * 17);
    expect(occurrences(page, /class="pulse data"/g)).toBe(2 * total);
    expect(page).toContain('0x3FA1');
    expect(page).toContain('0011 1111 1010 0001');
  });

  it('marks pulses that are not ours and those that are missing', () => {
    const page = html(livePartnerRun());
    expect(occurrences(page, /class="pulse foreign"/g)).toBeGreaterThan(0);
    expect(occurrences(page, /class="pulse lost"/g)).toBeGreaterThan(0);
    expect(page).toContain('heard 0x41E1, not ours');
  });

  it('draws six stages and current where there was any', () => {
    const page = html(healthyRun());
    expect(occurrences(page, /<rect class="bar pass"/g)).toBe(6);
    expect(page).toContain('<title>Current over time</title>');
    expect(page).toContain('<title>Inrush close up</title>');
    const unpowered = html(livePartnerRun());
    expect(occurrences(unpowered, /<rect class="bar /g)).toBe(1);
    expect(unpowered).not.toContain('<title>Current over time</title>');
  });

  it('shows a stage that began and never ended', () => {
    const { record, events } = healthyRun();
    const stages = record.stages.map((stage) =>
      stage.stage === 'config' ? { ...stage, verdict: 'not-reached' as const, endedAtUs: null } : stage,
    );
    const page = html({ record: { ...record, stages }, events });
    expect(page).toContain('<span class="took">starting at 6.968 s</span>');
    expect(page).toContain('>not ended</text>');
  });

  it('keeps every peak of a long run while drawing few points', () => {
    const peak = 368.5;
    const long = eventsOf([
      ...healthyScript.filter(([, fact]) => fact.kind !== 'current'),
      ...Array.from({ length: 5000 }, (_, block) => {
        const milliamps = Array.from({ length: 10 }, (__, sample) => (block === 3333 && sample === 4 ? peak : 100));
        return [200 + block * 100, { kind: 'current', periodMs: 10, milliamps, jackMillivolts: 47_000 }] as const;
      }),
    ]);
    const page = htmlReport(healthyRun().record, long, plan);
    const points = /<polyline class="trace" points="([^"]*)"/.exec(page)?.[1]?.split(' ') ?? [];
    expect(points.length).toBeLessThan(2000);
    const top = Math.min(...points.map((point) => Number(point.split(',')[1])));
    expect(points.filter((point) => Number(point.split(',')[1]) < top + 5)).toHaveLength(1);
  });

  it('is not moved by anything that came from the wire', () => {
    for (const run of Object.values(runs)) {
      const { record, events } = run();
      const page = htmlReport(poisoned<RunRecord>(record), poisoned<readonly TimelineEvent[]>(events), plan);
      expect(page).not.toContain('<img');
      expect(page).not.toMatch(/<\/?script/i);
      expect(page).not.toContain('\u202e');
      expect(page).not.toContain('\u0000');
      expect(page).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;');
    }
  });
});

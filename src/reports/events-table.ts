import type { TimelineEvent } from '../timeline/events.js';
import type { TimelineCounts } from '../timeline/log.js';
import { describeFact } from './describe-fact.js';
import { type Markup, markup } from './markup.js';

/** Neighbouring samples of current make one row: there are ten a second. */
const grouped = (events: readonly TimelineEvent[]): readonly (readonly TimelineEvent[])[] =>
  events.reduce<TimelineEvent[][]>((groups, event) => {
    const last = groups.at(-1);
    const joins = event.fact.kind === 'current' && last?.[0]?.fact.kind === 'current';
    if (joins && last !== undefined) last.push(event);
    else groups.push([event]);
    return groups;
  }, []);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / (values.length || 1);

const currentText = (group: readonly TimelineEvent[]): string => {
  const samples = group.flatMap(({ fact }) => (fact.kind === 'current' ? fact.milliamps : []));
  const [low, high] = [Math.min(...samples), Math.max(...samples)];
  return `Current: ${samples.length} samples, ${low} to ${high} mA, ${Math.round(mean(samples))} mA on average`;
};

const row = (group: readonly TimelineEvent[]): Markup | null => {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) return null;
  const single = group.length === 1;
  const anchors = group.map(({ seq }): Markup => markup`<a id="e${seq}"></a>`);
  const numbers = single ? `${first.seq}` : `${first.seq}–${last.seq}`;
  const stamp = first.stamp?.frame === undefined ? '' : `frame ${first.stamp.frame}`;
  const text = single ? describeFact(first.fact) : currentText(group);
  const cut = first.cut === true ? ' (shortened)' : '';
  return markup`<tr><td>${anchors}${numbers}</td><td>${(first.atUs / 1e6).toFixed(6)}</td><td class="muted">${first.source}</td><td>${text}${cut}</td><td class="muted">${stamp}</td></tr>`;
};

const mostRows = 3000;

/** Every event, the target of all evidence links. */
export const eventsTable = (events: readonly TimelineEvent[], counts: TimelineCounts): Markup => {
  const groups = grouped(events);
  const left = groups.length - mostRows;
  const folded = Object.entries(counts.folded).map(([kind, { count }]) => `${count} × ${kind}`);
  return markup`<table class="events-table"><thead><tr><th class="number">event</th><th class="number">s</th><th>source</th><th>what happened</th><th></th></tr></thead><tbody>${groups.slice(0, mostRows).map(row)}</tbody></table>${
    left > 0 ? markup`<p class="muted">${left} more rows are in timeline.ndjson.</p>` : null
  }${folded.length > 0 ? markup`<p class="muted">Past the bound of the log, counted only: ${folded.join(', ')}.</p>` : null}`;
};

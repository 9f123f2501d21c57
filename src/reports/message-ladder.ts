/** Who said what when: the bench on the left, the phone on the right, landmarks between them. */
import type { FactKind, TimelineEvent } from '../timeline/events.js';
import { describeFact } from './describe-fact.js';
import { type Markup, markup } from './markup.js';

const landmarks: ReadonlySet<FactKind> = new Set<FactKind>([
  'discovery',
  'power-on',
  'power-off',
  'power-refused',
  'link-up',
  'link-down',
  'board-fault',
  'board-lost',
  'stored-trip',
  'bench-fault',
  'interrupted',
]);
/** Seen, but no messages of their own. */
const quiet: ReadonlySet<FactKind> = new Set<FactKind>(['tftp-progress', 'vlan-used']);

type Side = 'bench' | 'phone' | 'landmark';

interface Step {
  readonly side: Side;
  readonly text: string;
  readonly vlan: number | null;
  readonly tagged: boolean;
  readonly first: TimelineEvent;
  readonly count: number;
  readonly service: boolean;
}

const stepOf = (event: TimelineEvent): Step | undefined => {
  const { fact } = event;
  const base = { text: describeFact(fact), first: event, count: 1, service: false };
  if (landmarks.has(fact.kind)) return { ...base, side: 'landmark', vlan: null, tagged: false };
  if (quiet.has(fact.kind)) return undefined;
  if (fact.kind === 'service') return { ...base, side: 'bench', vlan: null, tagged: false, service: true };
  if (!('from' in fact)) return undefined;
  // The end of a transfer is told of the phone, which acknowledged it; a refusal was said by the bench.
  const side = fact.kind === 'tftp-end' && fact.outcome === 'error' ? 'bench' : fact.from;
  return { ...base, side, vlan: fact.vlan, tagged: true };
};

const folded = (steps: readonly Step[]): readonly Step[] =>
  steps.reduce<Step[]>((all, step) => {
    const last = all.at(-1);
    if (last !== undefined && last.side === step.side && last.text === step.text && last.vlan === step.vlan) {
      all[all.length - 1] = { ...last, count: last.count + 1 };
    } else all.push(step);
    return all;
  }, []);

const seconds = (atUs: number): string => (atUs / 1e6).toFixed(3);

const said = (step: Step): Markup =>
  markup`<span class="message${step.service ? ' service' : ''}">${step.text}${step.count > 1 ? markup` <b class="times">×${step.count}</b>` : null}</span>${
    step.tagged
      ? markup` <span class="tag${step.vlan === null ? ' untagged' : ''}">${step.vlan ?? 'untagged'}</span>`
      : null
  }`;

const row = (step: Step): Markup => {
  const time = markup`<td class="number muted">${seconds(step.first.atUs)}</td>`;
  const link = markup`<td class="evidence"><a href="#e${step.first.seq}">${step.first.seq}</a></td>`;
  switch (step.side) {
    case 'landmark':
      return markup`<tr class="landmark">${time}<td colspan="3"><span>${step.text}</span></td>${link}</tr>`;
    case 'bench':
      return markup`<tr>${time}<td class="from-bench">${said(step)}</td><td class="arrow">${step.service ? '' : '→'}</td><td></td>${link}</tr>`;
    case 'phone':
      return markup`<tr>${time}<td></td><td class="arrow">←</td><td class="from-phone">${said(step)}</td>${link}</tr>`;
  }
};

const mostSteps = 160;

/** The messages of a run, repeats folded; the middle of a very long run is left to the appendix. */
export const messageLadder = (events: readonly TimelineEvent[]): Markup => {
  const steps = folded(events.map(stepOf).filter((step) => step !== undefined));
  const half = mostSteps / 2;
  const left = steps.length - mostSteps;
  const gap = markup`<tr class="landmark"><td></td><td colspan="3"><span>${left} more, see the events below</span></td><td></td></tr>`;
  const rows = left > 0 ? [steps.slice(0, half).map(row), gap, steps.slice(-half).map(row)] : steps.map(row);
  return markup`<table class="ladder"><thead><tr><th class="number">s</th><th class="from-bench">Bench</th><th></th><th class="from-phone">Phone</th><th class="evidence">event</th></tr></thead><tbody>${rows}</tbody></table>`;
};

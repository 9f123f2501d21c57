import type { Plan } from '../plan/plan.js';
import type { FactOf, ProbeFinding, TimelineEvent } from '../timeline/events.js';
import { type DetectionMethod, feedOf, type PowerMethod } from '../timeline/feed.js';

export interface FeedNote {
  readonly pairs: string;
  readonly polarity: string;
  /** `4,5− 7,8+`; null: by the method that finds the phone. */
  readonly pins: string | null;
}

/** How power was looked for, and what the jack was fed with. */
export interface PowerNote {
  readonly asked: FeedNote & { readonly method: PowerMethod };
  /** null: the jack was never powered. */
  readonly fed: (FeedNote & { readonly method: DetectionMethod }) | null;
  /** null: the low-voltage probe was not made. */
  readonly probe: {
    readonly finding: ProbeFinding;
    readonly ohms: number | null;
    readonly powerClass: number | null;
  } | null;
}

const byMethod: FeedNote = { pairs: 'spare', polarity: 'by-method', pins: null };

export const powerNote = ({ power }: Plan, events: readonly TimelineEvent[]): PowerNote => {
  const last = <K extends 'power-on' | 'probe'>(kind: K): FactOf<K> | undefined =>
    events.findLast(({ fact }) => fact.kind === kind)?.fact as FactOf<K> | undefined;
  const fed = last('power-on');
  const probe = last('probe');
  const { pairs, polarity, pins } = power.feed ?? byMethod;
  return {
    asked: { method: power.method, pairs, polarity, pins },
    fed:
      fed === undefined
        ? null
        : {
            method: fed.method,
            pairs: fed.pairs,
            polarity: fed.polarity,
            pins: feedOf(fed.pairs, fed.polarity)?.pins ?? null,
          },
    probe: probe === undefined ? null : { finding: probe.finding, ohms: probe.ohms, powerClass: probe.powerClass },
  };
};

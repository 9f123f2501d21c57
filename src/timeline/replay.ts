import { type Fact, sourceOf, type TimelineEvent } from './events.js';

/** What turns frames into facts: the observer, given by the caller (this file knows no protocol). */
export interface FrameReader {
  frame(frame: ReplayFrame): readonly Fact[];
  /** What is still open when the frames end. */
  end(): readonly Fact[];
}

export interface ReplayFrame {
  readonly bytes: Uint8Array;
  readonly direction: 'in' | 'out' | undefined;
  /** us since run start, as stamped in the capture. */
  readonly atUs: number;
  /** 1-based number in the capture. */
  readonly number: number;
}

/** Why a timeline ends that has no end of its own, such as a capture taken by somebody. */
export const sourceEnded = 'the source ended';

/**
 * The timeline of a run, told anew from its frames: stored events keep their place and number, except what `observe`
 * said (told again by `reader`) and `time` (every judge makes its own). Both inputs must be in the order of `atUs`, the
 * order they were recorded in; stored events go first where the two meet. A source that does not end is ended.
 */
export const retell = (parts: {
  readonly stored: readonly TimelineEvent[];
  readonly frames: Iterable<ReplayFrame>;
  readonly reader: FrameReader;
}): readonly TimelineEvent[] => {
  const { stored, frames, reader } = parts;
  const events: TimelineEvent[] = [];
  let seq = 0;
  let atUs = 0;
  let place = 0;
  let hasEnded = false;

  const tell = (fact: Fact, at: number, stamp?: TimelineEvent['stamp']) => {
    seq += 1;
    atUs = Math.max(atUs, at);
    events.push({ seq, atUs, source: sourceOf(fact.kind), ...(stamp === undefined ? {} : { stamp }), fact });
  };

  const tellOpenEnds = () => {
    hasEnded = true;
    for (const fact of reader.end()) tell(fact, atUs);
  };

  /** Stored events up to `untilUs`. A `time` event leaves its number behind, so that later numbers stay the same. */
  const tellStored = (untilUs: number) => {
    for (let event = stored[place]; event !== undefined && event.atUs <= untilUs; event = stored[place]) {
      place += 1;
      if (event.source === 'observe') continue;
      if (event.fact.kind === 'end') tellOpenEnds();
      seq = Math.max(seq, event.seq);
      atUs = Math.max(atUs, event.atUs);
      if (event.fact.kind !== 'time') events.push(event);
    }
  };

  for (const frame of frames) {
    tellStored(frame.atUs);
    for (const fact of reader.frame(frame)) tell(fact, frame.atUs, { frame: frame.number });
  }
  tellStored(Number.POSITIVE_INFINITY);
  if (!hasEnded) {
    tellOpenEnds();
    tell({ kind: 'end', reason: sourceEnded }, atUs);
  }
  return events;
};

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createObserver } from '../../src/observe/observer.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { replay } from '../../src/stages/replay.js';
import { readTimeline } from '../../src/timeline/log.js';
import { readCapture } from '../../src/wire/pcapng.js';

/** The six results of a stored run, from its capture and the events that frames cannot show. */
export const judgedAgain = async (run: { readonly folder: string }) => {
  const { plan } = loadPlan(join(run.folder, 'plan.yaml'));
  const { events } = await readTimeline(join(run.folder, 'timeline.ndjson'));
  const { frames } = readCapture(readFileSync(join(run.folder, 'capture.pcapng')));
  const numbered = frames.map(({ bytes, direction, timestampUs }, index) => ({
    bytes,
    atUs: timestampUs,
    number: index + 1,
    direction,
  }));
  return replay({ plan, events, frames: numbered, reader: createObserver() }).results;
};

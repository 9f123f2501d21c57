/** Fuzzes one target in a thread of its own, which may hang or run out of memory. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CampaignData } from './campaign.js';
import { fuzz } from './fuzzer.js';
import { InputWindow, textToInput } from './input.js';
import { targets } from './targets.js';

const { target: name, seconds, seed, corpus, mostFindings, window } = workerData as CampaignData;
const target = targets.find((each) => each.name === name);
if (target === undefined) throw new Error(`no target ${name}`);
const shown = new InputWindow(window);
parentPort?.postMessage(
  fuzz(target, { seconds, seed, corpus: corpus.map(textToInput), mostFindings, before: (input) => shown.show(input) }),
);

import { Worker } from 'node:worker_threads';
import type { Finding, Outcome } from './fuzzer.js';
import { InputWindow, inputToText } from './input.js';

export interface CampaignOptions {
  /** Name of a row of `targets`. */
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  readonly corpus: readonly string[];
  readonly mostFindings: number;
}

export interface CampaignData extends CampaignOptions {
  readonly window: SharedArrayBuffer;
}

/** One input may take so long before it counts as hung; a busy machine takes its time. */
const hungMs = 8000;
const lookMs = 500;
const heapMegabytes = 512;

/** Fuzzes a target in a thread with bounded memory, and tells the input it was at where that thread hangs or dies. */
export const campaign = async (options: CampaignOptions, worker: URL): Promise<Outcome> => {
  const window = InputWindow.shared();
  const shown = new InputWindow(window);
  const data: CampaignData = { ...options, window };
  const thread = new Worker(worker, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
  });
  const broken = (kind: Finding['kind'], words: string): Outcome => ({
    ...nothing,
    executions: shown.count,
    findings: [{ kind, words, input: inputToText(shown.read()) }],
  });
  let watch: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Outcome>((resolve) => {
      thread.once('message', resolve);
      thread.once('error', (error) => resolve(broken('died', error.stack ?? error.message)));
      thread.once('exit', (code) => resolve(broken('died', `the thread ended with ${code}`)));
      let [count, sinceMs] = [shown.count, performance.now()];
      watch = setInterval(() => {
        if (shown.count !== count) [count, sinceMs] = [shown.count, performance.now()];
        // Not before the first input: the seeds are being read.
        else if (count > 0 && performance.now() - sinceMs > hungMs)
          resolve(broken('hung', `no end within ${hungMs / 1000} s`));
      }, lookMs);
    });
  } finally {
    clearInterval(watch);
    await thread.terminate();
  }
};

const nothing: Outcome = {
  executions: 0,
  perSecond: 0,
  seedCount: 0,
  coveredBySeeds: 0,
  covered: 0,
  grownBytes: 0,
  corpus: [],
  findings: [],
};

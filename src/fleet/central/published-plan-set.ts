/** The plan set that is published, as far as the page shows it. Whether it may be taken, each station decides by its own key. */
import { BenchError } from '../../errors.js';
import { planSetMessage } from '../messages.js';
import { longestPlanSetBytes, planSetContent } from '../plan-set.js';
import { isPlanPath, sha256Of } from '../plan-set-files.js';

export interface PublishedPlanSet {
  readonly name: string;
  readonly version: number;
  /** ISO 8601, by whoever signed. */
  readonly createdAt: string;
  readonly note: string;
  /** SHA-256 of the signed text, as stations name what they run. */
  readonly sha256: string;
  /** SHA-256 of the public key that it names. */
  readonly key: string;
  /** Paths. */
  readonly plans: readonly string[];
}

/** Throws BenchError FLEET_MESSAGE_INVALID. */
export const publishedPlanSet = (payload: Uint8Array): PublishedPlanSet => {
  const refuse = (detail: string) => new BenchError('FLEET_MESSAGE_INVALID', detail);
  if (payload.byteLength > longestPlanSetBytes) throw refuse(`${payload.byteLength} bytes`);
  try {
    const { signed, key } = planSetMessage.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
    const { name, version, createdAt, note, files } = planSetContent.parse(JSON.parse(signed));
    const plans = files.map(({ path }) => path).filter(isPlanPath);
    return { name, version, createdAt, note, sha256: sha256Of(Buffer.from(signed, 'utf8')), key, plans };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw refuse('what is published is no plan set: linkpulse plan-set show says why');
  }
};

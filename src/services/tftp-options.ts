/** RFC 2347, 2348, 2349 and 7440: what is asked for and what is granted. */

/** The block served fits an Ethernet frame, so that none is ever fragmented; the window is what a transfer keeps ready. */
const optionLimits = {
  minBlockSize: 8,
  maxBlockSize: 65464,
  servedBlockSize: 1468,
  minTimeoutSeconds: 1,
  maxTimeoutSeconds: 255,
  maxWindow: 65535,
  servedWindow: 64,
} as const;
const plainBlockSize = 512;
const millisecondsPerSecond = 1000;

export interface Negotiated {
  readonly blockSize: number;
  readonly blockTimeoutMs: number;
  /** Blocks sent before an acknowledgement is waited for (RFC 7440); 1: lock step. */
  readonly windowBlocks: number;
  /** What the OACK says; empty: no OACK, block 1 follows the request at once (RFC 2347). */
  readonly accepted: Readonly<Record<string, string>>;
}

const integerIn = (text: string | undefined, min: number, max: number): number | undefined => {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
};

/** Options that are unknown or out of bounds are left out, as if they had not been asked for (RFC 2347). */
export const negotiate = (
  options: Readonly<Record<string, string>>,
  fileSize: number,
  planTimeoutMs: number,
): Negotiated => {
  const { blksize, timeout, tsize, windowsize } = options;
  const blockSize = integerIn(blksize, optionLimits.minBlockSize, optionLimits.maxBlockSize);
  const timeoutSeconds = integerIn(timeout, optionLimits.minTimeoutSeconds, optionLimits.maxTimeoutSeconds);
  const window = integerIn(windowsize, 1, optionLimits.maxWindow);
  const served = blockSize === undefined ? plainBlockSize : Math.min(blockSize, optionLimits.servedBlockSize);
  const windowBlocks = Math.min(window ?? 1, optionLimits.servedWindow);
  return {
    blockSize: served,
    blockTimeoutMs: timeoutSeconds === undefined ? planTimeoutMs : timeoutSeconds * millisecondsPerSecond,
    windowBlocks,
    accepted: {
      ...(blockSize === undefined ? {} : { blksize: String(served) }),
      ...(timeoutSeconds === undefined ? {} : { timeout: String(timeoutSeconds) }),
      ...(tsize === undefined ? {} : { tsize: String(fileSize) }),
      ...(window === undefined ? {} : { windowsize: String(windowBlocks) }),
    },
  };
};

import type { RunRecord } from '../records/record.js';
import type { TimelineEvent } from '../timeline/events.js';
import { escapeText } from './escape.js';

export const htmlReport = (record: RunRecord, events: readonly TimelineEvent[]): string =>
  `<!doctype html><title>${escapeText(record.verdict)}</title><p>${events.length}`;

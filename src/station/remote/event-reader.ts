/** The event stream of a station, over as many connections as it takes: each resumes after the last message of the one before. */
import type { IncomingMessage } from 'node:http';
import { isBenchError } from '../../errors.js';
import type { Clock } from '../../timeline/clock.js';
import { sleep } from '../../timeline/wait.js';
import type { DeskNews } from '../run-desk.js';
import type { StationApi } from './station-api.js';

/** `reset`: too much was missed; whoever reads looks at the view. */
export type RemoteMessage = { readonly id: number; readonly news: DeskNews | { readonly kind: 'reset' } };

export interface EventReader {
  readonly api: StationApi;
  readonly clock: Clock;
  readonly after: number;
  readonly signal: AbortSignal;
  /** Told once each time the line is lost. */
  onLost(why: string): void;
  onBack(): void;
  /** False: nobody tries any longer. */
  isWorthIt(): boolean;
}

/** The station says something every 4 s. */
const silentMs = 10_000;
const againAfterMs = 1_000;
const longestMessageBytes = 16 * 1024 * 1024;

const messageOf = (block: string): RemoteMessage | undefined => {
  const [, id, kind, data = ''] = /^id: (\d+)\nevent: (\S+)\ndata: (.*)$/.exec(block) ?? [];
  if (id === undefined) return undefined;
  return { id: Number(id), news: kind === 'reset' ? { kind } : (JSON.parse(data) as DeskNews) };
};

/** Messages of one connection; ends, or throws, when it is cut. */
async function* messagesOf(response: IncomingMessage, clock: Clock): AsyncGenerator<RemoteMessage> {
  let silence = clock.alarm(silentMs, () => response.destroy(new Error(`silent for ${silentMs / 1000} s`)));
  let text = '';
  try {
    response.setEncoding('utf8');
    for await (const chunk of response) {
      silence.cancel();
      silence = clock.alarm(silentMs, () => response.destroy(new Error(`silent for ${silentMs / 1000} s`)));
      text += chunk;
      if (text.length > longestMessageBytes) throw new Error('a message does not end');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const message = messageOf(block);
        if (message !== undefined) yield message;
      }
    }
  } finally {
    silence.cancel();
  }
}

/** Ends when the signal is aborted. Throws BenchError: refused, or STATION_UNREACHABLE when it is no longer worth it. */
export async function* readEvents(parts: EventReader): AsyncGenerator<RemoteMessage> {
  const { api, clock, signal } = parts;
  let last = parts.after;
  let isLost = false;
  while (!signal.aborted) {
    try {
      const response = await api.open(`/events?after=${last}`, { signal, withinMs: silentMs });
      if (isLost) parts.onBack();
      isLost = false;
      for await (const message of messagesOf(response, clock)) {
        if (message.id <= last && message.news.kind !== 'reset') continue;
        last = message.id;
        yield message;
      }
      throw new Error('the connection was closed');
    } catch (error) {
      if (signal.aborted) return;
      const isRefused = isBenchError(error) && error.code !== 'STATION_UNREACHABLE';
      if (isRefused || !parts.isWorthIt()) throw error;
      if (!isLost) parts.onLost(error instanceof Error ? error.message : String(error));
      isLost = true;
      await sleep(clock, againAfterMs, signal).catch(() => {});
    }
  }
}

/**
 * Server-sent events (WHATWG HTML, 9.2): one message of a feed an event, its number as `id`, so that a browser that was
 * cut off resumes by itself with Last-Event-ID. `reset` says: too much was missed, fetch the view anew. Numbers have no gaps.
 * `alive` has no number and comes when nothing else does.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../timeline/clock.js';

/** A viewer that hears nothing for longer knows that its connection is gone, although nobody closed it. */
const keepAliveMs = 4_000;
/** A viewer that does not read is let go: it comes back and resumes. */
const longestBacklogBytes = 4 * 1024 * 1024;

interface FeedMessage {
  readonly id: number;
  readonly news: { readonly kind: string };
}

/** Numbered news, of which the newest are kept. */
export interface Feed {
  view(): { readonly id: number };
  /** What came after message `id`; undefined: so long ago that a fresh view is needed. */
  after(id: number): readonly FeedMessage[] | undefined;
  onMessage(listener: (message: FeedMessage) => void): () => void;
}

const asEvent = ({ id, news }: FeedMessage): string =>
  `id: ${id}\nevent: ${news.kind}\ndata: ${JSON.stringify(news)}\n\n`;

export interface EventStreams {
  readonly viewers: number;
  /** Writes to `response` until it is closed. `lastId` null: from now on. */
  serve(response: ServerResponse, lastId: number | null): void;
}

export const createEventStreams = (feed: Feed, clock: Clock): EventStreams => {
  const open = new Set<ServerResponse>();
  return {
    get viewers() {
      return open.size;
    },
    serve: (response, lastId) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      open.add(response);
      const write = (text: string) => {
        if (response.writableLength > longestBacklogBytes) response.destroy();
        else response.write(text);
      };
      const missed = lastId === null ? [] : feed.after(lastId);
      write('retry: 1000\n\n');
      if (missed === undefined) write(`id: ${feed.view().id}\nevent: reset\ndata: {}\n\n`);
      else for (const message of missed) write(asEvent(message));
      const forget = feed.onMessage((message) => write(asEvent(message)));
      const alive = clock.every(keepAliveMs, () => write('event: alive\ndata: {}\n\n'));
      response.on('close', () => {
        forget();
        alive.cancel();
        open.delete(response);
      });
    },
  };
};

/**
 * Keeps a store in step with the station: fetches the view, listens to the event stream, resumes where it was cut off and
 * begins anew where the station says that too much was missed.
 */
import { call, storedEvents } from './api.js';

const kinds = [
  'run-started',
  'event',
  'run-ended',
  'run-failed',
  'run-waiting',
  'port-lock',
  'port-lease',
  'shared',
  'plan-set',
];
const againAfterMs = 1_000;
/** The station says something every 4 s: a line that is silent for longer is gone, whether or not somebody closed it. */
const silentMs = 10_000;

/** What a view tells that nobody heard as it happened: runs that ended, questions that came up. */
const missedNews = (before, after) =>
  before.flatMap(({ port, running }) => {
    const now = after.find((each) => each.port === port);
    if (running === null || now === undefined) return [];
    if (now.running === null)
      return [now.failed === null ? { kind: 'run-ended', summary: now.last } : { kind: 'run-failed', ...now.failed }];
    const { prompt } = now.running;
    return prompt === null || prompt.id === running.prompt?.id
      ? []
      : [{ kind: 'event', event: { fact: { kind: 'prompt', ...prompt } } }];
  });

const read = (data) => {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
};

/** `onNews` gets each message as it comes, and what a later view tells of runs that were on; `onState` 'online' or 'offline'. Returns what closes it. */
export const connect = (store, { onNews, onState, onSignedOut }) => {
  let source = null;
  let timer = null;
  let silence = null;
  let closed = false;

  const again = () => {
    source?.close();
    source = null;
    clearTimeout(silence);
    if (closed) return;
    onState('offline');
    clearTimeout(timer);
    timer = setTimeout(begin, againAfterMs);
  };

  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(again, silentMs);
  };

  const fillIn = ({ ports }) => {
    for (const { port, running, last, events } of ports) {
      const runId = running?.run.runId ?? last?.runId;
      const isWhole = events[0]?.seq === 1;
      if (runId === undefined || isWhole || events.length === 0) continue;
      storedEvents(runId)
        .then((stored) => store.older(port, runId, stored))
        .catch(() => {});
    }
  };

  const listen = () => {
    source = new EventSource(`/api/v1/events?after=${store.id}`);
    heard();
    source.addEventListener('open', () => {
      heard();
      onState('online');
    });
    source.addEventListener('alive', heard);
    source.addEventListener('reset', again);
    source.addEventListener('error', () => {
      onState('offline');
      // Refused for good: a browser comes back by itself only after a connection that was lost.
      if (source?.readyState === EventSource.CLOSED) again();
    });
    for (const kind of kinds)
      source.addEventListener(kind, ({ data, lastEventId }) => {
        heard();
        const news = read(data);
        if (news === undefined || !store.message(Number(lastEventId), news)) return again();
        return onNews(news);
      });
  };

  const begin = async () => {
    try {
      const view = await call('/view');
      if (closed) return;
      const before = store.ports;
      store.reset(view);
      for (const news of missedNews(before, store.ports)) onNews(news);
      onState('online');
      fillIn(view);
      listen();
    } catch (error) {
      if (error.code === 'UNAUTHORISED') onSignedOut();
      again();
    }
  };

  void begin();
  return () => {
    closed = true;
    clearTimeout(timer);
    clearTimeout(silence);
    source?.close();
  };
};

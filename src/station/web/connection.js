/**
 * Keeps a store in step with the station: fetches the view, listens to the event stream, resumes where it was cut off and
 * begins anew where the station says that too much was missed.
 */
import { call, storedEvents } from './api.js';

const kinds = ['run-started', 'event', 'run-ended', 'run-failed'];
const againAfterMs = 1_000;

/** `onNews` gets each message as it comes (not what a view already tells); `onState` 'online' or 'offline'. Returns what closes it. */
export const connect = (store, { onNews, onState, onSignedOut }) => {
  let source = null;
  let timer = null;
  let closed = false;

  const again = () => {
    source?.close();
    source = null;
    if (closed) return;
    onState('offline');
    clearTimeout(timer);
    timer = setTimeout(begin, againAfterMs);
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
    source.addEventListener('open', () => onState('online'));
    source.addEventListener('reset', again);
    source.addEventListener('error', () => {
      onState('offline');
      // Refused for good: a browser comes back by itself only after a connection that was lost.
      if (source?.readyState === EventSource.CLOSED) again();
    });
    for (const kind of kinds)
      source.addEventListener(kind, ({ data, lastEventId }) => {
        const news = JSON.parse(data);
        store.message(Number(lastEventId), news);
        onNews(news);
      });
  };

  const begin = async () => {
    try {
      const view = await call('/view');
      if (closed) return;
      store.reset(view);
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
    source?.close();
  };
};

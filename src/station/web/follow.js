/**
 * Follows a server: fetches the view, listens to the event stream, resumes where it was cut off and begins anew where the server
 * says that too much was missed.
 */
import { call } from './api.js';

const againAfterMs = 1_000;
/** The server says something every 4 s: a line that is silent for longer is gone, whether or not somebody closed it. */
const silentMs = 10_000;

const read = (data) => {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
};

/**
 * `store` has `id`, of the newest message that is in it, and `message(id, news)`, false where one before it is missing. `takeView` puts
 * a view into it; `onNews` gets each message as it comes; `onState` 'online' or 'offline'. Returns what closes it.
 */
export const follow = (store, { view, kinds, takeView, onNews = () => {}, onState, onSignedOut }) => {
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
      const fetched = await call(view);
      if (closed) return;
      takeView(fetched);
      onState('online');
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

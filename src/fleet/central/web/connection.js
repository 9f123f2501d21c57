/** Keeps a store in step with the plant's page: fetches the view, listens, resumes, and begins anew where too much was missed. */
import { call } from '/common/api.js';

const kinds = ['station', 'port', 'port-gone', 'station-gone', 'plan-set', 'broker'];
const againAfterMs = 1_000;
/** Something comes every 4 s: a line that is silent for longer is gone, whether or not somebody closed it. */
const silentMs = 10_000;

const read = (data) => {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
};

/** `onState` 'online' or 'offline'. Returns what closes it. */
export const connect = (store, { onState, onSignedOut }) => {
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
        if (news === undefined || !store.message(Number(lastEventId), news)) again();
      });
  };
  const begin = async () => {
    try {
      const view = await call('/live');
      if (closed) return;
      store.reset(view);
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

/** Keeps a store in step with the station. */
import { storedEvents } from './api.js';
import { follow } from './follow.js';

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

/** Earlier events of runs that the view tells of, as they lie on the station's disk. */
const fillIn = (store, { ports }) => {
  for (const { port, running, last, events } of ports) {
    const runId = running?.run.runId ?? last?.runId;
    const isWhole = events[0]?.seq === 1;
    if (runId === undefined || isWhole || events.length === 0) continue;
    storedEvents(runId)
      .then((stored) => store.older(port, runId, stored))
      .catch(() => {});
  }
};

/** `onNews` gets each message as it comes, and what a later view tells of runs that were on; `onState` 'online' or 'offline'. Returns what closes it. */
export const connect = (store, listeners) =>
  follow(store, {
    ...listeners,
    view: '/view',
    kinds,
    takeView: (view) => {
      const before = store.ports;
      store.reset(view);
      for (const news of missedNews(before, store.ports)) listeners.onNews(news);
      fillIn(store, view);
    },
  });

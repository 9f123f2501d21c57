/** What the database is asked: the answer of one address at a time, days as moments. */
import { useEffect, useState } from 'preact/hooks';
import { call } from '/common/api.js';
import { html } from '/common/html.js';
import { t } from './texts.js';

const answerWithinMs = 90_000;
const dayMs = 86_400_000;
const nothing = { answer: null, error: null };

/** `answer` null: not there yet. What was asked before is no answer to what is asked now. */
export const useAnswer = (path) => {
  const [state, setState] = useState({ path, ...nothing });
  useEffect(() => {
    const gone = new AbortController();
    call(path, { signal: AbortSignal.any([gone.signal, AbortSignal.timeout(answerWithinMs)]) })
      .then((answer) => setState({ path, answer, error: null }))
      .catch((error) => gone.signal.aborted || setState({ path, answer: null, error }));
    return () => gone.abort();
  }, [path]);
  return state.path === path ? state : nothing;
};

const startOf = (day) => `${day}T00:00:00.000Z`;

/** As the server takes it: days (UTC, both inclusive) become moments. */
export const apiQuery = ({ since, until, ...query }) =>
  new URLSearchParams(
    Object.entries({
      ...query,
      since: since && startOf(since),
      until: until && new Date(Date.parse(startOf(until)) + dayMs).toISOString(),
    }).filter(([, value]) => value !== '' && value != null),
  ).toString();

/** `2026-11-26`, UTC. */
export const dayBefore = (days) => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10);

export const Failure = ({ error }) =>
  html`<p class="notice is-bad" role="alert">${error.code === 'UNREACHABLE' ? t('offline') : `${error.code}: ${error.message}. ${error.remedy}`}</p>`;
export const Loading = () => html`<p class="past-quiet" role="status">${t('past.loading')}</p>`;

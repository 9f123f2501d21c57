/** Past runs: statistics and records, each with its form, and what both need of the station. */
import { useEffect, useState } from 'preact/hooks';
import { call } from './api.js';
import { html } from './html.js';
import { addressOf, apiQuery, commonOf } from './past-query.js';
import { Records } from './records.js';
import { Statistics } from './statistics.js';
import { t } from './texts.js';

/** The station reads them with what its runs leave of the processor. */
const answerWithinMs = 120_000;

const nothing = { answer: null, error: null };

/** `answer` null: not there yet. What was asked before is no answer to what is asked now. */
const useAnswer = (view, query) => {
  const asked = `/${view === 'records' ? 'runs' : 'statistics'}?${apiQuery(query)}`;
  const [state, setState] = useState({ asked, ...nothing });
  useEffect(() => {
    const gone = new AbortController();
    call(asked, { signal: AbortSignal.any([gone.signal, AbortSignal.timeout(answerWithinMs)]) })
      .then((answer) => setState({ asked, answer, error: null }))
      .catch((error) => gone.signal.aborted || setState({ asked, answer: null, error }));
    return () => gone.abort();
  }, [asked]);
  return state.asked === asked ? state : nothing;
};

const views = { statistics: Statistics, records: Records };

export const Past = ({ view, query, plans, ports }) => {
  const { answer, error } = useAnswer(view, query);
  const View = views[view];
  const ask = (wanted) => {
    location.hash = addressOf(view, wanted);
  };
  return html`<main class="past" data-view=${view} data-state=${error === null ? (answer === null ? 'loading' : 'ready') : 'failed'}>
    <nav class="past-tabs">
      ${Object.keys(views).map((each) => html`<a key=${each} href=${addressOf(each, commonOf(query))} aria-current=${each === view ? 'page' : undefined}>${t(each)}</a>`)}
    </nav>
    <${View.Form} query=${query} plans=${plans} ports=${ports} onAsk=${ask} />
    ${error !== null && html`<p class="notice is-bad" role="alert">${error.code === 'UNREACHABLE' ? t('offline') : `${error.code}: ${error.message}. ${error.remedy}`}</p>`}
    ${error === null && answer === null && html`<p class="past-quiet" role="status">${t('past.loading')}</p>`}
    ${answer !== null && html`<${View.Answer} answer=${answer} query=${query} onAsk=${ask} />`}
  </main>`;
};

/** The plant's page: puts the parts together. */
import { render } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { call, send } from '/common/api.js';
import { Boundary } from '/common/boundary.js';
import { html } from '/common/html.js';
import { tokenOfAddress, useHash, useStore } from '/common/page.js';
import { SignIn } from '/common/sign-in.js';
import { connect } from './connection.js';
import { Live } from './live.js';
import { placeOf, views } from './places.js';
import { Plans } from './plans.js';
import { Record } from './record.js';
import { Records } from './records.js';
import { Statistics } from './statistics.js';
import { createStore } from './store.js';
import { chooseLanguage, language, t } from './texts.js';
import { moment } from './times.js';
import { TopBar } from './top-bar.js';

const drawnEveryMs = 250;
const minuteMs = 60_000;

const useMinute = () => {
  const [nowMs, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), minuteMs);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
};

const View = ({ store, place, nowMs }) => {
  switch (place.view) {
    case 'statistics':
      return html`<${Statistics} query=${place.query} />`;
    case 'records':
      return html`<${Records} query=${place.query} />`;
    case 'record':
      return html`<${Record} station=${place.station} runId=${place.runId} />`;
    case 'plans':
      return html`<${Plans} stations=${store.stations} planSet=${store.planSet} />`;
    default:
      return html`<${Live} stations=${store.stations} planSet=${store.planSet} nowMs=${nowMs} />`;
  }
};

const App = ({ store }) => {
  /** undefined: not known yet. */
  const [session, setSession] = useState(undefined);
  const [refusal, setRefusal] = useState('');
  const [isOnline, setOnline] = useState(true);
  const [tag, setTag] = useState(language());
  const hash = useHash();
  const nowMs = useMinute();
  useStore(store, drawnEveryMs);
  const place = placeOf(hash);
  const isSignedIn = session !== undefined && session.role !== null;
  const { broker, plant } = store;

  useEffect(() => {
    document.title = plant === '' ? 'Linkpulse' : `${plant} – Linkpulse`;
  }, [plant]);

  const signIn = useCallback(async (token) => {
    try {
      setSession(await send('/session', { token }));
      setRefusal('');
    } catch (error) {
      setRefusal(error.code === 'UNREACHABLE' ? t('offline') : t('signIn.refused'));
      setSession((before) => before ?? { name: null, role: null });
    }
  }, []);
  useEffect(() => {
    const token = tokenOfAddress();
    if (token !== undefined) void signIn(token);
    else
      call('/session')
        .then(setSession)
        .catch(() => setSession((before) => before ?? { name: null, role: null }));
  }, [signIn, hash]);

  useEffect(() => {
    if (!isSignedIn) return undefined;
    return connect(store, {
      onState: (state) => setOnline(state === 'online'),
      onSignedOut: () => setSession({ name: null, role: null }),
    });
  }, [isSignedIn, store]);

  const changeLanguage = (wanted) => {
    chooseLanguage(wanted);
    setTag(wanted);
  };

  return html`<${TopBar} plant=${plant} views=${views} view=${place.view === 'record' ? 'records' : place.view} isSignedIn=${isSignedIn} isOnline=${isOnline && broker.isConnected} tag=${tag} onLanguage=${changeLanguage} />
    ${isSignedIn && !isOnline && html`<p class="offline" role="alert">${t('offline')}</p>`}
    ${isSignedIn && isOnline && !broker.isConnected && html`<p class="offline" role="alert" title=${broker.cause}>${t('brokerGone', { time: moment(broker.since, nowMs) })}</p>`}
    ${session !== undefined && !isSignedIn && html`<${SignIn} onToken=${signIn} refusal=${refusal} />`}
    ${isSignedIn && html`<${Boundary} key=${tag} of=${hash}><${View} store=${store} place=${place} nowMs=${nowMs} /></${Boundary}>`}`;
};

render(html`<${App} store=${createStore()} />`, document.getElementById('app'));

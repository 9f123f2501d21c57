/** The operator's page: puts the parts together and decides what a scan does. */
import { render } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { call, send } from './api.js';
import { Boundary } from './boundary.js';
import { useNow } from './clock.js';
import { connect } from './connection.js';
import { html } from './html.js';
import { asRequest, labelAfter } from './labels.js';
import { tokenOfAddress, useHash, useStore } from './page.js';
import { Past } from './past.js';
import { addressOf, placeOf } from './past-query.js';
import { PlanSet } from './plan-set.js';
import { Ports } from './ports.js';
import { switchOff } from './power-off.js';
import { isToldByThePort, refusalWords } from './refusals.js';
import { remember, remembered } from './remembered.js';
import { listenForScans } from './scan.js';
import { SignIn } from './sign-in.js';
import { play } from './sound.js';
import { leaseWords, sharedWords } from './standing.js';
import { Station } from './station.js';
import { createStore } from './store.js';
import { chooseLanguage, language, t } from './texts.js';
import { TopBar } from './top-bar.js';

const drawnEveryMs = 100;
const noticeMs = 6_000;
/** A label of which only a part was read is forgotten: the next part may be another phone's. */
const partialLabelMs = 60_000;
const isFree = (port) => port !== undefined && port.running === null && port.waiting === null && port.lease === null;
const mayRun = ({ role }) => role === 'operator' || role === 'engineer';

const App = ({ store }) => {
  /** undefined: not known yet. */
  const [session, setSession] = useState(undefined);
  const [refusal, setRefusal] = useState('');
  const [isOnline, setOnline] = useState(true);
  const [plans, setPlans] = useState([]);
  const [chosen, setChosen] = useState(remembered('port'));
  const [, setChoices] = useState(0);
  const [notice, setNotice] = useState(null);
  const [label, setLabel] = useState(null);
  const [tag, setTag] = useState(language());
  const hash = useHash();
  const { view, query } = placeOf(hash);
  useStore(store, drawnEveryMs);

  const { ports } = store;
  const taken = sharedWords(store.shared);
  const port = ports.find(({ port: name }) => name === chosen) ?? ports[0];
  /** Asked anew for each scan: what was chosen a moment ago may not be drawn yet. */
  const chosenPlan = () =>
    plans.length === 1 || port === undefined
      ? plans[0]
      : plans.find(({ name }) => name === remembered(`plan.${port.port}`));
  const plan = port === undefined ? undefined : chosenPlan();
  const isSignedIn = session !== undefined && session.role !== null;
  const isRunning = ports.some(({ running }) => running !== null);
  const isReady = isSignedIn && mayRun(session) && plan !== undefined && isFree(port);
  const nowMs = useNow(isRunning && isOnline);

  const tell = useCallback((text, isBad = true) => {
    setNotice({ text, isBad });
    if (isBad) play('refused');
  }, []);
  useEffect(() => {
    if (notice === null) return undefined;
    const timer = setTimeout(() => setNotice(null), noticeMs);
    return () => clearTimeout(timer);
  }, [notice]);

  useEffect(() => {
    if (label === null) return undefined;
    const timer = setTimeout(() => setLabel(null), partialLabelMs);
    return () => clearTimeout(timer);
  }, [label]);

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

  const readPlans = useCallback(() => {
    call('/plans')
      .then(setPlans)
      .catch(() => {});
  }, []);
  useEffect(() => {
    if (!isSignedIn) return undefined;
    return connect(store, {
      onState: (state) => {
        setOnline(state === 'online');
        // A station that comes back may have other plans.
        if (state === 'online') readPlans();
      },
      onSignedOut: () => setSession({ name: null, role: null }),
      onNews: (news) => {
        if (news.kind === 'event' && news.event.fact.kind === 'prompt' && news.event.fact.isAnswerable) play('ask');
        if (news.kind === 'plan-set') readPlans();
        if (news.kind === 'run-failed') play(news.code === 'LABEL_REFUSED' ? 'refused' : 'bench');
        if (news.kind === 'run-ended' && news.again !== true)
          play(news.summary.verdict === 'error' ? 'bench' : news.summary.verdict);
      },
    });
  }, [isSignedIn, store, readPlans]);

  const choosePort = (name) => {
    remember('port', name);
    setChosen(name);
  };
  const choosePlan = (name) => {
    remember(`plan.${port.port}`, name);
    setChoices((count) => count + 1);
  };
  const refused = (error, scanned = '') => {
    if (error.code === 'UNAUTHORISED') setSession({ name: null, role: null });
    tell(refusalWords(error, { port: port?.port, scanned }));
  };
  const start = async (read) => {
    setLabel(null);
    try {
      await send(`/ports/${read.port}/run`, asRequest(read));
      return setNotice(null);
    } catch (error) {
      if (error.code === 'PLAN_UNREADABLE') readPlans();
      const { serial, mac = '' } = read.parts;
      return isToldByThePort(error) && isOnline ? setNotice(null) : refused(error, serial ?? mac);
    }
  };
  /** A label's text, or one of its two; the run begins when the plan wants no more. */
  const readLabel = (text) => {
    if (!mayRun(session)) return tell(t('refused.role'));
    if (port === undefined) return tell(t('offline'));
    const wanted = chosenPlan();
    if (wanted === undefined) return tell(t('scan.choosePlan'));
    if (port.running !== null || port.waiting !== null) return tell(t('refused.busy', { port: port.port }));
    if (port.lease !== null) return tell(`${t('refused.reserved', { port: port.port })} ${leaseWords(port)}`);
    location.hash = '';
    const read = labelAfter(label, { port: port.port, plan: wanted, text });
    if (read.missing.length === 0) return start(read);
    setNotice(null);
    return setLabel(read);
  };
  const scanned = (text) => {
    if (!isSignedIn) return signIn(text);
    if (view === 'records') {
      location.hash = addressOf(view, { serial: text });
      return setNotice(null);
    }
    const [, what, name = ''] = /^(port|plan):(.+)$/i.exec(text) ?? [];
    const wanted = name.toLowerCase();
    if (what?.toLowerCase() === 'port') {
      if (ports.some((each) => each.port === wanted)) return choosePort(wanted);
      return tell(t('refused.noSuch', { name }));
    }
    if (what?.toLowerCase() === 'plan') {
      if (plans.some((each) => each.name === wanted)) return choosePlan(wanted);
      return tell(t('refused.noSuch', { name }));
    }
    return readLabel(text);
  };
  const onScan = useRef(scanned);
  onScan.current = scanned;
  useEffect(() => listenForScans(window, (text) => onScan.current(text)), []);

  const off = (names) => switchOff(names).catch(() => tell(t('off.notReached')));
  const portNames = useMemo(() => ports.map(({ port: name }) => name), [ports]);
  const changeLanguage = (wanted) => {
    chooseLanguage(wanted);
    setTag(wanted);
  };

  return html`<${TopBar} isSignedIn=${isSignedIn} isOnline=${isOnline} isReady=${isReady} isPast=${view !== ''} plans=${plans} plan=${plan?.name} tag=${tag} portNames=${portNames} onPlan=${choosePlan} onStart=${readLabel} onLanguage=${changeLanguage} onTell=${(text) => tell(text, false)} onNotReached=${() => tell(t('off.notReached'))} />
    ${!isOnline && isSignedIn && html`<p class="offline" role="alert">${t('offline')}</p>`}
    ${isSignedIn && store.planSet !== null && html`<${PlanSet} planSet=${store.planSet} />`}
    ${notice !== null && html`<p class=${notice.isBad ? 'notice is-bad' : 'notice'} role="alert">${notice.text}</p>`}
    ${session !== undefined && !isSignedIn && html`<${SignIn} onToken=${signIn} refusal=${refusal} />`}
    ${view !== '' && isSignedIn && html`<${Past} key=${tag} view=${view} query=${query} plans=${plans} ports=${portNames} />`}
    ${view === '' && ports.length > 1 && isSignedIn && html`<${Ports} ports=${ports} chosen=${port.port} onChoose=${choosePort} onOff=${off} />`}
    ${view === '' && isSignedIn && taken !== '' && html`<p class="shared">${taken}</p>`}
    ${view === '' && isSignedIn && port !== undefined && html`<${Boundary} of=${`${port.port} ${port.running?.run.runId}`}><${Station} key=${port.port} port=${port} label=${label?.port === port.port ? label : null} isOnline=${isOnline} hasPlan=${plan !== undefined} who=${{ role: session.role, mayRun: mayRun(session) }} nowMs=${nowMs} onRefused=${refused} /></${Boundary}>`}`;
};

render(html`<${App} store=${createStore()} />`, document.getElementById('app'));

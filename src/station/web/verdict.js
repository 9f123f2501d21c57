/** The giant verdict: colour, shape, word. It stays until the next scan. */
import { clock } from './clock.js';
import { classes, html } from './html.js';
import { Prompt } from './prompt.js';
import { t } from './texts.js';

/** How a port stands: idle, running, asking (the operator), pass, marginal, fail or bench (do not bin the phone). */
export const standingOf = ({ running, last, failed }) => {
  if (running !== null) return running.prompt === null ? 'running' : 'asking';
  if (failed !== null) return 'bench';
  if (last === null) return 'idle';
  return last.verdict === 'error' ? 'bench' : last.verdict;
};

/** What is being done now: the first stage that is not decided, of a run that goes on; null: nothing, or every stage is. */
export const stageNow = ({ running }) => {
  if (running === null) return null;
  if (running.stages.length === 0) return 'power';
  return running.stages.find(({ verdict }) => verdict === 'not-reached')?.stage ?? null;
};

const stroke = { fill: 'none', stroke: 'currentColor', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
const shapes = {
  pass: () =>
    html`<circle cx="50" cy="50" r="44" ...${stroke} stroke-width="7" /><path d="M28 52l15 15 29-33" ...${stroke} stroke-width="10" />`,
  marginal: () =>
    html`<circle cx="50" cy="50" r="44" ...${stroke} stroke-width="7" stroke-dasharray="17 11" /><path d="M28 42l11 11 21-24M28 76q11-11 22 0t22 0" ...${stroke} stroke-width="9" />`,
  fail: () =>
    html`<path d="M31 5h38l26 26v38l-26 26h-38l-26-26v-38z" ...${stroke} stroke-width="7" /><path d="M33 33l34 34M67 33l-34 34" ...${stroke} stroke-width="11" />`,
  bench: () =>
    html`<path d="M50 8l44 80h-88z" ...${stroke} stroke-width="7" /><path d="M50 36v24M50 74v1" ...${stroke} stroke-width="10" />`,
  idle: () =>
    html`<path d="M8 20v-10h14M78 10h14v10M92 80v10h-14M22 90h-14v-10" ...${stroke} stroke-width="5" /><path d="M22 28v44M34 28v44M43 28v44M57 28v44M66 28v44M78 28v44" ...${stroke} stroke-width="5" />`,
  asking: () =>
    html`<path d="M10 14h80v54h-38l-20 20v-20h-22z" ...${stroke} stroke-width="6" /><path d="M40 34q2-9 11-9t10 9q0 6-9 11v3M51 57v1" ...${stroke} stroke-width="6" />`,
  running: () => html`<path d="M5 60h20v-38h10v38h22v-24h10v24h12v-44h8v44h10" ...${stroke} stroke-width="6" />`,
};

export const PowerSign = () =>
  html`<svg class="power-sign" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3v9M6.5 6.5a8 8 0 1 0 11 0" ...${stroke} stroke-width="2.6" /></svg>`;

export const Shape = ({ of }) =>
  html`<svg class="shape" viewBox="0 0 100 100" aria-hidden="true">${shapes[of]()}</svg>`;

const unitOf = ({ running, last, failed }) => {
  if (running !== null) return running.serial ?? '';
  if (failed !== null) return '';
  return [last?.serial, last?.phone.deviceId ?? last?.phone.mac].filter(Boolean).join(' · ');
};

/** What the operator does now, and why, in the judge's own words. */
const saying = (port, standing) => {
  const { last, failed } = port;
  if (failed !== null) return { action: t('action.bench'), cause: failed.message, detail: failed.remedy };
  if (standing === 'bench') {
    const action = t(`action.${last.blame ?? 'bench'}`);
    return { action, cause: last.cause, detail: last.nextAction };
  }
  return { action: t(`action.${standing}`), cause: standing === 'pass' ? '' : last.cause, detail: last.nextAction };
};

const Running = ({ port, nowMs }) => html`<div class="verdict-text">
  <p class="verdict-unit">${unitOf(port)}</p>
  <p class="verdict-word">${t(`stage.${stageNow(port) ?? 'registration'}`)}</p>
  <p class="verdict-time">${clock(nowMs - (port.offsetMs ?? nowMs))}</p>
</div>`;

const Ended = ({ port, standing }) => {
  const { action, cause, detail } = saying(port, standing);
  const isLimited = standing === 'pass' && port.last.limited.length > 0;
  return html`<div class="verdict-text">
    <p class="verdict-unit">${unitOf(port)}</p>
    <p class="verdict-word">${t(`verdict.${standing}`)}</p>
    ${standing === 'bench' && html`<p class="verdict-warning">${t('doNotBin')}</p>`}
    <p class="verdict-action">${action}</p>
    ${cause !== '' && html`<p class="verdict-cause" lang="en">${cause}</p>`}
    ${detail !== '' && html`<p class="verdict-detail" lang="en">${detail}</p>`}
    ${isLimited && html`<p class="verdict-detail">${t('limited')}</p>`}
  </div>`;
};

const Idle = ({ isReady }) => html`<div class="verdict-text">
  <p class="verdict-word">${t('scan.title')}</p>
  <p class="verdict-action">${isReady ? t('scan.hint') : t('scan.choosePlan')}</p>
</div>`;

export const Verdict = ({ port, isReady, mayAnswer, nowMs, onRefused }) => {
  const standing = standingOf(port);
  if (standing === 'asking') {
    const { prompt, run } = port.running;
    return html`<${Prompt} key=${`${run.runId} ${prompt.id}`} port=${port} mayAnswer=${mayAnswer} runMs=${nowMs - (port.offsetMs ?? nowMs)} onRefused=${onRefused} />`;
  }
  return html`<section class=${classes('verdict', `is-${standing}`)} data-verdict=${standing} role="status" aria-live="assertive">
    <${Shape} of=${standing} />
    ${
      standing === 'idle'
        ? html`<${Idle} isReady=${isReady} />`
        : standing === 'running'
          ? html`<${Running} port=${port} nowMs=${nowMs} />`
          : html`<${Ended} port=${port} standing=${standing} />`
    }
  </section>`;
};

/** The giant verdict: colour, shape, word. It stays until the next scan. */
import { clock } from './clock.js';
import { EndLease } from './end-lease.js';
import { classes, html } from './html.js';
import { Prompt } from './prompt.js';
import { Shape } from './shapes.js';
import {
  attemptWords,
  isStopped,
  leaseWords,
  sayingOf,
  stageWord,
  standingOf,
  supplyWords,
  unitOf,
  waitWords,
} from './standing.js';
import { t } from './texts.js';
import { Unlock } from './unlock.js';

/** How wide a text is in capitals, so that the style can make it as large as fits (a Chinese letter is a square). */
const firstWideLetter = 0x2e80;
const lettersOf = (text) =>
  [...text].reduce((sum, letter) => sum + (letter.charCodeAt(0) < firstWideLetter ? 1 : 1.4), 0);

const Word = ({ text }) => {
  const sizes = { '--phrase': lettersOf(text), '--word': Math.max(...text.split(' ').map(lettersOf)) };
  return html`<p class="verdict-word" style=${sizes}>${text}</p>`;
};

const Running = ({ port, nowMs }) => {
  // There is room for one line; which attempt it is counts again when power is on.
  const words = supplyWords(port) || attemptWords(port);
  return html`<div class="verdict-text">
    <p class="verdict-unit">${unitOf(port)}</p>
    <${Word} text=${stageWord(port)} />
    ${words !== '' && html`<p class="verdict-attempt">${words}</p>`}
    <${Lease} port=${port} />
    <p class="verdict-time">${clock(nowMs - (port.offsetMs ?? nowMs))}</p>
  </div>`;
};

const Ended = ({ port, standing, role }) => {
  const { action, cause, detail } = sayingOf(port);
  const attempt = attemptWords(port);
  const isLimited = standing === 'pass' && port.last.limited.length > 0;
  const isPhoneGood = standing === 'pass' || standing === 'marginal' || standing === 'fail';
  const text = standing === 'bench' && isStopped(port) ? 'stopped' : standing;
  // Each begins at its top.
  return html`<div key=${`${standing} ${port.last?.runId}`} class="verdict-text" tabindex="0">
    <p class="verdict-unit">${unitOf(port)}</p>
    <${Word} text=${t(`verdict.${text}`)} />
    ${standing === 'locked' && role === 'engineer' && html`<${Unlock} port=${port.port} />`}
    ${attempt !== '' && html`<p class="verdict-attempt">${attempt}</p>`}
    ${!isPhoneGood && standing !== 'refused' && html`<p class="verdict-warning">${t('doNotBin')}</p>`}
    <p class="verdict-action">${action}</p>
    <${Lease} port=${port} />
    ${cause !== '' && html`<p class="verdict-cause" lang="en">${cause}</p>`}
    ${detail !== '' && html`<p class="verdict-detail" lang="en">${detail}</p>`}
    ${isLimited && html`<p class="verdict-detail">${t('limited')}</p>`}
  </div>`;
};

const Reserved = ({ port, mayRun }) => html`<div class="verdict-text" tabindex="0">
  <${Word} text=${t('verdict.reserved')} />
  <p class="verdict-action">${leaseWords(port)}</p>
  ${mayRun && html`<${EndLease} port=${port.port} />`}
  <p class="verdict-cause">${t('action.reserved')}</p>
</div>`;

const Waiting = ({ port }) => html`<div class="verdict-text">
  <${Word} text=${t('short.waiting')} />
  <p class="verdict-attempt">${waitWords(port)}</p>
</div>`;

/** What stands there for all but the port that is somebody's own. */
const Lease = ({ port }) => {
  const words = leaseWords(port);
  return words !== '' && html`<p class="verdict-lease">${words}</p>`;
};

const Idle = ({ hasPlan, mayRun }) => {
  const isWaiting = hasPlan || !mayRun;
  return html`<div class="verdict-text">
    <${Word} text=${t(isWaiting ? 'scan.title' : 'scan.choosePlan')} />
    <p class="verdict-action">${t(mayRun ? 'scan.hint' : 'refused.role')}</p>
  </div>`;
};

/** A part of the label was read; what came before is of another phone. */
const HalfRead = ({
  label: { parts, missing },
}) => html`<section class="verdict is-idle" data-verdict="half" role="status" aria-live="assertive">
  <${Shape} of="idle" />
  <div class="verdict-text">
    <p class="verdict-unit">${Object.values(parts).join(' · ')}</p>
    <${Word} text=${t(`scan.now.${missing[0]}`)} />
    <p class="verdict-action">${t('scan.both')}</p>
  </div>
</section>`;

/** `label`: what was read of the next phone, null: nothing. `who`: `{ role, mayRun }` of whoever is signed in. */
export const Verdict = ({ port, label, hasPlan, who, nowMs, onRefused }) => {
  const standing = standingOf(port);
  if (label !== null && port.running === null) return html`<${HalfRead} label=${label} />`;
  if (standing === 'asking') {
    const { prompt, run } = port.running;
    return html`<${Prompt} key=${`${run.runId} ${prompt.id}`} port=${port} mayAnswer=${who.mayRun} runMs=${nowMs - (port.offsetMs ?? nowMs)} onRefused=${onRefused} />`;
  }
  return html`<section class=${classes('verdict', `is-${standing}`)} data-verdict=${standing} role="status" aria-live="assertive">
    <${Shape} of=${standing} />
    ${
      standing === 'idle'
        ? html`<${Idle} hasPlan=${hasPlan} mayRun=${who.mayRun} />`
        : standing === 'running'
          ? html`<${Running} port=${port} nowMs=${nowMs} />`
          : standing === 'waiting'
            ? html`<${Waiting} port=${port} />`
            : standing === 'reserved'
              ? html`<${Reserved} port=${port} mayRun=${who.mayRun} />`
              : html`<${Ended} port=${port} standing=${standing} role=${who.role} />`
    }
  </section>`;
};

/** The six stages as a row of chips: sign, name, how long. */
import { seconds } from './clock.js';
import { classes, html } from './html.js';
import { stageNow } from './standing.js';
import { t } from './texts.js';

export const stageNames = ['power', 'boot', 'vlan', 'address', 'config', 'registration'];
const signs = { pass: '✓', marginal: '≈', fail: '✕', error: '!', skipped: '–', 'not-reached': '', now: '…' };

/** The stages of the run that is on, else of the last one; nothing decided where there was none. */
export const stagesOf = ({ running, last, failed }) => {
  const known = running?.stages ?? (failed === null ? last?.stages : undefined) ?? [];
  return stageNames.map(
    (stage) =>
      known.find((result) => result.stage === stage) ?? {
        ...{ stage, verdict: 'not-reached', cause: '', beganAtUs: null, endedAtUs: null, measurements: [] },
      },
  );
};

const Chip = ({ result, isNow }) => {
  const { stage, verdict, beganAtUs, endedAtUs } = result;
  const shown = isNow ? 'now' : verdict;
  const took = beganAtUs !== null && endedAtUs !== null ? seconds(endedAtUs - beganAtUs) : '';
  return html`<li class=${classes('chip', `is-${shown}`)} data-stage=${stage} data-verdict=${verdict} title=${result.cause}>
    <span class="chip-sign" aria-hidden="true">${signs[shown]}</span>
    <span class="chip-name">${t(`stage.${stage}`)}</span>
    <span class="chip-time">${isNow ? '' : took}</span>
    <span class="only-read">${t(`stageVerdict.${isNow ? 'now' : verdict}`)}</span>
  </li>`;
};

export const Stages = ({ port }) => {
  const now = stageNow(port);
  return html`<ol class="stages">
    ${stagesOf(port).map((result) => html`<${Chip} key=${result.stage} result=${result} isNow=${port.running !== null && result.stage === now} />`)}
  </ol>`;
};

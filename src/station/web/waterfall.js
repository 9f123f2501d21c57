/** The six stages on one time axis, with what happened when. */
import { seconds } from './clock.js';
import { classes, html } from './html.js';
import { stagesOf } from './stages.js';
import { t } from './texts.js';

const fromPhone = (fact) => fact.from === 'phone';
const marks = [
  { key: 'power-on', stage: 'power', is: (fact) => fact.kind === 'power-on' },
  { key: 'link-up', stage: 'boot', is: (fact) => fact.kind === 'link-up' },
  { key: 'cdp', stage: 'vlan', is: (fact) => fact.kind === 'cdp' && fromPhone(fact) },
  { key: 'lldp', stage: 'vlan', is: (fact) => fact.kind === 'lldp' && fact.medClass !== null && fromPhone(fact) },
  { key: 'discover', stage: 'address', is: (fact) => fact.kind === 'dhcp' && fact.messageType === 'DISCOVER' },
  { key: 'ack', stage: 'address', is: (fact) => fact.kind === 'dhcp' && fact.messageType === 'ACK' },
  { key: 'file', stage: 'config', is: (fact) => fact.kind === 'tftp-request' },
  { key: 'config', stage: 'config', is: (fact) => fact.kind === 'tftp-end' && fact.config !== null },
  {
    key: 'register',
    stage: 'registration',
    is: (fact) =>
      (fact.kind === 'sccp' && fact.message === 'Register') ||
      (fact.kind === 'sip' && fact.purpose === 'register' && fact.statusCode === null),
  },
  { key: 'power-off', stage: 'power', is: (fact) => fact.kind === 'power-off' },
];

/** The first of each kind, with its time in us since the run started. */
export const marksOf = (events) =>
  marks.flatMap(({ key, stage, is }) => {
    const found = events.find(({ fact }) => is(fact));
    return found === undefined ? [] : [{ key, stage, atUs: found.atUs }];
  });

/** Round values from 0 to `max`, five of them or so. */
export const ticks = (max, count = 5) => {
  if (!(max > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(max / count));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= max / count) ?? 10) * power;
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
};

const rightHalf = 0.6;
const letterShare = 0.011;
/** Names that would lie on the one before are left out; the line stays. */
const named = (ofStage, lastUs) => {
  let free = Number.NEGATIVE_INFINITY;
  return ofStage.map(({ key, atUs }) => {
    const at = atUs / lastUs;
    const isRight = at > rightHalf;
    const width = t(`mark.${key}`).length * letterShare;
    const isFree = (isRight ? at - width : at) > free;
    if (isFree) free = isRight ? at : at + width;
    return { key, at, isRight, name: isFree ? t(`mark.${key}`) : '' };
  });
};

const percent = (share) => `${(100 * share).toFixed(2)}%`;

const Row = ({ result, isNow, lastUs, nowUs, ofStage }) => {
  const { stage, verdict, beganAtUs, endedAtUs } = result;
  const endUs = endedAtUs ?? (isNow ? nowUs : beganAtUs);
  const left = beganAtUs === null ? 0 : beganAtUs / lastUs;
  const width = beganAtUs === null || endUs === null ? 0 : Math.max(0, endUs - beganAtUs) / lastUs;
  return html`<div class="fall-row">
    <span class="fall-name">${t(`stage.${stage}`)}</span>
    <span class="fall-track">
      ${beganAtUs !== null && html`<b class=${classes('fall-bar', `is-${isNow ? 'now' : verdict}`)} style=${{ left: percent(left), width: percent(width) }}></b>`}
      ${named(ofStage, lastUs).map(
        ({ key, at, isRight, name }) =>
          html`<i key=${key} class=${classes('fall-mark', isRight && 'is-right')} style=${{ left: percent(at) }} title=${t(`mark.${key}`)}><em>${name}</em></i>`,
      )}
    </span>
    <span class="fall-time">${beganAtUs !== null && endUs !== null ? seconds(endUs - beganAtUs) : ''}</span>
  </div>`;
};

/** `nowUs`: of a run that goes on, else null. */
export const Waterfall = ({ port, now, nowUs }) => {
  const results = stagesOf(port);
  const ends = results.map(({ endedAtUs }) => endedAtUs ?? 0);
  const lastUs = Math.max(1_000_000, nowUs ?? 0, port.events.at(-1)?.atUs ?? 0, ...ends);
  const found = marksOf(port.events);
  const isNow = ({ stage }) => nowUs !== null && stage === now;
  return html`<figure class="panel waterfall" aria-label=${t('panel.waterfall')}>
    ${results.map(
      (result) =>
        html`<${Row} key=${result.stage} result=${result} isNow=${isNow(result)} lastUs=${lastUs} nowUs=${nowUs ?? lastUs} ofStage=${found.filter(({ stage }) => stage === result.stage)} />`,
    )}
    <div class="fall-row fall-axis">
      <span></span>
      <span class="fall-track">${ticks(lastUs / 1e6).map((second) => html`<i key=${second} style=${{ left: percent((second * 1e6) / lastUs) }}>${second} s</i>`)}</span>
      <span></span>
    </div>
  </figure>`;
};

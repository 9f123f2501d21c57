/** One station with its ports: in full, or as a tile that opens. What is the same is not drawn again. */
import { Component } from 'preact';
import { classes, html } from '/common/html.js';
import { Shape } from '/common/shapes.js';
import { PresenceSign, signs, VerdictSign } from './signs.js';
import {
  isLive,
  pageOf,
  phoneOf,
  planStanding,
  presenceOf,
  stageNames,
  stageNow,
  standingOf,
  verdictOfStage,
} from './standing.js';
import { t } from './texts.js';
import { ago, moment } from './times.js';

const Dots = ({ port }) => html`<span class="dots" aria-hidden="true">
  ${stageNames.map((stage) => html`<i key=${stage} class=${classes(`is-${verdictOfStage(port, stage)}`, stageNow(port) === stage && 'is-now')}></i>`)}
</span>`;

const stageWords = (port) => {
  const now = stageNow(port);
  return t(now === null ? 'stage.ending' : `stage.${now}`);
};

const Running = ({ port }) => html`<b class="cell-word">${stageWords(port)}</b>
  <${Dots} port=${port} />
  <small>${[moment(port.running.startedAt), port.running.serial, port.running.plan].filter(Boolean).join(' · ')}</small>`;

const Last = ({ port, standing }) => html`<b class="cell-word">${t(`short.${standing}`)}</b>
  ${
    port.last !== null &&
    html`<small>${[moment(port.last.endedAt), phoneOf(port.last)].filter(Boolean).join(' · ')}</small>
    ${standing !== 'pass' && html`<small class="cell-cause" lang="en">${port.last.cause}</small>`}`
  }`;

const PortCell = ({ port, isDimmed, isOld }) => {
  const standing = standingOf(port);
  return html`<li class=${classes('cell', `is-${standing}`, isDimmed && 'is-dimmed')} data-port=${port.port} data-standing=${standing} title=${port.last?.cause ?? ''}>
    <${Shape} of=${standing} />
    <span class="cell-port">${port.port}${isOld && html` <em>${t('live.old')}</em>`}</span>
    <span class="cell-body">
      ${standing === 'running' ? html`<${Running} port=${port} />` : html`<${Last} port=${port} standing=${standing} />`}
      ${port.lock !== null && html`<small class="cell-lock"><b lang="en">${port.lock.code}</b> ${t('live.from', { time: moment(port.lock.at) })}</small>`}
      ${port.reserved !== null && html`<small class="cell-reserved">${t('live.reserved', { owner: port.reserved.owner, time: moment(port.reserved.until) })}</small>`}
    </span>
    ${standing === 'running' && port.last !== null && html`<span class="cell-last" title=${t(`short.${port.last.verdict === 'error' ? 'bench' : port.last.verdict}`)}><${VerdictSign} of=${port.last.verdict} /></span>`}
  </li>`;
};

const wordsOfPort = (port) =>
  `${port.port}: ${standingOf(port) === 'running' ? stageWords(port) : t(`short.${standingOf(port)}`)}`;

const Squares = ({ ports, isDimmed }) => html`<span class="squares">
  ${ports.map((port) => {
    const standing = standingOf(port);
    return html`<i key=${port.port} class=${classes('square', `is-${standing}`, isDimmed(port) && 'is-dimmed')} data-standing=${standing} title=${wordsOfPort(port)} role="img" aria-label=${wordsOfPort(port)}>${signs[standing]}</i>`;
  })}
</span>`;

const presenceWords = (station, nowMs) => {
  const presence = presenceOf(station);
  if (presence === 'online') return t('presence.online');
  // Lost before anybody here listened: since some time after the last that it wrote.
  const since = station.since ?? station.lastToldAt;
  if (since === null) return t(`presence.${presence}`);
  const time = `${moment(since, nowMs)} (${ago(since, nowMs)})`;
  return t(station.since === null ? 'presence.lost.silent' : `presence.${presence}.since`, { time });
};

const PlanNote = ({ station, planSet }) => {
  const { state } = station;
  if (state === null) return null;
  const standing = planStanding(station, planSet);
  const name = state.planSet === null ? t('plans.own') : `${state.planSet.name} v${state.planSet.version}`;
  return html`<span class=${classes('card-plan', `is-${standing}`)}>${name}${standing === 'refused' ? ` · ${t('plans.refused')}` : ''}</span>`;
};

/** A run's own entries are under way for a moment. */
const usualWaiting = 5;

const Head = ({ station, planSet, nowMs }) => {
  const page = pageOf(station);
  const { state } = station;
  return html`<header class="card-head">
    <${PresenceSign} of=${presenceOf(station)} />
    <h2>${station.station}</h2>
    <span class="card-presence">${presenceWords(station, nowMs)}</span>
    <span class="card-notes">
      <${PlanNote} station=${station} planSet=${planSet} />
      ${state !== null && state.outboxDepth > usualWaiting && html`<span class="card-waiting">${t('live.waiting', { count: state.outboxDepth })}</span>`}
      ${page !== null && html`<a href=${page} target="_blank" rel="noreferrer">${t('live.page')} ↗</a>`}
    </span>
  </header>`;
};

/** `isDimmed` of a port that was not asked for; `nowMs` changes only where times since are told. */
export class StationCard extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some((key) => next[key] !== this.props[key]);
  }

  render({ station, planSet, isDimmed, nowMs }) {
    const presence = presenceOf(station);
    return html`<article class=${classes('card', 'station-card', `is-${presence}`)} data-station=${station.station} data-presence=${presence}>
      <${Head} station=${station} planSet=${planSet} nowMs=${nowMs} />
      ${!isLive(station) && station.ports.length > 0 && html`<p class="card-old">${t('live.lastTold', { time: moment(station.lastToldAt, nowMs) })}</p>`}
      ${station.ports.length === 0 && html`<p class="card-old">${t('live.noPorts')}</p>`}
      <ol class="cells">${station.ports.map((port) => html`<${PortCell} key=${port.port} port=${port} isDimmed=${isDimmed(port)} isOld=${!isLive(station)} />`)}</ol>
    </article>`;
  }
}

export class StationTile extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some((key) => next[key] !== this.props[key]);
  }

  render({ station, planSet, isDimmed, nowMs, onOpen }) {
    const presence = presenceOf(station);
    return html`<button type="button" class=${classes('station-tile', `is-${presence}`)} data-station=${station.station} data-presence=${presence} onClick=${() => onOpen(station.station)}>
      <span class="tile-head"><${PresenceSign} of=${presence} /><b>${station.station}</b>${planStanding(station, planSet) === 'refused' && html`<em title=${t('plans.refused')}>⚠</em>`}</span>
      <${Squares} ports=${station.ports} isDimmed=${isDimmed} />
      ${presence !== 'online' && html`<small>${presenceWords(station, nowMs)}</small>`}
    </button>`;
  }
}

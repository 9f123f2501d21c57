/** All stations as they stand: counted, filtered, grouped. */
import { useCallback, useMemo, useState } from 'preact/hooks';
import { classes, html } from '/common/html.js';
import { remember, remembered } from '/common/remembered.js';
import { PresenceSign, signs } from './signs.js';
import { planStanding, portStandings, presenceOf, presences, standingOf } from './standing.js';
import { StationCard, StationTile } from './station-card.js';
import { t } from './texts.js';

/** More stations than this are shown as tiles, unless somebody chose. */
const mostInFull = 16;
const densities = ['auto', 'full', 'tiles'];
const groupings = ['attention', 'plans', 'version', 'none'];
const wantsLook = ['locked', 'bench'];

const textOf = ({ station, state, ports }) =>
  [
    station,
    state?.planSet?.name,
    ...ports.flatMap(({ port, running, last, reserved }) => [
      ...[port, running?.serial, running?.plan, last?.serial, last?.deviceId, reserved?.owner],
    ]),
  ]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();

/** What a chip asks of a station and of a port. */
const asks = (chip) => {
  if (chip === null) return { station: () => true, port: null };
  const [kind, value] = chip.split(':');
  if (kind === 'presence') return { station: (station) => presenceOf(station) === value, port: null };
  const port = value === 'reserved' ? ({ reserved }) => reserved !== null : (each) => standingOf(each) === value;
  return { station: ({ ports }) => ports.some(port), port };
};

const groupOf = {
  attention: (station, planSet) => {
    if (presenceOf(station) === 'lost') return '0 lost';
    if (planStanding(station, planSet) === 'refused') return '1 look';
    if (presenceOf(station) === 'stopped') return '3 stopped';
    return station.ports.some((port) => wantsLook.includes(standingOf(port))) ? '1 look' : '2 well';
  },
  plans: ({ state }) => (state?.planSet == null ? t('plans.own') : `${state.planSet.name} v${state.planSet.version}`),
  version: ({ state }) => (state === null ? '–' : `Linkpulse ${state.version}`),
  none: () => '',
};
const groupName = (grouping, key) => (grouping === 'attention' ? t(`group.${key.slice(2)}`) : key);

const grouped = (stations, grouping, planSet) => {
  const groups = new Map();
  for (const station of stations) {
    const key = groupOf[grouping](station, planSet);
    groups.set(key, [...(groups.get(key) ?? []), station]);
  }
  return [...groups].sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }));
};

const counted = (things, kindOf) => {
  const counts = {};
  for (const thing of things) counts[kindOf(thing)] = (counts[kindOf(thing)] ?? 0) + 1;
  return counts;
};

const Chip = ({
  name,
  sign,
  word,
  count,
  chosen,
  onChoose,
}) => html`<button type="button" class=${classes('chip-filter', `is-${name.split(':')[1]}`)} data-chip=${name} aria-pressed=${chosen === name} disabled=${count === 0 && chosen !== name} onClick=${() => onChoose(chosen === name ? null : name)}>
  ${sign} <b>${count}</b> ${word}
</button>`;

const Chips = ({ stations, chosen, onChoose }) => {
  const ofStations = counted(stations, presenceOf);
  // What a lost station told last is no port that runs.
  const ports = stations.filter((station) => presenceOf(station) === 'online').flatMap((station) => station.ports);
  const ofPorts = counted(ports, standingOf);
  const reserved = ports.filter((port) => port.reserved !== null).length;
  return html`<div class="chips">
    <span class="chips-row" role="group" aria-label=${t('live.stations')}>
      <b class="chips-name">${t('live.stations')}</b>
      ${[...presences].reverse().map((each) => html`<${Chip} key=${each} name=${`presence:${each}`} sign=${html`<${PresenceSign} of=${each} />`} word=${t(`presence.${each}`)} count=${ofStations[each] ?? 0} chosen=${chosen} onChoose=${onChoose} />`)}
    </span>
    <span class="chips-row" role="group" aria-label=${t('live.ports')}>
      <b class="chips-name">${t('live.ports')}</b>
      ${portStandings.map((each) => html`<${Chip} key=${each} name=${`port:${each}`} sign=${html`<i class=${`square is-${each}`} aria-hidden="true">${signs[each]}</i>`} word=${t(`short.${each}`)} count=${ofPorts[each] ?? 0} chosen=${chosen} onChoose=${onChoose} />`)}
      <${Chip} name="port:reserved" sign="" word=${t('live.reservedPorts')} count=${reserved} chosen=${chosen} onChoose=${onChoose} />
    </span>
  </div>`;
};

const Select = ({
  name,
  options,
  value,
  onChoose,
}) => html`<select name=${name} aria-label=${t(`live.${name}`)} value=${value} onChange=${(event) => onChoose(event.target.value)}>
  ${options.map((each) => html`<option key=${each} value=${each}>${t(`choice.${name}.${each}`)}</option>`)}
</select>`;

const kept = (name, options) => (options.includes(remembered(name)) ? remembered(name) : options[0]);
const never = () => false;

/** `nowMs` changes once a minute. */
export const Live = ({ stations, planSet, nowMs }) => {
  const [chip, setChip] = useState(null);
  const [text, setText] = useState('');
  const [grouping, setGrouping] = useState(kept('grouping', groupings));
  const [density, setDensity] = useState(kept('density', densities));
  const [open, setOpen] = useState(new Set());
  const toggle = useCallback((name) => {
    setOpen((before) => new Set(before.has(name) ? [...before].filter((each) => each !== name) : [...before, name]));
  }, []);
  const choose = (name, set) => (value) => {
    remember(name, value);
    set(value);
  };
  const { station: isAsked, port: isPortAsked } = useMemo(() => asks(chip), [chip]);
  const isDimmed = useMemo(() => (isPortAsked === null ? never : (port) => !isPortAsked(port)), [isPortAsked]);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = stations.filter((station) => isAsked(station) && words.every((word) => textOf(station).includes(word)));
  const isTiles = density === 'tiles' || (density === 'auto' && shown.length > mostInFull);
  const card = (station) => {
    const given = {
      key: station.station,
      station,
      planSet,
      isDimmed,
      nowMs: presenceOf(station) === 'online' ? 0 : nowMs,
    };
    return isTiles && !open.has(station.station)
      ? html`<${StationTile} ...${given} onOpen=${toggle} />`
      : html`<${StationCard} ...${given} />`;
  };
  return html`<main class="live" data-view="live">
    ${
      stations.length === 0
        ? html`<section class="card live-empty"><h2>${t('live.empty')}</h2><p>${t('live.emptyHint')}</p></section>`
        : html`<${Chips} stations=${stations} chosen=${chip} onChoose=${setChip} />
    <div class="live-tools">
      <input name="filter" type="search" aria-label=${t('live.filter')} placeholder=${t('live.filter')} value=${text} onInput=${(event) => setText(event.target.value)} />
      <${Select} name="grouping" options=${groupings} value=${grouping} onChoose=${choose('grouping', setGrouping)} />
      <${Select} name="density" options=${densities} value=${density} onChoose=${choose('density', setDensity)} />
      ${open.size > 0 && isTiles && html`<button type="button" onClick=${() => setOpen(new Set())}>${t('live.closeAll')}</button>`}
    </div>`
    }
    ${stations.length > 0 && shown.length === 0 && html`<p class="past-quiet" role="status">${t('live.none')}</p>`}
    ${grouped(shown, grouping, planSet).map(
      ([key, ofGroup]) => html`<section key=${key} class="group" data-group=${key}>
        ${key !== '' && html`<h3>${groupName(grouping, key)} <small>${ofGroup.length}</small></h3>`}
        <div class=${isTiles ? 'tiles-grid' : 'cards-grid'}>${ofGroup.map(card)}</div>
      </section>`,
    )}
  </main>`;
};

/** One port in full: verdict, stages, and the three drawings (tabs where the screen is small). */
import { useEffect, useState } from 'preact/hooks';
import { Current } from './current.js';
import { classes, html } from './html.js';
import { Ladder } from './ladder.js';
import { remember, remembered } from './remembered.js';
import { Stages } from './stages.js';
import { stageNow, standingOf } from './standing.js';
import { t } from './texts.js';
import { Verdict } from './verdict.js';
import { Waterfall } from './waterfall.js';

const tabs = ['waterfall', 'current', 'ladder'];

export const Station = ({ port, label, isOnline, hasPlan, who, nowMs, onRefused }) => {
  const [tab, setTab] = useState(tabs.includes(remembered('tab')) ? remembered('tab') : 'waterfall');
  /** On a small screen the verdict takes the room until somebody asks for a drawing. */
  const [isOpen, setOpen] = useState(false);
  const standing = standingOf(port);
  const isLive = port.running !== null;
  useEffect(() => setOpen(false), [isLive]);
  const nowUs = isLive ? Math.max(0, nowMs - port.offsetMs) * 1000 : null;
  const choose = (name) => {
    remember('tab', name);
    setTab(name);
    setOpen(!isOpen || name !== tab);
  };
  return html`<main class=${classes('station', !isOnline && 'is-stale', `shows-${tab}`, `on-${standing}`, (isLive || isOpen) && 'is-open')}>
    <${Verdict} port=${port} label=${label} hasPlan=${hasPlan} who=${who} nowMs=${nowMs} onRefused=${onRefused} />
    <${Stages} port=${port} />
    <nav class="tabs">${tabs.map((name) => html`<button key=${name} type="button" aria-pressed=${name === tab && (isLive || isOpen)} onClick=${() => choose(name)}>${t(`panel.${name}`)}</button>`)}</nav>
    <div class="panels">
      <${Waterfall} port=${port} now=${stageNow(port)} nowUs=${nowUs} />
      <${Current} events=${port.events} />
      <${Ladder} events=${port.events} />
    </div>
  </main>`;
};

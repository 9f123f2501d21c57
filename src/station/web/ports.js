/** Every port side by side: sign and word of each; one is chosen, scans go there. */
import { classes, html } from './html.js';
import { PowerSign, Shape } from './shapes.js';
import { stagesOf } from './stages.js';
import { isStopped, stageWord, standingOf } from './standing.js';
import { t } from './texts.js';

const Dots = ({ port }) =>
  html`<span class="dots" aria-hidden="true">${stagesOf(port).map(({ stage, verdict }) => html`<i key=${stage} class=${`is-${verdict}`}></i>`)}</span>`;

const PortCard = ({ port, isChosen, onChoose, onOff }) => {
  const standing = standingOf(port);
  const word =
    standing === 'running'
      ? stageWord(port)
      : t(`short.${standing === 'bench' && isStopped(port) ? 'stopped' : standing}`);
  return html`<li class=${classes('port', `is-${standing}`, isChosen && 'is-chosen')} data-port=${port.port} data-verdict=${standing}>
    <button class="port-choose" type="button" aria-pressed=${isChosen} onClick=${onChoose}>
      <${Shape} of=${standing} />
      <span class="port-name">${port.port}</span>
      <span class="port-word">${word}</span>
      <${Dots} port=${port} />
    </button>
    ${port.running !== null && html`<button class="port-off" type="button" onClick=${onOff} aria-label=${t('off.port', { port: port.port })}><${PowerSign} /></button>`}
  </li>`;
};

export const Ports = ({ ports, chosen, onChoose, onOff }) => html`<ol class="ports" aria-label=${t('ports')}>
  ${ports.map(
    (port) =>
      html`<${PortCard} key=${port.port} port=${port} isChosen=${port.port === chosen} onChoose=${() => onChoose(port.port)} onOff=${() => onOff([port.port])} />`,
  )}
</ol>`;

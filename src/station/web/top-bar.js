/** What is always on top: plan, serial number, language, statistics, and the power-off button. */
import { useState } from 'preact/hooks';
import { FleetSign } from './fleet-sign.js';
import { classes, html } from './html.js';
import { PowerOff } from './power-off.js';
import { languages, t } from './texts.js';

const PlanChoice = ({
  plans,
  plan,
  hasPort,
  onPlan,
}) => html`<select class="plan" name="plan" disabled=${!hasPort} aria-label=${t('plan')} value=${plan ?? ''} onChange=${(event) => onPlan(event.target.value)}>
  <option value="" disabled>${t('plan.choose')}</option>
  ${plans.map(({ name, title }) => html`<option key=${name} value=${name} title=${title}>${name}</option>`)}
</select>`;

const SerialField = ({ isReady, onStart }) => {
  const [serial, setSerial] = useState('');
  const submit = (event) => {
    event.preventDefault();
    if (!isReady) return;
    onStart(serial.trim());
    setSerial('');
  };
  return html`<form class="serial" onSubmit=${submit}>
    <input name="serial" autocomplete="off" spellcheck=${false} maxlength="128" aria-label=${t('serial')} placeholder=${t('serial')} value=${serial} onInput=${(event) => setSerial(event.target.value)} />
    <button type="submit" disabled=${!isReady}>${t('start')}</button>
  </form>`;
};

export const LanguageChoice = ({
  tag,
  onLanguage,
}) => html`<select class="language" name="language" aria-label=${t('language')} value=${tag} onChange=${(event) => onLanguage(event.target.value)}>
  ${Object.entries(languages).map(([each, texts]) => html`<option key=${each} value=${each} lang=${each}>${texts.languageName}</option>`)}
</select>`;

export const TopBar = (given) => {
  const { isSignedIn, isOnline, isReady, isPast, plans, plan, tag, portNames } = given;
  return html`<header class=${classes('top', !isOnline && 'is-offline')}>
    <a class="home" href="#" aria-label="Linkpulse"><img src="/icon.svg" alt="" width="36" height="36" /></a>
    ${
      isSignedIn &&
      html`<${PlanChoice} plans=${plans} plan=${plan} hasPort=${portNames.length > 0} onPlan=${given.onPlan} />
        <${SerialField} isReady=${isReady} onStart=${given.onStart} />`
    }
    <span class="gap"></span>
    ${isSignedIn && html`<${FleetSign} onTell=${given.onTell} />`}
    ${
      isSignedIn &&
      html`<a class="to-statistics" href=${isPast ? '#' : '#/statistics'} aria-label=${t(isPast ? 'statistics.back' : 'statistics')}><svg viewBox="0 0 24 24" aria-hidden="true"><path d=${isPast ? 'M20 12h-15M11 5l-7 7 7 7' : 'M4 20v-8h4v8zM10 20v-16h4v16zM16 20v-11h4v11z'} /></svg></a>`
    }
    <${LanguageChoice} tag=${tag} onLanguage=${given.onLanguage} />
    <${PowerOff} ports=${portNames} onNotReached=${given.onNotReached} />
  </header>`;
};

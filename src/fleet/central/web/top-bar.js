/** What is always on top: the plant, the views, the language. */
import { classes, html } from '/common/html.js';
import { languages, t } from './texts.js';

export const TopBar = ({
  plant,
  views,
  view,
  isSignedIn,
  isOnline,
  tag,
  onLanguage,
}) => html`<header class=${classes('top', 'plant-top', !isOnline && 'is-offline')}>
  <a class="home" href="#/live" aria-label="Linkpulse"><img src="/common/icon.svg" alt="" width="36" height="36" /></a>
  <b class="plant-name">${plant}</b>
  ${isSignedIn && html`<nav class="views">${views.map((each) => html`<a key=${each} href=${`#/${each}`} aria-current=${each === view ? 'page' : undefined}>${t(`view.${each}`)}</a>`)}</nav>`}
  <span class="gap"></span>
  <select class="language" name="language" aria-label=${t('language')} value=${tag} onChange=${(event) => onLanguage(event.target.value)}>
    ${Object.entries(languages).map(([each, texts]) => html`<option key=${each} value=${each} lang=${each}>${texts.languageName}</option>`)}
  </select>
</header>`;

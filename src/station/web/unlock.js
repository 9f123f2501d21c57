/** Lets a locked port be armed again: for an engineer. */
import { send } from './api.js';
import { html } from './html.js';
import { SureButton } from './sure-button.js';
import { t } from './texts.js';

export const Unlock = ({ port }) =>
  html`<${SureButton} text=${t('unlock')} sure=${t('unlock.sure')} act=${() => send(`/ports/${encodeURIComponent(port)}/unlock`)} />`;

/** Ends somebody else's reservation, as whoever stands at the bench may have to. */
import { send } from './api.js';
import { html } from './html.js';
import { SureButton } from './sure-button.js';
import { t } from './texts.js';

export const EndLease = ({ port }) =>
  html`<${SureButton} text=${t('reserved.end')} sure=${t('reserved.sure')} act=${() => send(`/leases?port=${encodeURIComponent(port)}`, undefined, 'DELETE')} />`;

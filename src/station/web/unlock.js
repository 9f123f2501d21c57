/** Lets a locked port be armed again: for an engineer, and never by one press alone. */
import { useEffect, useState } from 'preact/hooks';
import { send } from './api.js';
import { html } from './html.js';
import { t } from './texts.js';

const sureWithinMs = 6_000;

export const Unlock = ({ port }) => {
  const [isAsked, setAsked] = useState(false);
  const [refusal, setRefusal] = useState('');
  useEffect(() => {
    if (!isAsked) return undefined;
    const timer = setTimeout(() => setAsked(false), sureWithinMs);
    return () => clearTimeout(timer);
  }, [isAsked]);
  const press = async () => {
    if (!isAsked) return setAsked(true);
    setAsked(false);
    // The stream tells that it is unlocked.
    return send(`/ports/${encodeURIComponent(port)}/unlock`).catch((error) => setRefusal(error.message));
  };
  return html`<p class="verdict-unlock"><button type="button" class="unlock" onClick=${press}>${t(isAsked ? 'unlock.sure' : 'unlock')}</button> ${refusal}</p>`;
};

/** That the plant cannot be reached, and how many entries wait: small, because it keeps nobody from testing. */
import { useEffect, useState } from 'preact/hooks';
import { call } from './api.js';
import { html } from './html.js';
import { t } from './texts.js';

const askedEveryMs = 10_000;

/** `onTell`: says the words to whoever touches the sign. */
export const FleetSign = ({ onTell }) => {
  const [fleet, setFleet] = useState(null);
  useEffect(() => {
    const ask = () =>
      call('/health')
        .then((health) => setFleet(health.fleet))
        // The page says elsewhere that the station does not answer.
        .catch(() => {});
    void ask();
    const timer = setInterval(ask, askedEveryMs);
    return () => clearInterval(timer);
  }, []);
  if (fleet === null || fleet.isConnected) return null;
  const words = t('fleet.away', { count: fleet.waiting });
  return html`<button type="button" class="fleet-away" title=${words} aria-label=${words} onClick=${() => onTell(words)}>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 18a4.5 4.5 0 0 1-.6-8.96 6 6 0 0 1 11.5 1.5A3.8 3.8 0 0 1 17.5 18zM3 3l18 18" /></svg>${fleet.waiting}
  </button>`;
};

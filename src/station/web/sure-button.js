/** What is never done by one press alone: the second one, within seconds, does it. */
import { useEffect, useState } from 'preact/hooks';
import { html } from './html.js';

const sureWithinMs = 6_000;

/** `act` returns a promise; why it was refused is told. The stream tells what came of it. */
export const SureButton = ({ text, sure, act }) => {
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
    return act().catch((error) => setRefusal(error.message));
  };
  return html`<p class="verdict-unlock"><button type="button" class="unlock" onClick=${press}>${isAsked ? sure : text}</button> ${refusal}</p>`;
};

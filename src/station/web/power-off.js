/** The button that is always there, signed in or not: every port off at once. F8 presses it. */
import { useEffect, useState } from 'preact/hooks';
import { call, send } from './api.js';
import { classes, html } from './html.js';
import { PowerSign } from './shapes.js';
import { t } from './texts.js';

export const powerOffKey = 'F8';
const shownForMs = 4_000;

/** Throws when a port was not reached. */
export const switchOff = (ports) => Promise.all(ports.map((port) => send(`/ports/${encodeURIComponent(port)}/off`)));

const portsOfStation = async (known) => (known.length > 0 ? known : (await call('/health')).ports);

export const PowerOff = ({ ports, onNotReached }) => {
  const [state, setState] = useState('ready');
  const press = async () => {
    setState('sending');
    try {
      await switchOff(await portsOfStation(ports));
      setState('done');
    } catch {
      setState('failed');
      onNotReached();
    }
  };
  useEffect(() => {
    if (state !== 'done') return undefined;
    const timer = setTimeout(() => setState('ready'), shownForMs);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    const onKey = (event) => {
      if (event.key !== powerOffKey) return;
      event.preventDefault();
      void press();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  return html`<button class=${classes('power-off', `is-${state}`)} type="button" onClick=${press} data-state=${state}>
    <${PowerSign} /> ${t(`off.${state}`)} <kbd>${powerOffKey}</kbd>
  </button>`;
};

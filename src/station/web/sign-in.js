/** Who is here: a token, typed or scanned from a badge. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from './html.js';
import { t } from './texts.js';

export const SignIn = ({ onToken, refusal }) => {
  const [token, setToken] = useState('');
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const submit = (event) => {
    event.preventDefault();
    if (token !== '') onToken(token);
  };
  return html`<main class="sign-in">
    <h1>${t('signIn.title')}</h1>
    <p>${t('signIn.hint')}</p>
    <form onSubmit=${submit}>
      <input ref=${field} type="password" name="token" autocomplete="current-password" aria-label=${t('signIn.token')} placeholder=${t('signIn.token')} value=${token} onInput=${(event) => setToken(event.target.value)} />
      <button class="sign-in-button" type="submit">${t('signIn.button')}</button>
    </form>
    ${refusal !== '' && html`<p class="refusal" role="alert">${refusal}</p>`}
  </main>`;
};

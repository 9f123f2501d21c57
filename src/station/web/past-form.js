/** The fields that ask past runs. Enter asks; what is asked stands in the address, so that it can be kept and sent on. */
import { useEffect, useState } from 'preact/hooks';
import { html } from './html.js';
import { t } from './texts.js';

const Choice = ({ name, options, value, onInput, prefix }) => html`<label class="past-field">
  <span>${t(`field.${name}`)}</span>
  <select name=${name} value=${value} onInput=${onInput}>
    <option value="">${t('field.any')}</option>
    ${options.map((each) => html`<option key=${each} value=${each}>${prefix === undefined ? each : t(`${prefix}.${each}`)}</option>`)}
  </select>
</label>`;

const Field = ({ name, type = 'text', value, onInput }) => html`<label class="past-field">
  <span>${t(`field.${name}`)}</span>
  <input name=${name} type=${type} step=${type === 'number' ? 'any' : undefined} maxlength="128" autocomplete="off" spellcheck=${false} value=${value} onInput=${onInput} />
</label>`;

/** `fields`: names; with `options` (and `prefix`, of their texts) a choice, else of the given `type`. */
export const PastForm = ({ query, fields, onAsk }) => {
  const [asked, setAsked] = useState(query);
  const inAddress = JSON.stringify(query);
  useEffect(() => setAsked(JSON.parse(inAddress)), [inAddress]);
  const onInput = ({ target }) => setAsked((before) => ({ ...before, [target.name]: target.value }));
  const submit = (event) => {
    event.preventDefault();
    onAsk(asked);
  };
  return html`<form class="past-form" onSubmit=${submit}>
    ${fields.map((field) => {
      const Part = field.options === undefined ? Field : Choice;
      return html`<${Part} key=${field.name} ...${field} value=${asked[field.name] ?? ''} onInput=${onInput} />`;
    })}
    <span class="past-buttons">
      <button type="submit" class="past-ask">${t('past.ask')}</button>
      <button type="button" onClick=${() => onAsk({})}>${t('past.clear')}</button>
    </span>
  </form>`;
};

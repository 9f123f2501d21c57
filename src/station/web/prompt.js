/** What the operator is asked while the phone is powered: picture, question, two buttons; Y and N answer, too. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { send } from './api.js';
import { html } from './html.js';
import { loneLetter } from './scan.js';
import { language, t } from './texts.js';

/** Nobody has read a question that has only just come up: what was pressed then was meant for something else. */
const unreadMs = 700;

const pictureOf = ({ picture }, runId) =>
  /\.\w+$/.test(picture) ? `/api/v1/runs/${encodeURIComponent(runId)}/${picture}` : `/pictures/${picture}.svg`;

/** `onAnswer` gets `yes` or `no`. */
const useAnswerKeys = (onAnswer) => {
  const newest = useRef(onAnswer);
  newest.current = onAnswer;
  useEffect(() => {
    const onLetter = ({ detail }) => {
      const answer = ['yes', 'no'].find((each) => t(`key.${each}`).toLowerCase() === detail.toLowerCase());
      if (answer !== undefined) newest.current(answer);
    };
    addEventListener(loneLetter, onLetter);
    return () => removeEventListener(loneLetter, onLetter);
  }, []);
};

const leftOf = ({ atUs, timeoutMs }, runMs) => Math.min(timeoutMs, Math.max(0, atUs / 1000 + timeoutMs - runMs));
const minutes = (ms) => {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** `runMs`: since the run began. `key` it by the prompt's id and run, so that each question begins afresh. */
export const Prompt = ({ port, mayAnswer, runMs, onRefused }) => {
  const { prompt, run, serial } = port.running;
  const [isRead, setRead] = useState(false);
  const [isSending, setSending] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setRead(true), unreadMs);
    return () => clearTimeout(timer);
  }, []);
  const isOpen = mayAnswer && isRead && !isSending;
  const give = async (answer) => {
    if (!isOpen) return;
    setSending(true);
    try {
      await send(`/ports/${port.port}/answer`, { runId: run.runId, prompt: prompt.id, answer });
    } catch (error) {
      onRefused(error);
      setSending(false);
    }
  };
  useAnswerKeys(give);
  const left = leftOf(prompt, runMs);
  const tag = language();
  const words = prompt.question[tag] ?? prompt.question.en;
  return html`<section class="verdict prompt is-asking" data-verdict="asking" data-prompt=${prompt.id} role="alertdialog" aria-labelledby="question">
    ${prompt.picture !== null && html`<img class="prompt-picture" src=${pictureOf(prompt, run.runId)} alt="" />`}
    <div class="prompt-body">
      <p class="verdict-unit">${[port.port, serial].filter(Boolean).join(' · ')}</p>
      <h1 id="question" class="prompt-question" lang=${prompt.question[tag] === undefined ? 'en' : tag}>${words}</h1>
      <div class="prompt-buttons">
        ${['yes', 'no'].map((answer) => html`<button key=${answer} type="button" class="prompt-button" data-answer=${answer} disabled=${!isOpen} onClick=${() => give(answer)}>${t(`answer.${answer}`)} <kbd>${t(`key.${answer}`)}</kbd></button>`)}
      </div>
      <p class="prompt-time"><progress max=${prompt.timeoutMs} value=${left}></progress> ${minutes(left)}</p>
      ${!mayAnswer && html`<p>${t('prompt.mayNot')}</p>`}
    </div>
  </section>`;
};

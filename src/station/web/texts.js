/** The page's words in the language in use. Every language has the same keys (test/station/texts.test.ts). */
import { remember, remembered } from './remembered.js';
import { texts as de } from './texts/de.js';
import { texts as en } from './texts/en.js';
import { texts as es } from './texts/es.js';
import { texts as zh } from './texts/zh.js';

export const languages = { en, de, es, zh };

const preferred = () => {
  const wanted = [remembered('language'), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];
  return wanted.find((tag) => tag !== null && tag in languages) ?? 'en';
};

let current = preferred();
document.documentElement.lang = current;

export const language = () => current;

export const chooseLanguage = (tag) => {
  current = tag;
  document.documentElement.lang = tag;
  remember('language', tag);
};

/** The text of a key; `{name}` in it stands for a value. */
export const t = (key, values = {}) =>
  (languages[current][key] ?? key).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));

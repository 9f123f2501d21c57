/** The page's words in the language in use: those of the station's page, and its own over them. */
import { remember, remembered } from '/common/remembered.js';
import { texts as commonDe } from '/common/texts/de.js';
import { texts as commonEn } from '/common/texts/en.js';
import { texts as commonEs } from '/common/texts/es.js';
import { texts as commonZh } from '/common/texts/zh.js';
import { texts as de } from './texts/de.js';
import { texts as en } from './texts/en.js';
import { texts as es } from './texts/es.js';
import { texts as zh } from './texts/zh.js';

export const languages = {
  en: { ...commonEn, ...en },
  de: { ...commonDe, ...de },
  es: { ...commonEs, ...es },
  zh: { ...commonZh, ...zh },
};

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

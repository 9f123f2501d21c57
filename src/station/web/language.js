/** The language in use, of those that a page has words in: chosen, else the browser's, else English. */
import { remember, remembered } from './remembered.js';

/** `languages`: words by key, by language. `t` gives the text of a key; `{name}` in it stands for a value. */
export const createTexts = (languages) => {
  const wanted = [remembered('language'), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];
  let current = wanted.find((tag) => tag !== null && tag in languages) ?? 'en';
  document.documentElement.lang = current;
  return {
    language: () => current,
    chooseLanguage: (tag) => {
      current = tag;
      document.documentElement.lang = tag;
      remember('language', tag);
    },
    t: (key, values = {}) =>
      (languages[current][key] ?? key).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all)),
  };
};

/** The page's words in the language in use: those of the station's page, and its own over them. */
import { createTexts } from '/common/language.js';
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

export const { language, chooseLanguage, t } = createTexts(languages);

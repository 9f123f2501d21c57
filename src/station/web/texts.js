/** The page's words in the language in use. Every language has the same keys (test/station/texts.test.ts). */
import { createTexts } from './language.js';
import { texts as de } from './texts/de.js';
import { texts as en } from './texts/en.js';
import { texts as es } from './texts/es.js';
import { texts as zh } from './texts/zh.js';

export const languages = { en, de, es, zh };

export const { language, chooseLanguage, t } = createTexts(languages);

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../helpers/linkpulse.js';
import { pageModule } from '../helpers/page-module.js';

const web = join(root, 'src/station/web');
const languages = readdirSync(join(web, 'texts')).map((file) => file.replace('.js', ''));
const textsOf = async (language: string): Promise<Readonly<Record<string, string>>> =>
  (await pageModule<{ texts: Readonly<Record<string, string>> }>(`texts/${language}.js`)).texts;
const valuesIn = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the texts of the page', () => {
  it('are there in English, German, Spanish and Chinese', () => {
    expect(languages.sort()).toEqual(['de', 'en', 'es', 'zh']);
  });

  it.each(languages)(
    '%s has exactly the keys of English, none empty, with the same values to fill in',
    async (language) => {
      const english = await textsOf('en');
      const texts = await textsOf(language);
      expect(Object.keys(texts)).toEqual(Object.keys(english));
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim(), key).not.toBe('');
        expect(valuesIn(text), key).toEqual(valuesIn(english[key] ?? ''));
      }
    },
  );

  it('has every key that the page asks for by its full name, and no key that nothing asks for', async () => {
    const english = await textsOf('en');
    const source = readdirSync(web)
      .filter((file) => file.endsWith('.js'))
      .map((file) => readFileSync(join(web, file), 'utf8'))
      .join('\n');
    const asked = [...source.matchAll(/\bt\('([^']+)'/g)].map(([, key = '']) => key);
    const families = [...source.matchAll(/\bt\(`([^`$]+)\$\{/g)].map(([, prefix = '']) => prefix);
    expect(asked.filter((key) => !(key in english))).toEqual([]);
    for (const prefix of families)
      expect(
        Object.keys(english).some((key) => key.startsWith(prefix)),
        prefix,
      ).toBe(true);
    const orphans = Object.keys(english).filter(
      (key) =>
        !source.includes(`'${key}'`) &&
        !source.includes(`.${key}`) &&
        !families.some((prefix) => key.startsWith(prefix)),
    );
    expect(orphans).toEqual([]);
  });
});

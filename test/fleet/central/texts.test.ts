import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { root } from '../../helpers/linkpulse.js';

const web = join(root, 'src/fleet/central/web');
const common = join(root, 'src/station/web');
const languages = ['de', 'en', 'es', 'zh'] as const;
type Texts = Readonly<Record<string, string>>;
const textsIn = async (folder: string, language: string): Promise<Texts> =>
  ((await import(pathToFileURL(join(folder, 'texts', `${language}.js`)).href)) as { readonly texts: Texts }).texts;
const valuesIn = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
const source = readdirSync(web)
  .filter((file) => file.endsWith('.js') && file !== 'texts.js')
  .map((file) => readFileSync(join(web, file), 'utf8'))
  .join('\n');

describe('the texts of the plant’s page', () => {
  it.each(languages)('%s has exactly the keys of English, none empty, with the same values', async (language) => {
    const [english, texts] = [await textsIn(web, 'en'), await textsIn(web, language)];
    expect(Object.keys(texts)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(texts)) {
      expect(text.trim(), key).not.toBe('');
      expect(valuesIn(text), key).toEqual(valuesIn(english[key] ?? ''));
    }
  });

  it('has every key that is asked for, of its own or of the station’s page, and none of its own that nothing asks for', async () => {
    const own = await textsIn(web, 'en');
    const all = { ...(await textsIn(common, 'en')), ...own };
    const asked = [...source.matchAll(/\bt\(\s*'([^']+)'/g)].map(([, key = '']) => key);
    const families = [...source.matchAll(/`([a-z][\w.-]*\.)\$\{/g)].map(([, prefix = '']) => prefix);
    expect(asked.filter((key) => !(key in all))).toEqual([]);
    const orphans = Object.keys(own).filter(
      (key) =>
        !source.includes(`'${key}'`) &&
        !source.includes(`"${key}"`) &&
        !families.some((prefix) => key.startsWith(prefix)),
    );
    expect(orphans).toEqual([]);
  });
});

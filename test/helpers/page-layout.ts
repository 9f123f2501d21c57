/** What of the operator's page does not fit its screen, or is too small for a finger. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { smallScreen } from './browser.js';

export const screens = { small: smallScreen, wide: { width: 1280, height: 800 } } as const;
export const languages = ['en', 'de', 'es', 'zh'] as const;

/** Targets below 44 px or off the screen, words that are cut off, a verdict's word or action that is not seen whole. */
const inPage = `(() => {
  const found = [];
  const name = (element) => (element.className || element.tagName) + ' "' + element.textContent.trim().slice(0, 40) + '"';
  for (const target of document.querySelectorAll('button, a, input, select')) {
    const { left, top, right, bottom, width, height } = target.getBoundingClientRect();
    if (width === 0 || target.closest('.past')) continue;
    if (Math.min(width, height) < 44) found.push('small: ' + name(target) + ' ' + width + 'x' + height);
    if (left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1) found.push('off the screen: ' + name(target));
  }
  for (const text of document.querySelectorAll('.top button, .chip-name, .port-word, .tabs button, .prompt-button, .verdict-word'))
    if (text.scrollWidth > text.clientWidth + 1) found.push('cut off: ' + name(text));
  const frame = document.querySelector('.verdict')?.getBoundingClientRect();
  for (const text of document.querySelectorAll('.verdict-word, .verdict-attempt, .verdict-warning, .verdict-action, .prompt-question, .prompt-button')) {
    const { top, bottom } = text.getBoundingClientRect();
    if (top < frame.top || bottom > frame.bottom + 1) found.push('not seen whole: ' + name(text));
  }
  return found;
})()`;

/**
 * The same state in every language and on both screens; each finding with where it was. Ends in English on the small screen.
 * With LINKPULSE_SCREENSHOTS=folder a picture of each is left there.
 */
export const misfits = async (page: Page, state: string): Promise<readonly string[]> => {
  const found: string[] = [];
  const folder = process.env.LINKPULSE_SCREENSHOTS;
  for (const [screen, size] of Object.entries(screens)) {
    await page.setViewportSize(size);
    for (const language of languages) {
      await page.selectOption('select.language', language);
      await page.evaluate('new Promise(requestAnimationFrame)');
      const where = `${state} ${language} ${screen}`;
      for (const misfit of (await page.evaluate(inPage)) as readonly string[]) found.push(`${where}: ${misfit}`);
      if (folder === undefined) continue;
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${where.replaceAll(' ', '-')}.png`) });
    }
  }
  await page.selectOption('select.language', 'en');
  await page.setViewportSize(screens.small);
  return found;
};

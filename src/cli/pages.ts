/** Where the files of our pages lie. They have no build step: modules and those they import are served as they are. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageFolder } from '../http/server.js';

const folderOf = (module: string) => join(fileURLToPath(import.meta.resolve(module)), '..');
const pageLibraries = () => [
  { prefix: '/vendor/preact/', folder: folderOf('preact'), files: ['preact.mjs'] },
  { prefix: '/vendor/preact-hooks/', folder: folderOf('preact/hooks'), files: ['hooks.mjs'] },
  { prefix: '/vendor/htm/', folder: folderOf('htm'), files: ['htm.mjs'] },
  // What the reports and the page say alike; it imports nothing.
  { prefix: '/shared/', folder: fileURLToPath(new URL('../reports', import.meta.url)), files: ['measurement-text.js'] },
  { prefix: '/vendor/uplot/', folder: folderOf('uplot'), files: ['uPlot.esm.js', 'uPlot.min.css'] },
];
const stationPage = (packageRoot: string) => join(packageRoot, 'src/station/web');

export const stationPageFolders = (packageRoot: string): readonly PageFolder[] => [
  { prefix: '/', folder: stationPage(packageRoot) },
  ...pageLibraries(),
];

/** What of the station's page the plant's page is made of, too, and the words that both say alike. */
const commonPageFiles = [
  'html.js',
  'api.js',
  'shapes.js',
  'remembered.js',
  'follow.js',
  'page.js',
  'language.js',
  'numbered.js',
  'boundary.js',
  'sign-in.js',
  'past-form.js',
  'histogram.js',
  'measurements.js',
  'trend.js',
  'style.css',
  'past.css',
  'icon.svg',
  ...['de', 'en', 'es', 'zh'].map((language) => `texts/${language}.js`),
];

export const centralPageFolders = (packageRoot: string): readonly PageFolder[] => [
  { prefix: '/', folder: join(packageRoot, 'src/fleet/central/web') },
  { prefix: '/common/', folder: stationPage(packageRoot), files: commonPageFiles },
  ...pageLibraries(),
];

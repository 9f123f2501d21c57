/** Measurements: their names, and values as a person says them (the same code as the reports'). */
import { valueText } from '/shared/measurement-text.js';
import { languages, t } from './texts.js';

const prefix = 'measurement.';
export const measurementNames = Object.keys(languages.en)
  .filter((key) => key.startsWith(prefix))
  .map((key) => key.slice(prefix.length));

export const nameOf = (name) => (measurementNames.includes(name) ? t(`measurement.${name}`) : name);

const digits = 4;
export const said = (value, unit) => (value === null ? '–' : valueText(Number(value.toPrecision(digits)), unit));
export const percent = (share) => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);
export const ratio = (value) => (value === null ? '–' : value >= 100 ? '> 100' : value.toFixed(2));

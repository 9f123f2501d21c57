/** Where a past-runs view stands and what it asks: `#/records?verdict=fail&since=2026-11-01`. */

/** `view`: '' is the ports. */
export const placeOf = (hash) => {
  const [, view = '', query = ''] = /^#\/(statistics|records)(?:\?(.*))?$/.exec(hash) ?? [];
  return { view, query: Object.fromEntries(new URLSearchParams(query)) };
};

const filled = (query) => Object.entries(query).filter(([, value]) => value !== '' && value != null);

export const addressOf = (view, query) => {
  const text = new URLSearchParams(filled(query)).toString();
  return `#/${view}${text === '' ? '' : `?${text}`}`;
};

/** What both views understand goes along from one to the other. */
const common = ['plan', 'port', 'since', 'until', 'serial', 'model'];
export const commonOf = (query) => Object.fromEntries(filled(query).filter(([name]) => common.includes(name)));

const dayMs = 86_400_000;
const startOf = (day) => `${day}T00:00:00.000Z`;
const startAfter = (day) => new Date(Date.parse(startOf(day)) + dayMs).toISOString();

/** As the station takes it: days (UTC, both inclusive) become moments, a measurement and its bounds one range. */
export const apiQuery = ({ since, until, measurement, min, max, ...query }) => {
  const range = min || max ? `${measurement}=${min ?? ''}..${max ?? ''}` : measurement;
  return new URLSearchParams(
    filled({
      ...query,
      since: since && startOf(since),
      until: until && startAfter(until),
      measurement: measurement && range,
    }),
  ).toString();
};

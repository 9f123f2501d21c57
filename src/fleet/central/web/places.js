/** Where a view stands and what it asks: `#/records?verdict=fail&since=2026-11-01`, `#/record/STATION/RUN`. */
export const views = ['live', 'statistics', 'records', 'plans'];

const filled = (query) => Object.entries(query).filter(([, value]) => value !== '' && value != null);

export const placeOf = (hash) => {
  const [, station, runId] = /^#\/record\/([^/?]+)\/([^/?]+)$/.exec(hash) ?? [];
  if (runId !== undefined)
    return { view: 'record', station: decodeURIComponent(station), runId: decodeURIComponent(runId), query: {} };
  const [, view = 'live', query = ''] = /^#\/(\w+)(?:\?(.*))?$/.exec(hash) ?? [];
  return { view: views.includes(view) ? view : 'live', query: Object.fromEntries(new URLSearchParams(query)) };
};

export const addressOf = (view, query = {}) => {
  const text = new URLSearchParams(filled(query)).toString();
  return `#/${view}${text === '' ? '' : `?${text}`}`;
};
export const recordAddress = (station, runId) => `#/record/${encodeURIComponent(station)}/${encodeURIComponent(runId)}`;

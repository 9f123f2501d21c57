/** What can be asked of the index: one shape for the command line and the station's page. */

/** All that is given must hold. Texts are compared without regard to case; `%` stands for anything. */
export interface RunSearch {
  readonly text?: string;
  readonly unit?: string;
  readonly serial?: string;
  /** However it is written. */
  readonly mac?: string;
  readonly platform?: string;
  /** Part of the plan's model or of the platform that the phone says it is: `7960` finds both. */
  readonly model?: string;
  readonly plan?: string;
  readonly port?: string;
  readonly station?: string;
  readonly verdict?: string;
  /** `phone`: runs that failed. */
  readonly blame?: string;
  readonly stage?: string;
  /** ISO 8601, inclusive and exclusive. */
  readonly since?: string;
  readonly until?: string;
  /** A measurement that the run must have, in `min`..`max` where given. */
  readonly measurement?: { readonly name: string; readonly min?: number; readonly max?: number } | undefined;
  readonly limit?: number;
}

/** `boot.linkUpMs`, `boot.linkUpMs=4000..`, `power.inrushMs=20..30`; undefined: none of these. */
export const parseMeasurementRange = (text: string): RunSearch['measurement'] => {
  const [, name = '', min, max] = /^([a-z]+\.[A-Za-z]+)(?:=([-\d.e+]*?)\.\.([-\d.e+]*))?$/.exec(text) ?? [];
  const bound = (bounded: string | undefined) =>
    bounded === undefined || bounded === '' ? undefined : Number(bounded);
  const [low, high] = [bound(min), bound(max)];
  if (name === '' || Number.isNaN(low ?? 0) || Number.isNaN(high ?? 0)) return undefined;
  return { name, ...(low === undefined ? {} : { min: low }), ...(high === undefined ? {} : { max: high }) };
};

/** A word in a search stands for itself; `%` is the only joker. */
const escaped = (text: string): string => text.replace(/[\\_]/g, '\\$&');

/** A MAC as labels, switches and phones write it: `00:0F:24...`, `000f.24...`, `SEP000F24...`. */
const bareMac = (text: string): string => text.replace(/^(SEP|SIP)/i, '').replace(/[\s:.-]/g, '');

/** As the `WHERE` of a query over `runs`, and its values. */
export const conditionsOf = (search: RunSearch): { readonly where: string; readonly values: (string | number)[] } => {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const say = (condition: string, ...given: (string | number)[]) => {
    conditions.push(condition);
    values.push(...given);
  };
  const like = (column: string, value: string | undefined) => {
    if (value !== undefined) say(`${column} LIKE ? ESCAPE '\\'`, escaped(value));
  };
  like('unit', search.unit);
  like('serial', search.serial);
  if (search.mac !== undefined) say(`REPLACE(mac, ':', '') LIKE ? ESCAPE '\\'`, escaped(bareMac(search.mac)));
  like('platform', search.platform);
  like('plan', search.plan);
  like('port', search.port);
  like('station', search.station);
  like('verdict', search.verdict);
  if (search.blame?.toLowerCase() === 'phone') say(`verdict = 'fail'`);
  else like('blame', search.blame);
  like('stage', search.stage);
  if (search.model !== undefined) {
    const part = `%${escaped(search.model)}%`;
    say(`(model LIKE ? ESCAPE '\\' OR platform LIKE ? ESCAPE '\\')`, part, part);
  }
  if (search.text !== undefined) {
    const anywhere = `%${escaped(search.text)}%`;
    const columns = ['runId', 'unit', 'serial', 'deviceId', 'mac', 'platform', 'load', 'model', 'cause', 'plan'];
    say(`(${columns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`, ...columns.map(() => anywhere));
  }
  if (search.since !== undefined) say('startedAt >= ?', search.since);
  if (search.until !== undefined) say('startedAt < ?', search.until);
  if (search.measurement !== undefined) {
    const { name, min, max } = search.measurement;
    const bounds = [...(min === undefined ? [] : [min]), ...(max === undefined ? [] : [max])];
    const within = `${min === undefined ? '' : ' AND value >= ?'}${max === undefined ? '' : ' AND value <= ?'}`;
    say(`runId IN (SELECT runId FROM measurements WHERE name = ?${within})`, name, ...bounds);
  }
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values };
};

/** What can be asked of the plant's runs, as SQL: the same question as a station's records understand (src/records/run-search.ts). */
import { parameters } from './parameters.js';

/** All that is given must hold. Texts are compared without regard to case; `%` stands for anything. */
export interface PlantSearch {
  readonly text?: string | undefined;
  readonly unit?: string | undefined;
  readonly serial?: string | undefined;
  /** However it is written. */
  readonly mac?: string | undefined;
  /** Part of the plan's model or of the platform that the phone says it is. */
  readonly model?: string | undefined;
  readonly plan?: string | undefined;
  readonly station?: string | undefined;
  readonly port?: string | undefined;
  readonly verdict?: string | undefined;
  /** `phone`: runs that failed. */
  readonly blame?: string | undefined;
  readonly stage?: string | undefined;
  /** ISO 8601, inclusive and exclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Of the trigram index runs_words: the same to the letter, or it is not used. */
export const wordsOfRun =
  "lower(run_id || ' ' || coalesce(unit, '') || ' ' || coalesce(serial, '') || ' ' || coalesce(device_id, '') || ' ' || coalesce(mac, '') || ' ' || coalesce(platform, '') || ' ' || coalesce(load, '') || ' ' || cause || ' ' || plan_name)";

/** A word in a search stands for itself; `%` is the only joker. */
const escaped = (text: string): string => text.replace(/[\\_]/g, '\\$&');
const anywhere = (text: string): string => `%${escaped(text)}%`;

/** A MAC as labels, switches and phones write it: `00:0F:24...`, `000f.24...`, `SEP000F24...`. */
const bareMac = (text: string): string => text.replace(/^(SEP|SIP)/i, '').replace(/[\s:.-]/g, '');

/** As the `WHERE` of a query over `runs`. `ofModel`: hashes of the plans whose model has that part, and of those that have `text`. */
export const conditionsOf = (
  search: PlantSearch,
  hashes: { readonly ofModel: readonly string[]; readonly ofText: readonly string[] },
  { add, values } = parameters(),
): { readonly where: string; readonly values: unknown[]; add(value: unknown): string } => {
  const conditions: string[] = [];
  const like = (expression: string, value: string | undefined) => {
    if (value !== undefined) conditions.push(`${expression} LIKE lower(${add(escaped(value))})`);
  };
  /** Names that somebody chose from a list: an index finds them as they are. */
  const named = (column: string, value: string | undefined) => {
    if (value === undefined) return;
    if (value.includes('%')) like(`lower(${column})`, value);
    else conditions.push(`${column} = ${add(value)}`);
  };
  like('lower(unit)', search.unit);
  like('lower(serial)', search.serial);
  if (search.mac !== undefined) like("replace(lower(mac), ':', '')", bareMac(search.mac));
  named('plan_name', search.plan);
  named('station', search.station);
  named('port', search.port);
  named('verdict', search.verdict);
  named('stage', search.stage);
  if (search.blame?.toLowerCase() === 'phone') conditions.push("verdict = 'fail'");
  else named('blame', search.blame);
  if (search.model !== undefined)
    conditions.push(
      `(plan_hash = ANY(${add(hashes.ofModel)}) OR lower(platform) LIKE lower(${add(anywhere(search.model))}))`,
    );
  if (search.text !== undefined) {
    const words = `${wordsOfRun} LIKE lower(${add(anywhere(search.text))})`;
    conditions.push(hashes.ofText.length === 0 ? words : `(${words} OR plan_hash = ANY(${add(hashes.ofText)}))`);
  }
  if (search.since !== undefined) conditions.push(`started_at >= ${add(search.since)}`);
  if (search.until !== undefined) conditions.push(`started_at < ${add(search.until)}`);
  return { where: conditions.length === 0 ? 'TRUE' : conditions.join(' AND '), values, add };
};

/** Pattern for the models of plans. */
export const modelPattern = anywhere;

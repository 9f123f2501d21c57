/** What a scanned text is, and which of a label's parts a plan still wants. Pure. */

/** Twelve hex digits however they are grouped, with or without the phone's `SEP` before them. */
const macPattern =
  /^(?:SEP|SIP)?(?:[0-9A-F]{12}|(?:[0-9A-F]{2}[:.\s-]){5}[0-9A-F]{2}|(?:[0-9A-F]{4}[:.\s-]){2}[0-9A-F]{4})$/i;

export const partOf = (text) => (macPattern.test(text) ? 'mac' : 'serial');

/**
 * A label that is read part by part: `read` by a scan for `plan` on `port`, after `before` (null: nothing yet). What was read
 * for another port or plan counts no longer; the newest reading of a part does.
 */
export const labelAfter = (before, { port, plan, text }) => {
  const isSame = before !== null && before.port === port && before.plan === plan.name;
  const parts = { ...(isSame ? before.parts : {}), ...(text === '' ? {} : { [partOf(text)]: text }) };
  return { port, plan: plan.name, parts, missing: plan.required.filter((part) => parts[part] === undefined) };
};

/** As the station takes it. */
export const asRequest = ({ plan, parts }) => ({
  plan,
  ...(parts.serial === undefined ? {} : { serial: parts.serial }),
  ...(parts.mac === undefined ? {} : { labelMac: parts.mac }),
});

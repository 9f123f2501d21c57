/**
 * Text that is markup, told apart from text that is not: what a template is given is escaped unless it is markup
 * itself. Nothing from the wire can act in a report.
 */
export interface Markup {
  readonly markup: string;
}

export type Insert = string | number | Markup | null | readonly Insert[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

// XML 1.0 allows none of these, not even escaped; lone surrogates are no text at all; direction overrides could reorder
// what a reader sees.
const forbidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Surrogate}/gu;

/** Fit for XML and HTML, as text and inside quoted attributes. */
export const escapeText = (value: string | number): string =>
  String(value)
    .replace(forbidden, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');

const isList = (insert: Insert): insert is readonly Insert[] => Array.isArray(insert);

const render = (insert: Insert): string => {
  if (insert === null) return '';
  if (isList(insert)) return insert.map(render).join('');
  return typeof insert === 'object' ? insert.markup : escapeText(insert);
};

/** A template whose values are escaped; lists are joined, null is nothing. Attributes must be quoted. */
export const markup = (texts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup => ({
  markup: texts.reduce((all, text, index) => all + render(inserts[index - 1] ?? null) + text),
});

/** For our own style sheet alone. */
export const trusted = (text: string): Markup => ({ markup: text });

/** Texts may have come from the wire: nothing in them may act in a report. */
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// XML 1.0 allows none of these, not even escaped; lone surrogates are no text at all. Direction overrides could reorder
// what a reader sees.
const forbidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Surrogate}/gu;

/** Fit for XML and HTML, as text and inside quoted attributes. */
export const escapeText = (value: string | number): string =>
  String(value)
    .replace(forbidden, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');

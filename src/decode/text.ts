const replacement = '\ufffd';

/** `text` has one character per byte. Fields end at a NUL; what is no ASCII is shown as U+FFFD, as tshark does. */
export function ascii(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0) return ascii(text.slice(0, index));
    if (code > 0x7e) return text.replace(/\0.*$/s, '').replace(/[\x80-\xff]/g, replacement);
  }
  return text;
}

export const asciiOrNone = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : ascii(text);

/** SIP is UTF-8 (RFC 3261 7.3); a NUL ends a value. */
export function utf8(bytes: Buffer, at: number, end: number): string {
  const text = bytes.toString('utf8', at, end);
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

import { ByteReader } from './cursor.js';

const groupCount = 8;

/** Sixteen bytes as RFC 5952 writes them: no leading zeros, the first of the longest runs of two or more zero groups left out. */
export function ipv6ToText(bytes: Uint8Array): string {
  const reader = new ByteReader(bytes);
  const groups = Array.from({ length: groupCount }, () => reader.u16('group').toString(16)).join(':');
  const runs = [...groups.matchAll(/(?<![\da-f])0(?::0)+(?![\da-f])/g)];
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (best && best[0].length >= run[0].length ? best : run),
    undefined,
  );
  if (!longest) return groups;
  const before = groups.slice(0, longest.index).replace(/:$/, '');
  const behind = groups.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${behind}`;
}

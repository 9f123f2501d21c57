import { ByteReader, ByteWriter } from './cursor.js';
import { ipv4ToNumber } from './ipv4.js';

const groupCount = 8;

/**
 * Sixteen bytes as RFC 5952 writes them: no leading zeros, the first of the longest runs of two or more zero groups left
 * out, an IPv4 address inside (mapped, or after twelve zeros) dotted.
 */
export function ipv6ToText(bytes: Uint8Array): string {
  const ipv4 = ipv4Inside(bytes);
  if (ipv4 !== undefined) return ipv4;
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

/** As inet_ntop does it. */
function ipv4Inside(bytes: Uint8Array): string | undefined {
  if (bytes.subarray(0, 10).some((byte) => byte !== 0)) return undefined;
  const dotted = bytes.subarray(12).join('.');
  if (bytes[10] === 0xff && bytes[11] === 0xff) return `::ffff:${dotted}`;
  const isCompatible = bytes[10] === 0 && bytes[11] === 0 && (bytes[12] !== 0 || bytes[13] !== 0);
  return isCompatible ? `::${dotted}` : undefined;
}

/** Sixteen bytes of a written address (RFC 4291 2.2). Throws RangeError for what is none. */
export function ipv6ToBytes(text: string): Uint8Array {
  const refuse = (): never => {
    throw new RangeError(`${text} is no IPv6 address`);
  };
  const dotted = /(?<=:)\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0];
  const ipv4 = dotted === undefined ? 0 : ipv4ToNumber(dotted);
  const plain =
    dotted === undefined ? text : text.replace(dotted, `${(ipv4 >>> 16).toString(16)}:${(ipv4 & 0xffff).toString(16)}`);
  const halves = plain.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [before = [], behind = []] = halves;
  const gap = groupCount - before.length - behind.length;
  if (halves.length > 2 || gap < 0 || (halves.length === 1 && gap !== 0)) refuse();
  const groups = [...before, ...Array.from({ length: gap }, () => '0'), ...behind];
  const writer = new ByteWriter();
  for (const group of groups) writer.u16(/^[\da-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : refuse());
  return writer.finish();
}

import { describe, expect, it } from 'vitest';
import { ipv6ToBytes, ipv6ToText } from '../../src/wire/ipv6.js';
import { fromHex } from './hex.js';

describe('IPv6 addresses', () => {
  // RFC 5952, sections 4.1 to 4.3
  it.each([
    ['2001 0db8 0000 0000 0001 0000 0000 0001', '2001:db8::1:0:0:1'],
    ['2001 0000 0000 0001 0000 0000 0000 0001', '2001:0:0:1::1'],
    ['2001 0db8 0000 0001 0001 0001 0001 0001', '2001:db8:0:1:1:1:1:1'],
    ['2001 0db8 0000 0001 0000 0000 0000 0000', '2001:db8:0:1::'],
    ['fe80 0000 0000 0000 0212 daff fedb d34e', 'fe80::212:daff:fedb:d34e'],
    ['0000 0000 0000 0000 0000 0000 0000 0000', '::'],
    ['0000 0000 0000 0000 0000 0000 0000 0001', '::1'],
    ['0000 0000 0000 0000 0000 ffff c000 0201', '::ffff:192.0.2.1'],
    ['0000 0000 0000 0000 0000 0000 c000 0201', '::192.0.2.1'],
    ['0010 0100 1000 0000 0000 00a0 0a00 000a', '10:100:1000::a0:a00:a'],
  ])('%s is %s', (hex, text) => {
    expect(ipv6ToText(fromHex(hex))).toBe(text);
    expect(ipv6ToBytes(text)).toEqual(fromHex(hex));
  });

  it.each(['', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::', '1:2:3:4:5:6:7:8::1'])(
    '“%s” is none',
    (text) => {
      expect(() => ipv6ToBytes(text)).toThrow(RangeError);
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readCseq,
  readDigest,
  readSipAddress,
  readSipUri,
  readSipVia,
  splitSipList,
  writeDigest,
} from '../../src/wire/sip.values.js';

describe('values of SIP headers', () => {
  it('are split at commas outside quotes and brackets', () => {
    expect(splitSipList('"a, b" <sip:a,b>;x="1,2",, <sip:c> , d')).toEqual([
      '"a, b" <sip:a,b>;x="1,2"',
      '<sip:c>',
      'd',
    ]);
    expect(splitSipList('"a\\", b", c')).toEqual(['"a\\", b"', 'c']);
  });

  it('hold an address with the parameters behind it', () => {
    const { displayName, uri, parameters } = readSipAddress(
      '"Phone <1>" <sip:1000@10.0.0.1:5060;transport=tcp>;+u.sip!devicename.ccm.cisco.com="SEP000F245A7960";Expires=0;cisco-keep-alive',
    );
    expect([displayName, uri]).toEqual(['Phone <1>', 'sip:1000@10.0.0.1:5060;transport=tcp']);
    expect([...parameters]).toEqual([
      ['+u.sip!devicename.ccm.cisco.com', 'SEP000F245A7960'],
      ['expires', '0'],
      ['cisco-keep-alive', ''],
    ]);
    expect(readSipAddress('sip:a@b;tag=1')).toMatchObject({ uri: 'sip:a@b', displayName: '' });
    expect(readSipAddress('*').uri).toBe('*');
  });

  it('hold a URI', () => {
    expect(readSipUri('sip:1000:secret@[::1]:5062;transport=udp?x=y')).toMatchObject({
      user: '1000',
      host: '[::1]',
      port: 5062,
    });
    expect(readSipUri('sip:10.0.0.1')).toMatchObject({ user: '', host: '10.0.0.1', port: null });
    expect(readSipUri('urn:x')).toBeUndefined();
  });

  it('hold a Via and a CSeq', () => {
    expect(readSipVia('SIP/2.0/udp 10.0.0.1:49152;branch=z9hG4bK1;rport')).toMatchObject({
      transport: 'UDP',
      host: '10.0.0.1',
      port: 49152,
    });
    expect(readSipVia('nonsense')).toBeUndefined();
    expect(readCseq('101 REGISTER')).toEqual({ number: 101, method: 'REGISTER' });
    expect(readCseq('REGISTER')).toBeUndefined();
  });

  it('hold digests, read back as written', () => {
    const text = fc.stringMatching(/^[ -~]{0,30}$/);
    fc.assert(
      fc.property(text, text, (realm, username) => {
        const written = writeDigest({ realm, username, algorithm: 'MD5', qop: 'auth' }, { offer: false });
        expect(Object.fromEntries(readDigest(written) ?? [])).toEqual({
          realm,
          username,
          algorithm: 'MD5',
          qop: 'auth',
        });
      }),
    );
    expect(writeDigest({ nonce: 'a"b', qop: 'auth', algorithm: 'MD5' }, { offer: true })).toBe(
      'Digest nonce="a\\"b", qop="auth", algorithm=MD5',
    );
    expect(readDigest('Basic abc')).toBeUndefined();
  });

  it('never make a reader throw or take long', () => {
    const nasty = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[<>";,\\=@:[\] ]{0,200}$/),
      fc.constant('"'.repeat(20_000)),
      fc.constant('sip:'.repeat(5000)),
    );
    fc.assert(
      fc.property(nasty, (value) => {
        for (const read of [splitSipList, readSipAddress, readSipUri, readSipVia, readCseq, readDigest]) read(value);
      }),
    );
  });
});

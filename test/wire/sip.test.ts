import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSip,
  encodeSip,
  looksLikeSip,
  SipFramer,
  type SipMessage,
  sipBounds,
  sipHeader,
  sipHeaderLines,
} from '../../src/wire/sip.js';
import { corruptions, survives } from './hostile.js';

const bytesOf = (...lines: string[]): Uint8Array => Buffer.from(lines.join('\r\n'), 'latin1');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const register = bytesOf(
  'REGISTER sip:10.110.0.2 SIP/2.0',
  'v: SIP/2.0/TCP 10.110.0.100:49154;branch=z9hG4bK1c;received=10.110.0.100',
  'Via: SIP/2.0/UDP a, SIP/2.0/UDP b',
  'f: <sip:1000@10.110.0.2>;tag=000f245a796000',
  't: <sip:1000@10.110.0.2>',
  'i: 000f245a-79600002@10.110.0.100',
  'CSeq: 101 REGISTER',
  'm: <sip:1000@10.110.0.100:49154;transport=tcp>;+sip.instance="<urn:uuid:0>",',
  '\t<sip:1000@10.110.0.100>;expires=0',
  'Expires: 3600',
  'l: 4',
  '',
  'bodyand what comes behind it',
);

/** Both sides of a comparison as plain data. */
const plain = (message: SipMessage | undefined) => message && { ...message, body: textOf(message.body) };

describe('a SIP message', () => {
  it('is read with compact names, folded lines and a body cut at its Content-Length', () => {
    const message = decodeSip(register);
    if (message === undefined || !('method' in message)) throw new Error('no request');
    expect([message.method, message.requestUri]).toEqual(['REGISTER', 'sip:10.110.0.2']);
    expect(message.malformed).toBeUndefined();
    expect(sipHeader(message, 'call-id')).toBe('000f245a-79600002@10.110.0.100');
    expect(sipHeaderLines(message, 'via')).toHaveLength(2);
    expect(sipHeader(message, 'contact')).toBe(
      '<sip:1000@10.110.0.100:49154;transport=tcp>;+sip.instance="<urn:uuid:0>", <sip:1000@10.110.0.100>;expires=0',
    );
    expect(textOf(message.body)).toBe('body');
  });

  it('is read as an answer, with or without a reason, in UTF-8', () => {
    const message = decodeSip(Buffer.from('SIP/2.0 200 Schön\r\nServer: Straße\n\n'));
    expect(message).toMatchObject({ statusCode: 200, reason: 'Schön', headers: [{ name: 'server', value: 'Straße' }] });
    expect(decodeSip(bytesOf('SIP/2.0 486', '', ''))).toMatchObject({ statusCode: 486, reason: '' });
  });

  it.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\n\r\n'],
    ['a start line that does not end', 'OPTIONS sip:a SIP/2.0'],
    ['a status beyond 699', 'SIP/2.0 700 No\r\n\r\n'],
    ['nothing', ''],
  ])('is not found in %s', (_, text) => {
    expect(decodeSip(Buffer.from(text))).toBeUndefined();
    expect(looksLikeSip(Buffer.from(text))).toBe(false);
  });

  it.each([
    ['no end of the headers', 'OPTIONS sip:a SIP/2.0\r\nTo: b\r\nFrom: c', 30, 'no empty line ends the headers'],
    ['a line without a name', 'OPTIONS sip:a SIP/2.0\r\nTo: b\r\nnonsense\r\n\r\n', 30, 'a header line has no name'],
    ['a folded line with nothing before', 'OPTIONS sip:a SIP/2.0\r\n x\r\n\r\n', 23, 'a header line has no name'],
    ['a short body', 'OPTIONS sip:a SIP/2.0\r\nl: 9\r\n\r\nbody', 35, 'the body needs 9 bytes, 4 are left'],
    ['a length that is none', 'OPTIONS sip:a SIP/2.0\r\nl: -1\r\n\r\n', 32, 'the Content-Length is no number'],
  ])('that has %s says where, and keeps what came before', (_, text, offset, reason) => {
    const message = decodeSip(Buffer.from(text));
    expect(message?.malformed).toEqual({ offset, reason });
    expect(message).toMatchObject({ method: 'OPTIONS' });
  });

  it('stays one line per header whatever a peer put into a value', () => {
    const bytes = encodeSip({ statusCode: 200, reason: 'OK\r\nEvil: 1' }, [['To', 'a\r\nEvil: 2\n\0']]);
    expect(decodeSip(bytes)?.headers.map(({ name }) => name)).toEqual(['to', 'content-length']);
  });

  it('is read back as it was written', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9<>:;"=@. -]{0,40}$/).map((text) => text.trim());
    const headers = fc.array(fc.tuple(fc.constantFrom('Via', 'To', 'X-Any', 'Contact'), word), { maxLength: 12 });
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 300 }), fc.boolean(), (lines, body, isRequest) => {
        const start = isRequest
          ? { method: 'NOTIFY', requestUri: 'sip:1000@10.0.0.1' }
          : { statusCode: 202, reason: 'Accepted' };
        expect(plain(decodeSip(encodeSip(start, lines, body)))).toEqual({
          ...start,
          headers: [
            ...lines.map(([name, value]) => ({ name: name.toLowerCase(), value })),
            { name: 'content-length', value: String(body.length) },
          ],
          body: textOf(body),
        });
      }),
    );
  });

  it('cannot be spoiled into a throw', () => survives(decodeSip, register));
});

describe('a SIP stream', () => {
  const messages = [
    encodeSip(
      { method: 'REGISTER', requestUri: 'sip:a' },
      [['To', 'b']],
      Buffer.from('\r\n\r\nSIP/2.0 200 OK\r\n\r\n'),
    ),
    Buffer.from('SIP/2.0 200 OK\nTo: b\n\n'),
    encodeSip({ statusCode: 200, reason: 'OK' }, [['CSeq', '1 REGISTER']]),
  ];
  const stream = Buffer.concat(
    [messages[0] ?? [], Buffer.from('\r\n\r\n'), ...messages.slice(1)].map((part) => Buffer.from(part)),
  );
  const whole = messages.map((bytes) => plain(decodeSip(bytes)));

  it('gives the same messages however it is cut', () => {
    const cuts = fc.array(fc.nat({ max: stream.length }), { maxLength: 20 });
    fc.assert(
      fc.property(cuts, (at) => {
        const framer = new SipFramer();
        const ends = [...at, stream.length].sort((a, b) => a - b);
        let from = 0;
        const found: unknown[] = [];
        for (const end of ends) {
          found.push(...framer.push(stream.subarray(from, end)).map(plain));
          from = end;
        }
        expect(found).toEqual(whole);
        expect([framer.buffered, framer.takeEmptyLines(), framer.takeEmptyLines()]).toEqual([0, 2, 0]);
      }),
    );
  });

  it.each([
    ['a line that begins no message', 'hello\r\n', 'no SIP start line'],
    ['a Content-Length that cannot be true', 'OPTIONS sip:a SIP/2.0\r\nl: 99999999\r\n\r\n', 'a Content-Length'],
    ['a Content-Length that is no number', 'OPTIONS sip:a SIP/2.0\r\nl: x\r\n\r\n', 'a Content-Length'],
    ['headers without end', `OPTIONS sip:a SIP/2.0\r\n${'To: b\r\n'.repeat(4000)}`, 'headers above'],
    ['one endless line', 'x'.repeat(20_000), 'headers above'],
    ['headers too long', `OPTIONS sip:a SIP/2.0\r\n${'To: b\r\n'.repeat(4000)}\r\n`, 'headers above'],
  ])('ends at %s, and holds nothing more', (_, text, reason) => {
    const framer = new SipFramer();
    expect(framer.push(Buffer.from(text))).toEqual([]);
    expect(framer.lost).toContain(reason);
    expect(framer.push(messages[1] ?? new Uint8Array())).toEqual([]);
    expect(framer.buffered).toBe(0);
  });

  it('is taken up again by an observer at the next chunk', () => {
    const framer = new SipFramer({ resume: true });
    expect(framer.push(Buffer.from('the middle of a lost message\r\n'))).toEqual([]);
    expect(framer.push(stream)).toHaveLength(3);
    expect(framer.lost).toBeUndefined();
  });

  it('never throws and never holds more than one message', () => {
    for (const bytes of corruptions(stream)) {
      for (const resume of [false, true]) {
        const framer = new SipFramer({ resume });
        for (let at = 0; at < bytes.length; at += 7) framer.push(bytes.subarray(at, at + 7));
        expect(framer.buffered).toBeLessThanOrEqual(sipBounds.headBytes + sipBounds.bodyBytes);
      }
    }
  });

  it('costs one look at each byte, also where they come one by one', () => {
    const framer = new SipFramer();
    const long = encodeSip(
      { method: 'OPTIONS', requestUri: 'sip:a' },
      Array(200).fill(['X', 'y'.repeat(60)]),
      Buffer.alloc(50_000),
    );
    const found: SipMessage[] = [];
    for (const byte of long) found.push(...framer.push(Uint8Array.of(byte)));
    expect(found).toHaveLength(1);
  });
});

const shared = process.env.LINKPULSE_SHARED ?? '../shared';
const folder = `${shared}/captures/sip`;
describe.skipIf(!existsSync(folder))(`real SIP captures (skipped: no ${folder})`, () => {
  it('hold start lines where tshark sees them', () => {
    const text = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`).toString('latin1'));
    const starts = text.flatMap((file) => [
      ...file.matchAll(/[A-Z]{3,10} sips?:\S+ SIP\/2\.0\r\n[\s\S]{0,60000}?\r\n\r\n/g),
    ]);
    expect(starts.length).toBeGreaterThan(20);
    for (const [found] of starts) expect(decodeSip(Buffer.from(found, 'latin1'))?.headers.length).toBeGreaterThan(3);
  });
});

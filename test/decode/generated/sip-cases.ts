/** SIP over UDP and TCP: header names in every form, folded, compact, with bodies, pipelined, in any segments. */
import { Chance, ethernet, Hosts, ipv4, ipv6, joined, type MadeFrame, tcp, u8, udp } from './made.js';

const methods = [
  'REGISTER',
  'INVITE',
  'OPTIONS',
  'NOTIFY',
  'SUBSCRIBE',
  'BYE',
  'ACK',
  'CANCEL',
  'REFER',
  'MESSAGE',
  'PUBLISH',
  'UPDATE',
  'INFO',
  'PRACK',
  'register',
  'FOO',
];
const codes = [
  '100 Trying',
  '200 OK',
  '401 Unauthorized',
  '404 Not Found',
  '180 Ringing',
  '503 Service Unavailable',
  '999 Odd',
  '200 ',
];
const tokens = [
  'sip:bench@10.110.0.1',
  'sip:1000@10.110.0.1:5060;transport=tcp',
  '"A B" <sip:1000@10.0.0.1>;tag=abc',
  '<sip:00112233@10.0.0.1;user=phone>',
  'sips:x@y',
  'Müller <sip:m@x>',
  'tel:+4912345',
];

function header(chance: Chance): string {
  const cased = (name: string) => chance.one([name, name, name.toLowerCase(), name.toUpperCase()]);
  const named = (full: string, compact?: string) => (compact !== undefined && chance.once(4) ? compact : cased(full));
  const colon = () => chance.one([': ', ': ', ':', ' : ', ':\t', ':   ']);
  const fold = () => (chance.once(10) ? '\r\n ' : ' ');
  return chance.one<() => string>([
    () =>
      `${named('Via', 'v')}${colon()}SIP/2.0/UDP 10.0.0.${chance.number(255)}:5060;branch=z9hG4bK${chance.number(9999)}`,
    () => `${named('Via', 'v')}${colon()}SIP/2.0/TCP a;branch=z9hG4bK1,${fold()}SIP/2.0/UDP b;branch=z9hG4bK2`,
    () => `${named('From', 'f')}${colon()}${chance.one(tokens)}`,
    () => `${named('To', 't')}${colon()}${chance.one(tokens)}`,
    () => `${named('Call-ID', 'i')}${colon()}${chance.number(99999)}@10.0.0.1`,
    () => `${cased('CSeq')}${colon()}${chance.number(9999)} ${chance.one(methods)}`,
    () => `${named('Contact', 'm')}${colon()}${chance.one(tokens)};expires=3600;+sip.instance="<urn:uuid:0>"`,
    () => `${named('Contact', 'm')}${colon()}*`,
    () => `${named('Contact', 'm')}${colon()}<sip:a@b>,${fold()}<sip:c@d>`,
    () => `${cased('Expires')}${colon()}${chance.one(['3600', '0', '120', '4294967295', ' 60'])}`,
    () => `${cased('User-Agent')}${colon()}Cisco-CP7960G/8.0${fold()}(x)`,
    () => `${cased('Max-Forwards')}${colon()}70`,
    () => `${cased('Supported')}${colon()}replaces,join,norefersub`,
    () =>
      `${cased('Authorization')}${colon()}Digest username="a",realm="b",nonce="c",uri="sip:d",response="${'0'.repeat(32)}"`,
    () =>
      `${cased('X-Odd')}${colon()}${chance
        .text(20)
        .toString('latin1')
        .replace(/[\r\n\0]/g, '')}`,
    () => `${cased('Allow')}${colon()}`,
  ])();
}

const bodies = [
  '',
  '',
  '',
  'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 16384 RTP/AVP 0\r\n',
  'plain text',
  '\r\n\r\nodd',
  'REGISTER sip:x SIP/2.0\r\n',
];

/** Bytes of one message; over TCP its length must be told. */
function message(chance: Chance, isTcp: boolean): Buffer {
  const first = chance.once(3)
    ? `SIP/2.0 ${chance.one(codes)}`
    : `${chance.one(methods)} ${chance.one(tokens).split(' ').at(-1)?.replace(/[<>]/g, '')} SIP/2.0`;
  const body = Buffer.from(chance.one(bodies));
  const headers = Array.from({ length: 1 + chance.number(10) }, () => header(chance));
  if (isTcp || body.length > 0 || chance.once(3)) {
    // Over TCP tshark finds a message's end by the full name alone, without a blank before the colon.
    const [names, colons] = isTcp
      ? [
          ['Content-Length', 'content-length'],
          [': ', ':'],
        ]
      : [
          ['Content-Length', 'l', 'L'],
          [': ', ' : '],
        ];
    const length = `${chance.one(names)}${chance.one(colons)}${body.length}`;
    headers.splice(chance.number(headers.length + 1), 0, length);
  }
  if (body.length > 0) headers.push('Content-Type: application/sdp');
  const end = !isTcp && chance.once(12) ? '\n' : '\r\n';
  return joined(Buffer.from([first, ...headers, '', ''].join(end)), body);
}

const odd = [
  '\r\n\r\n',
  '\0',
  'hello',
  'GET / HTTP/1.1\r\n\r\n',
  'SIP/2.0',
  'REGISTER sip:x',
  'REGISTER sip:x SIP/3.0\r\n\r\n',
  'SIP/2.0 20 OK\r\n\r\n',
  ' REGISTER sip:x SIP/2.0\r\n\r\n',
  '\r\nOPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n',
  'OPTIONS sip:x SIP/2.0\r\nVia SIP/2.0\r\nFrom: <sip:a@b>\r\n\r\n',
  'OPTIONS sip:x SIP/2.0\r\nFrom: <sip:a@b>',
  'OPTIONS sip:x SIP/2.0\r\nCSeq: x\r\nFrom: <sip:a@b>\r\n\r\n',
  'OPTIONS  sip:x SIP/2.0\r\n\r\n',
];

export function sipCases(seed: number, count: number): MadeFrame[] {
  const chance = new Chance(seed);
  const hosts = new Hosts();
  const frames: MadeFrame[] = [];
  while (frames.length < count) {
    const { phone, server, number } = hosts.pair();
    const isIpv6 = chance.once(5);
    const wrapped = (isUp: boolean, protocol: number, payload: Buffer): Buffer =>
      isIpv6
        ? ethernet(
            0x86dd,
            isUp
              ? ipv6(2 * number, 2 * number + 1, protocol, payload)
              : ipv6(2 * number + 1, 2 * number, protocol, payload),
          )
        : ethernet(0x0800, ipv4({ from: isUp ? phone : server, to: isUp ? server : phone, protocol }, payload));
    if (chance.once(2)) {
      const port = chance.once(5) ? chance.one([5070, 50600, 49152]) : 5060;
      const bytes = chance.once(8) ? Buffer.from(chance.one(odd)) : message(chance, false);
      const isUp = chance.once(2);
      const datagram = isUp ? udp(50000, port, bytes) : udp(port, 50000, bytes);
      const frame = wrapped(isUp, 17, datagram);
      // Behind the first line: tshark shows nothing of one that is cut.
      const kept = chance.once(20) && frame.length > 200 ? 180 + chance.number(frame.length - 180) : frame.length;
      frames.push({ bytes: frame.subarray(0, kept), missing: frame.length - kept });
    } else for (const segment of talk(chance)) frames.push({ bytes: wrapped(true, 6, segment) });
  }
  return frames;
}

/** One direction of a connection, in order. Empty lines have segments of their own: behind them tshark reads no further. */
function talk(chance: Chance): Buffer[] {
  const port = chance.once(6) ? 5070 : 5060;
  let sequence = chance.once(4) ? 0xffffff00 : chance.number(100000);
  const segments: Buffer[] = [];
  const say = (bytes: Buffer, flags?: 'S') => {
    segments.push(tcp({ from: 50000, to: port, sequence, ...(flags && { flags }) }, bytes));
    sequence = (sequence + bytes.length + (flags === 'S' ? 1 : 0)) >>> 0;
  };
  if (!chance.once(5)) say(u8(), 'S');
  for (let turn = chance.number(3); turn >= 0; turn--) {
    // On a port that is not SIP's tshark wants a segment to begin with a first line that is whole.
    const messages = port === 5060 ? 1 + chance.number(3) : 1;
    const stream = joined(Array.from({ length: messages }, () => message(chance, true)));
    for (let at = 0; at < stream.length; ) {
      const bytes = stream.subarray(at, at + chance.one([stream.length, 1460, 200 + chance.number(300)]));
      say(bytes);
      at += bytes.length;
    }
    if (chance.once(4)) say(Buffer.from('\r\n\r\n'));
  }
  return segments;
}

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readDigest, type SipParameters, writeDigest } from '../wire/sip.values.js';

/** As CallManager names it; a phone keeps its password by it. */
const realm = 'ccmsipline';
/** A nonce older than this is stale: the phone computes its answer anew and is not asked for its password. */
const nonceLifeSeconds = 300;
const markBytes = 16;

export type DigestOutcome = 'proven' | 'stale' | 'wrong' | 'absent';

/** Challenges and checks (RFC 2617, RFC 7616) with MD5, as phones compute it. Keeps no state: a nonce proves its own age. */
export interface DigestGuard {
  challenge(isStale: boolean): string;
  check(authorization: string | undefined, method: string): DigestOutcome;
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** RFC 2617 3.2.2.1; without qop the form of RFC 2069, which is what a challenge without qop asks for. */
export const digestResponse = (
  parameters: SipParameters,
  credentials: { readonly user: string; readonly password: string },
  method: string,
): string => {
  const part = (name: string): string => parameters.get(name) ?? '';
  const identity = md5(`${credentials.user}:${part('realm')}:${credentials.password}`);
  const request = md5(`${method}:${part('uri')}`);
  const qop = parameters.get('qop');
  const middle = qop === undefined ? part('nonce') : `${part('nonce')}:${part('nc')}:${part('cnonce')}:${qop}`;
  return md5(`${identity}:${middle}:${request}`);
};

const sameText = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));

export const createDigestGuard = (
  credentials: { readonly user: string; readonly password: string },
  nowSeconds: () => number,
): DigestGuard => {
  const secret = randomBytes(markBytes);
  const markOf = (seconds: string): string => createHmac('md5', secret).update(seconds).digest('hex');

  return {
    challenge: (isStale) => {
      const seconds = Math.floor(nowSeconds()).toString(16);
      const nonce = `${seconds}.${markOf(seconds)}`;
      return writeDigest({ realm, nonce, algorithm: 'MD5', ...(isStale ? { stale: 'TRUE' } : {}) }, { offer: true });
    },
    check: (authorization, method) => {
      const given = authorization === undefined ? undefined : readDigest(authorization);
      if (given === undefined) return 'absent';
      const [seconds = '', mark = ''] = (given.get('nonce') ?? '').split('.');
      if (given.get('realm') !== realm || !/^[0-9a-f]{1,12}$/.test(seconds) || !sameText(mark, markOf(seconds)))
        return 'absent';
      if (!/^(MD5)?$/i.test(given.get('algorithm') ?? '')) return 'absent';
      const isRight =
        given.get('username') === credentials.user &&
        sameText((given.get('response') ?? '').toLowerCase(), digestResponse(given, credentials, method));
      if (!isRight) return 'wrong';
      return nowSeconds() - Number.parseInt(seconds, 16) > nonceLifeSeconds ? 'stale' : 'proven';
    },
  };
};

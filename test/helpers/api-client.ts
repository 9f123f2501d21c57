import type { HttpStation } from './http-station.js';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a station answers is looked at, not believed
  readonly body: any;
}

/** One request as its client sends it; `role`: whose token. */
export const request = async (
  { base, token }: Pick<HttpStation, 'base' | 'token'>,
  [method, path]: readonly [method: string, path: string],
  role: string,
  body?: object,
): Promise<Answer> => {
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token(role)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
};

export interface Heard {
  readonly id: number;
  readonly kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly data: any;
}

/** The event stream from message `after` on, until `isLast`. */
export const hear = async (
  { base, token }: Pick<HttpStation, 'base' | 'token'>,
  after: number,
  isLast: (heard: Heard) => boolean | Promise<boolean>,
): Promise<readonly Heard[]> => {
  const response = await fetch(`${base}/api/v1/events?after=${after}`, {
    headers: { authorization: `Bearer ${token('viewer')}` },
  });
  const heard: Heard[] = [];
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString('utf8');
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, id, kind = '', data] = /^id: (\d+)\nevent: (\S+)\ndata: (.*)$/.exec(block) ?? [];
      if (data === undefined) continue;
      const message = { id: Number(id), kind, data: JSON.parse(data) };
      heard.push(message);
      if (await isLast(message)) return heard;
    }
  }
  return heard;
};

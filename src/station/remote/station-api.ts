/** A station's HTTP API from elsewhere: requests, and its errors as they were thrown there. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BenchError, type ErrorCode, errorTable } from '../../errors.js';

export interface StationAddress {
  readonly base: URL;
  readonly token: string;
  /** PEM: whom to trust besides the system's own; undefined: nobody. */
  readonly ca?: Buffer | undefined;
}

export interface AskOptions {
  readonly body?: object;
  readonly signal?: AbortSignal;
  /** null: as long as it takes (a run that begins, a turn that comes). Default: 10 s. */
  readonly withinMs?: number | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StationApi {
  readonly base: URL;
  /** Parsed JSON, or text. Throws BenchError: the station's own, STATION_UNREACHABLE, STATION_UNTRUSTED; or the signal's reason. */
  ask(method: string, path: string, options?: AskOptions): Promise<unknown>;
  /** The answer's bytes as they come. */
  open(path: string, options?: AskOptions): Promise<IncomingMessage>;
}

const answerWithinMs = 10_000;
/** The timeline of a very long run; more is no answer of ours. */
const longestAnswerBytes = 128 * 1024 * 1024;
/** A connection whose other end is gone ends within some 20 s. */
const probeAfterMs = 10_000;

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

const connectionError = (base: URL, { code = '', message }: NodeJS.ErrnoException): BenchError => {
  const detail = `${base.origin} (${message})`;
  if (untrusted.has(code)) return new BenchError('STATION_UNTRUSTED', detail);
  if (code === 'EPROTO')
    return new BenchError('STATION_UNREACHABLE', `${base.origin} speaks no TLS`, {
      remedy: 'Call it by http://, or by host:port without --ca.',
    });
  const remedy =
    'Check its address and port, http or https, and that it runs with --http on an address that can be reached.';
  return new BenchError('STATION_UNREACHABLE', detail, { remedy });
};

const readAll = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length > longestAnswerBytes) throw new Error('its answer does not end');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** As the station threw it. */
const refusal = (base: URL, status: number, text: string): BenchError => {
  const {
    code = '',
    message = '',
    remedy = '',
  } = (parsed(text) ?? {}) as Partial<Record<'code' | 'message' | 'remedy', string>>;
  if (!(code in errorTable))
    return new BenchError(
      'STATION_UNREACHABLE',
      `${base.origin} answers HTTP ${status} ${code || 'and is no station'}`,
    );
  const known = code as ErrorCode;
  const meaning = `${errorTable[known].meaning}: `;
  return new BenchError(known, message.startsWith(meaning) ? message.slice(meaning.length) : message, { remedy });
};

export const openStationApi = ({ base, token, ca }: StationAddress): StationApi => {
  const open: StationApi['open'] = (path, options) => send('GET', path, options);
  const send = (method: string, path: string, { body, signal, withinMs = answerWithinMs, headers }: AskOptions = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const request = (base.protocol === 'https:' ? requestHttps : requestHttp)(
        new URL(`/api/v1${path}`, base),
        {
          method,
          agent: false,
          ...(ca === undefined ? {} : { ca }),
          ...(signal === undefined ? {} : { signal }),
          ...(withinMs === null ? {} : { timeout: withinMs }),
          headers: {
            authorization: `Bearer ${token}`,
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...headers,
          },
        },
        resolve,
      );
      request.setSocketKeepAlive(true, probeAfterMs);
      request.on('timeout', () => request.destroy(new Error(`no answer for ${withinMs} ms`)));
      request.on('error', (error) => reject(signal?.aborted ? signal.reason : connectionError(base, error)));
      request.end(text);
    });
  const textOf = async (response: IncomingMessage, signal?: AbortSignal): Promise<string> => {
    try {
      return await readAll(response);
    } catch (error) {
      throw signal?.aborted ? signal.reason : connectionError(base, error as NodeJS.ErrnoException);
    }
  };
  const checked = async (response: IncomingMessage, signal?: AbortSignal): Promise<IncomingMessage> => {
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    throw refusal(base, statusCode, await textOf(response, signal));
  };
  return {
    base,
    open: async (path, options) => checked(await open(path, options), options?.signal),
    ask: async (method, path, options = {}) => {
      const response = await checked(await send(method, path, options), options.signal);
      const text = await textOf(response, options.signal);
      return /json/.test(response.headers['content-type'] ?? '') &&
        !/ndjson/.test(response.headers['content-type'] ?? '')
        ? parsed(text)
        : text;
    },
  };
};

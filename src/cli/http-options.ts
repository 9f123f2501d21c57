/** The options of every verb that answers in a browser. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { BenchError } from '../errors.js';
import type { TlsFiles } from '../http/tls.js';

export interface HttpOptions {
  readonly http?: { readonly host: string; readonly port: number };
  readonly state: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export const whereToListen = (text: string): { readonly host: string; readonly port: number } => {
  const [, host = '127.0.0.1', port] = /^(?:(\d+\.\d+\.\d+\.\d+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError('a port, or address:port, such as 127.0.0.1:8420');
  return { host, port: Number(port) };
};

/** systemd gives a service its own; a person's is where the XDG base directories say. */
const stateDirectory = (): string =>
  process.env.STATE_DIRECTORY ?? join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'linkpulse');

export const withHttp = (command: Command): Command =>
  command
    .option('--http <[address:]port>', 'page and API, on loopback unless an address is named', whereToListen)
    .option('--state <folder>', 'tokens.json, audit.ndjson and what else must outlive this process', stateDirectory())
    .option('--tls-cert <file>', 'certificate for --http, PEM')
    .option('--tls-key <file>', 'its key, PEM');

/** Throws BenchError USAGE: one without the other. `warn` is told where tokens would travel readable. */
export const tlsOf = ({ http, tlsCert, tlsKey }: HttpOptions, warn: (text: string) => void): TlsFiles | undefined => {
  const tls = tlsCert === undefined || tlsKey === undefined ? undefined : { certificatePath: tlsCert, keyPath: tlsKey };
  if (tls === undefined && (tlsCert ?? tlsKey) !== undefined)
    throw new BenchError('USAGE', '--tls-cert and --tls-key go together');
  if (tls === undefined && !/^127\./.test(http?.host ?? ''))
    warn('tokens travel readable to everybody on that network: give --tls-cert and --tls-key');
  return tls;
};

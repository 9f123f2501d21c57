/**
 * One connection to the broker, MQTT 5, by mqtt.js, which connects again by itself. Sessions persist at the broker; what is
 * published here is not kept while there is no connection: whoever publishes keeps it until it is known to have arrived.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectSocket, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { IClientOptions, MqttClient } from 'mqtt';
import { BenchError } from '../errors.js';
import { type BrokerTerms, brokerAddress } from '../plan/fleet-terms.js';

export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

export interface BrokerOptions {
  /** One at a time at a broker: whoever comes second with it ends the first one's connection. */
  readonly clientId: string;
  readonly will?: { readonly topic: string; readonly payload: string };
  /** Filters, QoS 1; asked for again at every connection. */
  readonly subscribe: readonly string[];
  /** The next message is read when this has ended, so a slow reader fills the broker and not this process. Must not reject. */
  onMessage(message: BrokerMessage): Promise<void> | void;
  /** At every connection, when the subscriptions stand. */
  onConnected?(): void;
  /** Why there is none; told once for each cause until there is one again. */
  onDisconnected?(error: BenchError): void;
  readonly largestMessageBytes?: number;
  /** Path of a socket in the file system that leads to the broker; left out or null: by the network. */
  readonly through?: string | null;
  /** How long the broker keeps what comes for a reader that is away. */
  readonly sessionSeconds?: number;
}

export interface Broker {
  readonly isConnected: boolean;
  /**
   * QoS 1: resolves when the broker has acknowledged it. Throws BenchError BROKER_UNREACHABLE: there is no connection, or it ended
   * before; BROKER_REFUSED: this client may not write there.
   */
  publish(topic: string, payload: string, options?: { readonly retain?: boolean }): Promise<void>;
  /**
   * In order: nothing more is read, what was published is acknowledged, the broker is told (no last will), the socket closes. A broker
   * that hangs holds it up: bound it. `endsSession`: the broker keeps nothing for this client from now on.
   */
  close(options?: { readonly endsSession?: boolean }): Promise<void>;
}

/** Each client its own: two thousand stations do not come back in one moment. */
const reconnectMs = { least: 1_500, most: 2_500 };
const connectTimeoutMs = 10_000;
const keepAliveSeconds = 15;
const dayAsSeconds = 86_400;
const sessionTakenOver = 0x8e;

const fileOf = (path: string | null): Buffer | undefined => {
  if (path === null) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new BenchError('BROKER_REFUSED', `${path} cannot be read`, { cause: error });
  }
};

const optionsOf = (terms: BrokerTerms, options: BrokerOptions): IClientOptions => {
  const ca = fileOf(terms.caPath);
  const cert = fileOf(terms.certPath);
  const key = fileOf(terms.keyPath);
  const password = fileOf(terms.passwordPath)?.toString('utf8').trimEnd();
  return {
    protocolVersion: 5,
    clientId: options.clientId,
    clean: false,
    keepalive: keepAliveSeconds,
    reconnectPeriod: randomInt(reconnectMs.least, reconnectMs.most),
    reconnectOnConnackError: true,
    connectTimeout: connectTimeoutMs,
    resubscribe: false,
    queueQoSZero: false,
    properties: {
      sessionExpiryInterval: options.sessionSeconds ?? dayAsSeconds,
      maximumPacketSize: (options.largestMessageBytes ?? 1024 ** 2) + 1024,
    },
    ...(terms.username === null ? {} : { username: terms.username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(options.will === undefined
      ? {}
      : {
          will: {
            topic: options.will.topic,
            payload: Buffer.from(options.will.payload),
            qos: 1 as const,
            retain: true,
          },
        }),
  };
};

const streamThrough = (path: string, url: string, { ca, cert, key }: IClientOptions) => {
  const socket = connectSocket(path);
  if (!url.startsWith('mqtts:')) return socket;
  const [host] = brokerAddress(url);
  // A server's name is no address (RFC 6066, 3); the certificate must be for either.
  return connectTls({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}), ca, cert, key });
};

/** Returns at once; connects, and connects again, behind it. Throws BenchError BROKER_REFUSED: a file of the terms cannot be read. */
export const openBroker = async (terms: BrokerTerms, options: BrokerOptions): Promise<Broker> => {
  const { connect, MqttClient } = await import('mqtt');
  const { through = null } = options;
  const settings = optionsOf(terms, options);
  const client =
    through === null
      ? connect(terms.url, settings)
      : new MqttClient(() => streamThrough(through, terms.url, settings), settings);
  let told = '';
  const lost = (
    detail: string,
    code: 'BROKER_UNREACHABLE' | 'BROKER_REFUSED' | 'STATION_TWICE' = 'BROKER_UNREACHABLE',
  ) => {
    if (told === detail) return;
    told = detail;
    options.onDisconnected?.(new BenchError(code, `${terms.url}: ${detail}`));
  };
  // The library reads on when this calls back.
  client.handleMessage = ({ topic, payload }, next) => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    Promise.resolve(options.onMessage({ topic: topic.toString(), payload: bytes })).then(
      () => next(),
      () => next(),
    );
  };
  client.on('connect', () => {
    subscribe(client, options.subscribe).then(
      () => {
        told = '';
        options.onConnected?.();
      },
      (error: Error) => lost(`subscriptions refused (${error.message})`, 'BROKER_REFUSED'),
    );
  });
  client.on('error', (error) => {
    const isRefusal = 'code' in error && typeof error.code === 'number' && error.code >= 0x80;
    lost(error.message || String(error), isRefusal ? 'BROKER_REFUSED' : 'BROKER_UNREACHABLE');
  });
  // Brokers may say so; mosquitto 2.0 closes without a word.
  client.on('disconnect', ({ reasonCode }) => {
    if (reasonCode === sessionTakenOver) lost(`another client came as ${options.clientId}`, 'STATION_TWICE');
  });
  // Comes behind every error, too.
  client.on('close', () => {
    if (told === '') lost('no connection');
  });
  return {
    get isConnected() {
      return client.connected;
    },
    publish: async (topic, payload, { retain = false } = {}) => {
      if (!client.connected) throw new BenchError('BROKER_UNREACHABLE', terms.url);
      try {
        await client.publishAsync(topic, payload, { qos: 1, retain });
      } catch (error) {
        const isRefusal = error instanceof Error && 'code' in error && Number(error.code) >= 0x80;
        if (isRefusal)
          throw new BenchError('BROKER_REFUSED', `${terms.url}: ${topic} (${error.message})`, { cause: error });
        throw new BenchError('BROKER_UNREACHABLE', terms.url, { cause: error });
      }
    },
    close: async ({ endsSession = false } = {}) => {
      await client.endAsync(!client.connected, endsSession ? { properties: { sessionExpiryInterval: 0 } } : {});
    },
  };
};

const subscribe = async (client: MqttClient, filters: readonly string[]): Promise<void> => {
  if (filters.length > 0) await client.subscribeAsync([...filters], { qos: 1 });
};

/** How a verb reaches a plant's broker and its database: the same options everywhere. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { BenchError } from '../errors.js';
import { type DatabaseTerms, databaseUrl } from '../fleet/database.js';
import { stationName } from '../fleet/messages.js';
import { type BrokerTerms, brokerUrl } from '../plan/fleet-terms.js';

export interface BrokerOptions {
  readonly broker?: string;
  readonly brokerUsername?: string;
  readonly brokerPassword?: string;
  readonly brokerCa?: string;
  readonly brokerCert?: string;
  readonly brokerKey?: string;
}

const readUrl = (text: string): string => {
  if (brokerUrl.test(text)) return text;
  throw new InvalidArgumentError('a broker such as mqtts://broker.plant.example:8883');
};

export const withBroker = (command: Command): Command =>
  command
    .option('--broker <url>', 'mqtts://HOST:8883 or mqtt://HOST:1883', readUrl)
    .option('--broker-username <name>', 'as the broker knows this client')
    .option('--broker-password <file>', 'a file with its password')
    .option('--broker-ca <file>', 'certificate authority of the broker, PEM')
    .option('--broker-cert <file>', 'certificate of this client, PEM')
    .option('--broker-key <file>', 'its key, PEM');

/** undefined: none was named. */
export const brokerTermsOf = (options: BrokerOptions): BrokerTerms | undefined => {
  if (options.broker === undefined) return undefined;
  const path = (given: string | undefined) => (given === undefined ? null : resolve(given));
  return {
    url: options.broker,
    username: options.brokerUsername ?? null,
    passwordPath: path(options.brokerPassword),
    caPath: path(options.brokerCa),
    certPath: path(options.brokerCert),
    keyPath: path(options.brokerKey),
  };
};

/** What works on a whole plant. */
export interface PlantOptions extends BrokerOptions {
  readonly plant: string;
  readonly database: string;
  readonly databasePassword?: string;
}

const readPlant = (text: string): string => {
  // Plants are named as stations are.
  if (stationName.safeParse(text).success) return text;
  throw new InvalidArgumentError('a name without spaces');
};
const readDatabase = (text: string): string => {
  if (databaseUrl.test(text)) return text;
  throw new InvalidArgumentError('an address such as postgres://linkpulse@db.plant.example/plant');
};

export const withPlant = (command: Command): Command =>
  withBroker(command)
    .requiredOption('--plant <name>', 'as in the stations’ bench files', readPlant)
    .requiredOption('--database <url>', 'PostgreSQL, postgres://USER@HOST/NAME', readDatabase)
    .option('--database-password <file>', 'a file with its password; else PGPASSFILE, ~/.pgpass');

export const databaseTermsOf = ({ database: url, databasePassword }: PlantOptions): DatabaseTerms => ({
  url,
  passwordPath: databasePassword === undefined ? null : resolve(databasePassword),
});

/** Throws BenchError USAGE: no broker was named. */
export const plantTermsOf = (
  options: PlantOptions,
): { readonly broker: BrokerTerms; readonly database: DatabaseTerms } => {
  const broker = brokerTermsOf(options);
  if (broker === undefined) throw new BenchError('USAGE', 'name the broker: --broker mqtts://HOST:8883');
  return { broker, database: databaseTermsOf(options) };
};

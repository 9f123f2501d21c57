/** How a verb reaches the fleet's broker: the same options everywhere. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
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

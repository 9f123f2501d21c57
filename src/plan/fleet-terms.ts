/** The `fleet` section of a bench file: where a station tells what it does, and whose plans it takes. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { line, text } from './fields.js';

/** How to reach the broker. Paths are absolute; null: not given. */
export interface BrokerTerms {
  /** mqtt://host:1883 or mqtts://host:8883. */
  readonly url: string;
  readonly username: string | null;
  /** A file with the password, so that it stands in no bench file and no list of processes. */
  readonly passwordPath: string | null;
  /** PEM. The broker's certificate authority; this client's certificate and key. */
  readonly caPath: string | null;
  readonly certPath: string | null;
  readonly keyPath: string | null;
}

export interface FleetTerms {
  readonly broker: BrokerTerms;
  readonly plant: string;
  /** This station's own page, as others reach it. */
  readonly page: string | null;
  /** PEM: the public key (Ed25519) that signs the plant's plans; null: this station tests by its own. */
  readonly planKeyPath: string | null;
}

export const brokerUrl = /^mqtts?:\/\/[A-Za-z0-9.-]{1,253}(:\d{1,5})?$|^mqtts?:\/\/\[[0-9a-fA-F:]+\](:\d{1,5})?$/;

const usualPorts = { 'mqtt:': '1883', 'mqtts:': '8883' } as const;

/** Host and port. */
export const brokerAddress = (url: string): readonly [string, string] => {
  const { protocol, hostname, port } = new URL(url);
  return [hostname.replace(/^\[|\]$/g, ''), port || usualPorts[protocol === 'mqtts:' ? 'mqtts:' : 'mqtt:']];
};

export const fleetSection = () =>
  z
    .strictObject({
      broker: text(brokerUrl, 'a broker such as mqtts://broker.plant.example:8883'),
      plant: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name without spaces'),
      username: line(256).optional(),
      password: line(4096).optional(),
      ca: line(4096).optional(),
      cert: line(4096).optional(),
      key: line(4096).optional(),
      page: text(/^https?:\/\/\S{1,500}$/, 'an address such as https://station7.plant.example:8420/')
        .refine((page) => URL.canParse(page), 'must be an address such as https://station7.plant.example:8420/')
        .optional(),
      planKey: line(4096).optional(),
    })
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'needs cert and key together')
    .optional();

/** Relative paths start at `directory`. */
export const fleetTerms = (
  section: NonNullable<z.output<ReturnType<typeof fleetSection>>>,
  directory: string,
): FleetTerms => {
  const path = (given: string | undefined) => (given === undefined ? null : resolve(directory, given));
  return {
    broker: {
      url: section.broker,
      username: section.username ?? null,
      passwordPath: path(section.password),
      caPath: path(section.ca),
      certPath: path(section.cert),
      keyPath: path(section.key),
    },
    plant: section.plant,
    page: section.page ?? null,
    planKeyPath: path(section.planKey),
  };
};

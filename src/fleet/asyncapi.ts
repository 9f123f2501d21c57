/**
 * docs/fleet.asyncapi.json: topics and payloads of the fleet for other people's programs, AsyncAPI 3.0, as a station sees
 * them. Made of topics.ts and messages.ts; a test compares.
 */
import { z } from 'zod';
import {
  eventMessage,
  fleetSchema,
  planMessage,
  planSetMessage,
  portMessage,
  presenceMessage,
  receiptMessage,
  recordMessage,
  stateMessage,
} from './messages.js';
import { plantTopics } from './topics.js';

interface Channel {
  readonly address: string;
  readonly message: z.ZodType;
  /** What a station does with it. */
  readonly action: 'send' | 'receive';
  readonly retain: boolean;
  readonly summary: string;
}

const topics = plantTopics('{plant}');
const station = topics.station('{station}');
const outbox = 'From the outbox: sent again, to the byte, until a receipt covers it.';

const channels: Readonly<Record<string, Channel>> = {
  presence: {
    address: station.presence,
    message: presenceMessage,
    action: 'send',
    retain: true,
    summary: 'Also the last will: the broker says that the station is lost.',
  },
  state: { address: station.state, message: stateMessage, action: 'send', retain: true, summary: 'When it changes.' },
  port: {
    address: station.port('{port}'),
    message: portMessage,
    action: 'send',
    retain: true,
    summary: 'When it changes.',
  },
  record: { address: station.out('record'), message: recordMessage, action: 'send', retain: false, summary: outbox },
  plan: { address: station.out('plan'), message: planMessage, action: 'send', retain: false, summary: outbox },
  event: { address: station.out('event'), message: eventMessage, action: 'send', retain: false, summary: outbox },
  receipt: {
    address: station.receipts,
    message: receiptMessage,
    action: 'receive',
    retain: false,
    summary: 'From a collector, after the database has committed.',
  },
  planSet: {
    address: topics.planSet,
    message: planSetMessage,
    action: 'receive',
    retain: true,
    summary:
      'Published once by whoever holds the key; a station takes it where the signature is that of its bench file’s key.',
  },
};

const parameters: Readonly<Record<string, string>> = {
  plant: 'As in the bench file; without /, + and #',
  station: 'As in the bench file; without /, + and #',
  port: 'Of the bench file',
};

/** Draft 7 is what AsyncAPI's own schema objects are a superset of. */
const payloadOf = (message: z.ZodType): object => {
  const { $schema, title, description, ...schema } = z.toJSONSchema(message, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
  });
  return schema;
};

const mapped = <T>(value: (channel: Channel, name: string) => readonly [key: string, of: T]): Record<string, T> =>
  Object.fromEntries(Object.entries(channels).map(([name, channel]) => value(channel, name)));

export const fleetAsyncApi = (): object => ({
  asyncapi: '3.0.0',
  info: {
    title: 'The fleet of Linkpulse, as a station sees it',
    version: `${fleetSchema}.0.0`,
    description:
      'Generated from src/fleet/messages.ts; docs/fleet.md tells how it works. MQTT 5, QoS 1, JSON in UTF-8. Readers pass over fields that they do not know.',
  },
  defaultContentType: 'application/json',
  servers: {
    broker: { host: 'broker.plant.example:8883', protocol: 'secure-mqtt', protocolVersion: '5.0' },
  },
  channels: mapped(({ address }, name) => [
    name,
    {
      address,
      parameters: Object.fromEntries(
        [...address.matchAll(/\{(\w+)\}/g)].map(([, key = '']) => [key, { description: parameters[key] }]),
      ),
      messages: { [name]: { $ref: `#/components/messages/${name}` } },
    },
  ]),
  operations: mapped(({ action, retain, summary }, name) => [
    `${action}${name[0]?.toUpperCase()}${name.slice(1)}`,
    {
      action,
      summary,
      channel: { $ref: `#/channels/${name}` },
      messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
      bindings: { mqtt: { qos: 1, ...(action === 'send' ? { retain } : {}), bindingVersion: '0.2.0' } },
    },
  ]),
  components: {
    messages: mapped(({ message }, name) => {
      const { title, description } = z.toJSONSchema(message, {
        io: 'input',
        target: 'draft-7',
        unrepresentable: 'any',
      });
      return [
        name,
        { name: title, title, summary: description, contentType: 'application/json', payload: payloadOf(message) },
      ];
    }),
  },
});

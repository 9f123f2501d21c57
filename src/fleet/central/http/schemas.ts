/** Every shape of the plant's HTTP API, once: requests are checked by these and the OpenAPI document is generated from them. */
import { z } from 'zod';
import { portMessage, stateMessage } from '../../messages.js';

const moment = z.string().describe('ISO 8601, UTC');

export const live = z.object({
  id: z.number().int().describe('everything up to this message of the event stream is in here'),
  plant: z.string(),
  broker: z.object({ isConnected: z.boolean(), since: moment, cause: z.string() }),
  planSet: z
    .object({
      name: z.string(),
      version: z.number().int(),
      createdAt: moment,
      note: z.string(),
      sha256: z.string().describe('of the signed text'),
      key: z
        .string()
        .describe('SHA-256 of the public key that it names; whether it fits, each station tells by its own'),
      plans: z.array(z.string()).describe('paths'),
    })
    .nullable(),
  stations: z.array(
    z.object({
      station: z.string(),
      presence: z.enum(['online', 'stopped', 'lost']).nullable(),
      since: moment.nullable().describe('since when presence is what it is; null: lost before this process listened'),
      lastToldAt: moment.nullable().describe('the newest that the station wrote on anything, by its own clock'),
      state: stateMessage.nullable(),
      ports: z.array(portMessage),
    }),
  ),
});

export const health = z.object({
  status: z.enum(['ok', 'closing']),
  plant: z.string(),
  version: z.string(),
  broker: z.boolean().describe('connected'),
  stations: z.number().int().describe('known'),
});

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EventStreams } from './event-stream.js';
import type { Guarded } from './server.js';
import { apiVersion } from './shapes.js';

/** `GET /api/v1/events`, for viewers. */
export const registerEvents = (app: FastifyInstance, { need }: Guarded, streams: EventStreams): void => {
  app.withTypeProvider<ZodTypeProvider>().get(
    `/api/${apiVersion}/events`,
    {
      schema: {
        summary: 'What happens, as server-sent events; resumes after Last-Event-ID (or ?after=)',
        security: [{ token: [] }],
        querystring: z.strictObject({ after: z.coerce.number().int().min(0).optional() }),
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const resumed = Number(request.headers['last-event-id']);
      const after = Number.isInteger(resumed) && resumed > 0 ? resumed : (request.query.after ?? null);
      reply.hijack();
      streams.serve(reply.raw, after);
    },
  );
};

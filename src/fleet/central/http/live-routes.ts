import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { registerEvents } from '../../../http/event-route.js';
import { createEventStreams } from '../../../http/event-stream.js';
import type { Guarded } from '../../../http/server.js';
import { apiVersion, errorBody } from '../../../http/shapes.js';
import * as shape from './schemas.js';
import type { CentralParts } from './server.js';

export const registerLiveRoutes = (app: FastifyInstance, parts: CentralParts, guard: Guarded): void => {
  const { need } = guard;
  const { live, plant, version } = parts;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const base = `/api/${apiVersion}`;
  const guarded = { security: [{ token: [] }] };
  const failures = { '4xx': errorBody };
  const streams = createEventStreams(live, parts.clock);

  const health = async () => {
    const { broker, stations } = live.view();
    const status = parts.closing.aborted ? ('closing' as const) : ('ok' as const);
    return { status, plant, version, broker: broker.isConnected, stations: stations.length };
  };
  for (const path of [`${base}/health`, '/health'])
    routes.get(path, { schema: { summary: 'Whether the page lives', response: { 200: shape.health } } }, health);

  routes.get(
    `${base}/live`,
    { schema: { summary: 'All stations as they stand', ...guarded, response: { 200: shape.live, ...failures } } },
    async (request, reply) => {
      need(request, 'viewer');
      // Read by its schemas when it came: hundreds of stations are not read again for each browser.
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(live.view()) as never);
    },
  );
  registerEvents(app, guard, streams);
};

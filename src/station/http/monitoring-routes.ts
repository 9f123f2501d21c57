/** What machines ask: is it alive, can it take a phone, and the figures. At the root, where their tools look. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Guarded } from '../../http/server.js';
import { type FleetView, registerFleetMetrics } from '../fleet-metrics.js';
import { createMetrics } from '../metrics.js';
import { createReadiness } from '../readiness.js';
import * as shape from './schemas.js';
import type { HttpParts } from './server.js';

/** Told to anybody: no addresses, no words of others. */
const fleetOf = (fleet: FleetView) => {
  const { isConnected, waiting, missing, refused, problem } = fleet.status();
  return { isConnected, waiting: waiting + missing, refused, code: problem?.code ?? null };
};

export const registerMonitoring = (app: FastifyInstance, parts: HttpParts, { need }: Guarded): void => {
  const { desk, locks } = parts;
  const { ports } = desk;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const isLocked = (port: string) => locks.of(port) !== undefined;
  const supplies = () => parts.supplies.views();
  const metrics = createMetrics({ ports, station: parts.station, version: parts.version, isLocked, supplies });
  if (parts.fleet !== null) registerFleetMetrics(metrics.registry, parts.fleet, parts.clock);
  const forget = desk.onMessage(({ news }) => metrics.hear(news));
  app.addHook('onClose', async () => void forget());
  const readiness = createReadiness({ ...parts, ports, metrics });

  const health = async () => ({
    status: parts.closing.aborted ? ('closing' as const) : ('ok' as const),
    station: parts.station,
    version: parts.version,
    running: desk.view().ports.filter(({ running }) => running !== null).length,
    ports: [...ports],
    fleet: parts.fleet === null ? null : fleetOf(parts.fleet),
  });
  for (const path of [`/api/${shape.apiVersion}/health`, '/health'])
    routes.get(path, { schema: { summary: 'Whether the station lives', response: { 200: shape.health } } }, health);

  routes.get(
    '/ready',
    {
      schema: {
        summary: 'Whether a phone can be run on at least one port; 503 says why not. Needs no token',
        response: { 200: shape.readiness, 503: shape.readiness },
      },
    },
    async (_request, reply) => {
      const { isReady, reasons } = await readiness();
      const status = isReady ? ('ready' as const) : ('not-ready' as const);
      return reply.status(isReady ? 200 : 503).send({ status, reasons: [...reasons] });
    },
  );
  routes.get(
    '/metrics',
    {
      schema: {
        summary: 'Figures for Prometheus, as text; the list is docs/metrics.md',
        security: [{ token: [] }],
        response: { 200: { content: { 'text/plain': { schema: z.string() } } }, '4xx': shape.errorBody },
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const { text, contentType } = await metrics.expose();
      return reply.header('content-type', contentType).send(text);
    },
  );
};

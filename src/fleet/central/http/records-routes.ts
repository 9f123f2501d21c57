/** Past runs of the whole plant. Whoever may look may read them all. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Guarded } from '../../../http/server.js';
import { apiVersion, errorBody } from '../../../http/shapes.js';
import { asCsv, asJson } from '../records/export.js';
import * as shape from './schemas.js';
import type { CentralParts } from './server.js';

const forms = {
  csv: { write: asCsv, type: 'text/csv; charset=utf-8' },
  json: { write: asJson, type: 'application/json; charset=utf-8' },
} as const;

export const registerRecordsRoutes = (app: FastifyInstance, parts: CentralParts, { need }: Guarded): void => {
  const { records, live } = parts;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const base = `/api/${apiVersion}`;
  const guarded = { security: [{ token: [] }] };
  const failures = { '4xx': errorBody, '5xx': errorBody };

  routes.get(
    `${base}/runs`,
    {
      schema: {
        summary: 'Past runs, newest first, a page at a time',
        ...guarded,
        querystring: shape.searchPage,
        response: { 200: shape.foundRuns, ...failures },
      },
    },
    async (request) => {
      need(request, 'viewer');
      const { limit, after = null, ...search } = request.query;
      return z.parse(shape.foundRuns, await records.search(search, { limit, after }));
    },
  );
  routes.get(
    `${base}/runs.:form`,
    {
      schema: {
        summary: `All runs of a search as a file, ${shape.mostExported} at most`,
        ...guarded,
        params: z.strictObject({ form: z.enum(['csv', 'json']) }),
        querystring: shape.search,
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const { write, type } = forms[request.params.form];
      // What cannot be asked is told before anything is sent.
      const found = records.each(request.query, shape.mostExported);
      const first = await found.next();
      const whole = async function* () {
        if (first.done !== true) yield first.value;
        yield* found;
      };
      void reply.header('content-disposition', `attachment; filename="runs.${request.params.form}"`);
      return reply.type(type).send(Readable.from(write(whole())));
    },
  );
  routes.get(
    `${base}/statistics`,
    {
      schema: {
        summary: 'Yield and causes, counted as `linkpulse stats` counts',
        ...guarded,
        querystring: shape.search,
        response: { 200: shape.statistics, ...failures },
      },
    },
    async (request) => {
      need(request, 'viewer');
      return z.parse(shape.statistics, await records.statistics(request.query));
    },
  );
  routes.get(
    `${base}/runs/:station/:runId`,
    {
      schema: {
        summary: 'One run’s record, and where its evidence is',
        ...guarded,
        params: z.strictObject({ station: shape.station, runId: shape.runId }),
        response: { 200: shape.storedRun, ...failures },
      },
    },
    async (request) => {
      need(request, 'viewer');
      const { station, runId } = request.params;
      const found = await records.run(station, runId);
      return z.parse(shape.storedRun, { ...found, page: live.pageOf(station) });
    },
  );
};

/** Past runs: search, statistics, the files of one and what is made of them. Whoever may look may read them all. */
import { createReadStream, existsSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { BenchError } from '../../errors.js';
import type { Guarded } from '../../http/server.js';
import { pictureFileName } from '../../plan/prompt-pictures.js';
import { runFiles } from '../../records/record.js';
import { readRecord } from '../../records/run-folder.js';
import type { RecordsQuestion } from '../records/question.js';
import * as shape from './schemas.js';
import type { HttpParts } from './server.js';

const contentTypes: Readonly<Record<(typeof runFiles)[keyof typeof runFiles], string>> = {
  'record.json': 'application/json; charset=utf-8',
  'plan.yaml': 'text/yaml; charset=utf-8',
  'timeline.ndjson': 'application/x-ndjson; charset=utf-8',
  'capture.pcapng': 'application/x-pcapng',
  'report.html': 'text/html; charset=utf-8',
  'junit.xml': 'application/xml; charset=utf-8',
};

const pictureTypes: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg', svg: 'image/svg+xml' };
const typeOf = (file: string): string =>
  (contentTypes as Readonly<Record<string, string>>)[file] ??
  pictureTypes[file.slice(-3)] ??
  'application/octet-stream';

/** What a run can be downloaded as: how the file is named behind the run's id, and what it is. */
const handedOn = {
  pdf: { ending: '.pdf', type: 'application/pdf' },
  csv: { ending: '.csv', type: 'text/csv; charset=utf-8' },
  bundle: { ending: '.tar.gz', type: 'application/gzip' },
} as const;
type HandedOn = keyof typeof handedOn;

const withoutUndefined = <T extends object>(given: T) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

export const registerRecordsRoutes = (app: FastifyInstance, parts: HttpParts, { need }: Guarded): void => {
  const { runsDirectory, records } = parts;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const base = `/api/${shape.apiVersion}`;
  const guarded = { security: [{ token: [] }] };
  const failures = { '4xx': shape.errorBody };
  /** Bytes that are sent as they come: nothing is parsed on the station's loop (hence `never` in place of a shape). */
  const ask = async (question: RecordsQuestion, response: ServerResponse): Promise<never> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    return (await records.ask(question, gone.signal)) as never;
  };

  routes.get(
    `${base}/runs`,
    {
      schema: {
        summary: 'Past runs, newest first',
        ...guarded,
        querystring: shape.search,
        response: { 200: z.array(shape.indexedRun), ...failures },
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const answer = await ask({ kind: 'runs', search: withoutUndefined(request.query) }, reply.raw);
      return reply.type('application/json; charset=utf-8').send(answer);
    },
  );
  routes.get(
    `${base}/statistics`,
    {
      schema: {
        summary: 'Yield, causes, capability: what `linkpulse stats --json` prints',
        ...guarded,
        querystring: shape.statisticsQuery,
        response: { 200: shape.statistics, ...failures },
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const answer = await ask({ kind: 'statistics', request: withoutUndefined(request.query) }, reply.raw);
      return reply.type('application/json; charset=utf-8').send(answer);
    },
  );
  const ofRun = z.strictObject({ runId: shape.runId });
  routes.get(
    `${base}/runs/:runId`,
    { schema: { summary: 'One run’s record', ...guarded, params: ofRun } },
    async (request) => {
      need(request, 'viewer');
      return readRecord(join(runsDirectory, request.params.runId));
    },
  );
  // As the folder lies on the disk, so that a report's own links lead where they should.
  routes.get(
    `${base}/runs/:runId/:file`,
    {
      schema: {
        summary: 'One file of a run’s folder, such as report.html, or a picture that its operator was shown',
        ...guarded,
        params: ofRun.extend({ file: z.enum(runFiles).or(z.string().regex(pictureFileName)) }),
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const { runId, file } = request.params;
      const path = join(runsDirectory, runId, file);
      if (!existsSync(path)) throw new BenchError('RECORD_UNREADABLE', `${runId} has no ${file}`);
      // A run may have come in a bundle from anywhere: what its files hold runs nothing here.
      void reply.header(
        'content-security-policy',
        "sandbox allow-same-origin allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
      );
      return reply.type(typeOf(file)).send(createReadStream(path));
    },
  );
  routes.get(
    `${base}/runs/:runId/download/:form`,
    {
      schema: {
        summary: 'One run to hand on: certificate (pdf), measurements (csv), or evidence bundle',
        ...guarded,
        params: ofRun.extend({ form: z.enum(Object.keys(handedOn) as [HandedOn, ...HandedOn[]]) }),
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const { runId, form } = request.params;
      const { ending, type } = handedOn[form];
      const answer = await ask(
        form === 'bundle' ? { kind: 'bundle', runIds: [runId] } : { kind: 'report', runId, form },
        reply.raw,
      );
      void reply.header('content-disposition', `attachment; filename="${runId}${ending}"`);
      return reply.type(type).send(answer);
    },
  );
  routes.get(
    `${base}/downloads/evidence.tar.gz`,
    {
      schema: {
        summary: 'Evidence bundle of all runs that a search finds',
        ...guarded,
        querystring: shape.searchWithoutLimit,
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const answer = await ask({ kind: 'bundle-of', search: withoutUndefined(request.query) }, reply.raw);
      void reply.header('content-disposition', 'attachment; filename="evidence.tar.gz"');
      return reply.type(handedOn.bundle.type).send(answer);
    },
  );
  routes.get(
    `${base}/downloads/measurements.csv`,
    {
      schema: {
        summary: 'One row per measurement of all runs that a search finds',
        ...guarded,
        querystring: shape.searchWithoutLimit,
      },
    },
    async (request, reply) => {
      need(request, 'viewer');
      const answer = await ask({ kind: 'measurements', search: withoutUndefined(request.query) }, reply.raw);
      void reply.header('content-disposition', 'attachment; filename="measurements.csv"');
      return reply.type(handedOn.csv.type).send(answer);
    },
  );
};

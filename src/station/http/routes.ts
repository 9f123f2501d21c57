import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { BenchError } from '../../errors.js';
import { registerEvents } from '../../http/event-route.js';
import type { EventStreams } from '../../http/event-stream.js';
import type { Guarded } from '../../http/server.js';
import { registerLeaseRoutes } from './lease-routes.js';
import { registerMonitoring } from './monitoring-routes.js';
import { registerRecordsRoutes } from './records-routes.js';
import * as shape from './schemas.js';
import type { HttpParts } from './server.js';

export const registerRoutes = (app: FastifyInstance, parts: HttpParts, guard: Guarded, streams: EventStreams): void => {
  const { desk } = parts;
  const { need } = guard;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const base = `/api/${shape.apiVersion}`;
  const guarded = { security: [{ token: [] }] };
  const failures = { '4xx': shape.errorBody };

  registerMonitoring(app, parts, guard);
  registerRecordsRoutes(app, parts, guard);
  registerLeaseRoutes(app, parts, guard);

  routes.get(
    `${base}/view`,
    { schema: { summary: 'All ports as they stand', ...guarded, response: { 200: shape.view, ...failures } } },
    async (request) => {
      need(request, 'viewer');
      return z.parse(shape.view, { ...desk.view(), station: parts.station });
    },
  );
  registerEvents(app, guard, streams);

  routes.get(
    `${base}/plans`,
    { schema: { summary: 'Plans that can be run', ...guarded, response: { 200: z.array(shape.plan), ...failures } } },
    async (request) => {
      need(request, 'viewer');
      return parts.plans().map(({ name, title, model, hash, required }) => ({
        ...{ name, title, model, hash },
        required: [...required],
      }));
    },
  );
  routes.post(
    `${base}/ports/:port/run`,
    {
      schema: {
        summary: 'Arms the port and runs one phone; answers as soon as the run has its folder',
        ...guarded,
        params: z.strictObject({ port: shape.portName }),
        body: shape.runRequest,
        response: { 202: shape.runAccepted, ...failures },
      },
    },
    async (request, reply) => {
      const who = need(request, 'operator');
      const { port } = request.params;
      const plan = parts.plans().find(({ name }) => name === request.body.plan);
      if (plan === undefined)
        throw new BenchError(
          'PLAN_UNREADABLE',
          `no plan named ${request.body.plan}; there are: ${parts
            .plans()
            .map(({ name }) => name)
            .join(', ')}`,
        );
      const serial = request.body.serial ?? null;
      const labelMac = request.body.labelMac ?? null;
      const { lease } = request.body;
      if (lease !== undefined && parts.leases.held(lease)?.owner !== who.name)
        throw new BenchError('LEASE_ENDED', `${who.name} has none of that id`);
      parts.audit({
        action: 'run-started',
        who: who.name,
        from: request.ip,
        detail: { port, plan: plan.name, planHash: plan.hash, serial },
      });
      const runId = await new Promise<string>((resolve, reject) => {
        desk
          .run(
            {
              port,
              planPath: plan.path,
              faults: [],
              serial,
              labelMac,
              by: who.name,
              leases: lease === undefined ? [] : [lease],
            },
            { started: (run) => resolve(run.runId), event: () => {} },
            new AbortController().signal,
          )
          .catch(reject);
      });
      return reply.status(202).send({ port, runId });
    },
  );
  routes.post(
    `${base}/ports/:port/off`,
    {
      schema: {
        summary: 'Power off at once: ends the run on this port. Needs no token',
        params: z.strictObject({ port: shape.portName }),
        response: { 200: z.object({ port: z.string(), wasRunning: z.boolean() }), ...failures },
      },
    },
    async (request) => {
      const { port } = request.params;
      if (!desk.ports.includes(port))
        throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${desk.ports.join(', ')}`);
      const wasRunning = desk.abort(port, 'power off was asked for on the page');
      parts.audit({ action: 'power-off', who: 'anybody', from: request.ip, detail: { port, wasRunning } });
      return { port, wasRunning };
    },
  );

  routes.post(
    `${base}/ports/:port/answer`,
    {
      schema: {
        summary: 'Answers what the operator is asked on this port; whoever may start a run may answer',
        ...guarded,
        params: z.strictObject({ port: shape.portName }),
        body: shape.answerGiven,
        response: { 200: shape.answerTaken, ...failures },
      },
    },
    async (request) => {
      const who = need(request, 'operator');
      const { port } = request.params;
      const { runId, prompt, answer } = request.body;
      if (!desk.ports.includes(port))
        throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${desk.ports.join(', ')}`);
      const given = { runId, id: prompt, answer, by: who.name, where: 'page' } as const;
      parts.audit({ action: 'answered', who: who.name, from: request.ip, detail: { port, runId, prompt, answer } });
      if (!(await desk.answer(port, given)))
        throw new BenchError('NOT_ASKED', `"${prompt}" is not open in run ${runId} on ${port}`);
      return { port, runId };
    },
  );

  routes.post(
    `${base}/ports/:port/unlock`,
    {
      schema: {
        summary: 'Lets a port be armed again that was locked because its jack was not what it should be',
        ...guarded,
        params: z.strictObject({ port: shape.portName }),
        response: { 200: z.object({ port: z.string(), wasLocked: z.boolean() }), ...failures },
      },
    },
    async (request) => {
      const who = need(request, 'engineer');
      const { port } = request.params;
      if (!desk.ports.includes(port))
        throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${desk.ports.join(', ')}`);
      const lock = parts.locks.of(port);
      parts.audit({
        action: 'unlocked',
        who: who.name,
        from: request.ip,
        detail: { port, code: lock?.code ?? null, runId: lock?.runId ?? null },
      });
      return { port, wasLocked: parts.locks.unlock(port) };
    },
  );
};

/** Leases of ports and shared things: take, renew, look at, give back, and end somebody else's. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { BenchError } from '../../errors.js';
import type { Guarded } from '../../http/server.js';
import { type Lease, leasesView, type Thing } from '../leases.js';
import * as shape from './schemas.js';
import type { HttpParts } from './server.js';

export const registerLeaseRoutes = (app: FastifyInstance, parts: HttpParts, { need }: Guarded): void => {
  const { leases, desk, shared, audit } = parts;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const base = `/api/${shape.apiVersion}/leases`;
  const guarded = { security: [{ token: [] }] };
  const failures = { '4xx': shape.errorBody };

  const thingOf = ({
    port,
    shared: name,
  }: {
    readonly port?: string | undefined;
    readonly shared?: string | undefined;
  }): Thing => {
    if ((port === undefined) === (name === undefined)) throw new BenchError('USAGE', 'name a port or a shared thing');
    if (port !== undefined) {
      if (desk.ports.includes(port)) return { kind: 'port', name: port };
      throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${desk.ports.join(', ')}`);
    }
    if (name !== undefined && shared.includes(name)) return { kind: 'shared', name };
    throw new BenchError('SHARED_UNKNOWN', `"${name}"; there are: ${shared.join(', ') || 'none'}`);
  };
  const tell = (action: string, { ip }: FastifyRequest, who: string, thing: Thing) => {
    const lease = leases.of(thing);
    const { owner = null, purpose = null, until = null } = lease === undefined ? {} : leases.note(lease);
    audit({ action, who, from: ip, detail: { [thing.kind]: thing.name, owner, purpose, until } });
  };
  const told = (lease: Lease) => ({ id: lease.id, [lease.thing.kind]: lease.thing.name, ...leases.note(lease) });
  const mine = (id: string, owner: string): Lease => {
    const lease = leases.held(id);
    if (lease?.owner !== owner) throw new BenchError('LEASE_ENDED', `${owner} has none of that id`);
    return lease;
  };

  routes.get(
    base,
    {
      schema: {
        summary: 'Every port and shared thing: who has it, until when, who waits',
        ...guarded,
        response: { 200: shape.things, ...failures },
      },
    },
    async (request) => {
      need(request, 'viewer');
      return z.parse(shape.things, {
        ports: leasesView(leases, 'port', desk.ports),
        shared: leasesView(leases, 'shared', shared),
      });
    },
  );
  routes.post(
    base,
    {
      schema: {
        summary: 'Takes a port or a shared thing, in turn where waitMs is given; the same id again is the same lease',
        ...guarded,
        body: shape.leaseRequest,
        response: { 200: shape.lease, ...failures },
      },
    },
    async (request, reply) => {
      const who = need(request, 'operator');
      const { id, forMs, purpose, waitMs } = request.body;
      const asked = { id, thing: thingOf(request.body), owner: who.name, purpose, forMs };
      const isNew = leases.held(id) === undefined;
      const lease = await takeWithin(waitMs, asked, reply.raw);
      try {
        if (isNew) tell('leased', request, who.name, lease.thing);
      } catch (error) {
        leases.giveBack(id);
        throw error;
      }
      return told(lease);
    },
  );
  /** Whoever goes away waits no longer. */
  const takeWithin = async (
    waitMs: number,
    asked: Parameters<typeof leases.take>[0],
    response: NodeJS.EventEmitter,
  ) => {
    if (waitMs === 0) return leases.take(asked);
    const gone = new AbortController();
    const over = new AbortController();
    const alarm = parts.clock.alarm(waitMs, () => over.abort());
    response.once('close', () => gone.abort(new BenchError('INTERRUPTED', 'who asked for it went away')));
    try {
      return await leases.takeInTurn(asked, AbortSignal.any([gone.signal, over.signal, parts.closing]));
    } catch (error) {
      if (parts.closing.aborted) throw new BenchError('STATION_UNREACHABLE', 'it is closing');
      // Says who has it now.
      if (over.signal.aborted && !gone.signal.aborted) return leases.take(asked);
      throw error;
    } finally {
      alarm.cancel();
    }
  };

  const ofId = z.strictObject({ id: shape.leaseId });
  routes.get(
    `${base}/:id`,
    { schema: { summary: 'One’s own lease', ...guarded, params: ofId, response: { 200: shape.lease, ...failures } } },
    async (request) => told(mine(request.params.id, need(request, 'operator').name)),
  );
  routes.put(
    `${base}/:id`,
    {
      schema: {
        summary: 'Makes one’s own lease end so long from now',
        ...guarded,
        params: ofId,
        body: shape.leaseRenewal,
        response: { 200: shape.lease, ...failures },
      },
    },
    async (request) => told(leases.renew(request.params.id, need(request, 'operator').name, request.body.forMs)),
  );
  routes.delete(
    `${base}/:id`,
    {
      schema: {
        summary: 'Gives one’s own lease back; answers when the run that went on there is off and has its record',
        ...guarded,
        params: ofId,
        response: { 200: shape.leaseEnded, ...failures },
      },
    },
    async (request) => {
      const who = need(request, 'operator');
      const { id } = request.params;
      const lease = leases.held(id);
      if (lease?.owner !== who.name) return { wasHeld: false };
      tell('lease-ended', request, who.name, lease.thing);
      return { wasHeld: await leases.end(id, 'it was given back') };
    },
  );
  routes.delete(
    base,
    {
      schema: {
        summary:
          'Ends whosever lease of a port or a shared thing, as somebody at the bench may have to; power off first',
        ...guarded,
        querystring: z.strictObject({ port: shape.portName.optional(), shared: shape.portName.optional() }),
        response: { 200: shape.leaseEnded, ...failures },
      },
    },
    async (request) => {
      const who = need(request, 'operator');
      const thing = thingOf(request.query);
      tell('lease-ended', request, who.name, thing);
      return { wasHeld: await leases.endOf(thing, who.name) };
    },
  );
};

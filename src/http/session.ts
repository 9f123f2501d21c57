/**
 * Signing a browser in: the token becomes a cookie that no script can read, because EventSource sends no header and a page
 * should keep no secret. SameSite=Strict and the check of Origin keep other sites out.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { isBenchError } from '../errors.js';
import type { Guarded, ServerParts } from './server.js';
import * as shape from './shapes.js';

const yearSeconds = 31_536_000;

export const registerSession = (app: FastifyInstance, { tls }: Pick<ServerParts, 'tls'>, { need }: Guarded): void => {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const path = `/api/${shape.apiVersion}/session`;
  const nobody = { name: null, role: null };
  const keep = (reply: FastifyReply, token: string, seconds: number) =>
    reply.header(
      'set-cookie',
      `linkpulse=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${tls === undefined ? '' : '; Secure'}`,
    );

  routes.get(
    path,
    { schema: { summary: 'Who this browser is signed in as', response: { 200: shape.session } } },
    async (request) => {
      try {
        return need(request, 'viewer');
      } catch (error) {
        if (isBenchError(error)) return nobody;
        throw error;
      }
    },
  );
  routes.post(
    path,
    {
      schema: {
        summary: 'Signs this browser in',
        body: shape.signIn,
        response: { 200: shape.session, '4xx': shape.errorBody },
      },
    },
    async (request, reply) => {
      const { token } = request.body;
      const identity = need(request, 'viewer', token);
      void keep(reply, token, yearSeconds);
      return identity;
    },
  );
  routes.delete(
    path,
    { schema: { summary: 'Signs this browser out', response: { 200: shape.session } } },
    async (_request, reply) => {
      void keep(reply, '', 0);
      return nobody;
    },
  );
};

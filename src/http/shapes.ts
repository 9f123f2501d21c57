/** Shapes that every HTTP side of ours has. */
import { z } from 'zod';
import { roles } from './tokens.js';

export const apiVersion = 'v1';

export const errorBody = z.object({
  code: z.string().describe('stable, docs/errors.md'),
  message: z.string(),
  remedy: z.string(),
});

export const session = z.object({
  name: z.string().nullable().describe('null: nobody is signed in'),
  role: z.enum(roles).nullable(),
});
export const signIn = z.strictObject({ token: z.string().max(128) });

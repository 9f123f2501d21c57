import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isBenchError } from '../../errors.js';
import { loadPlan } from '../../plan/load-plan.js';
import type { ListedPlan } from './server.js';

/** The plans of a folder, by name; what is no plan (a bench file) or has mistakes is left out. */
export const plansOf = (folder: string): readonly ListedPlan[] =>
  readdirSync(folder)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .flatMap((file) => {
      const path = join(folder, file);
      try {
        const { plan, hash } = loadPlan(path);
        return [
          { name: plan.name, title: plan.title, model: plan.phone.model, hash, required: plan.identity.required, path },
        ];
      } catch (error) {
        if (isBenchError(error)) return [];
        throw error;
      }
    });

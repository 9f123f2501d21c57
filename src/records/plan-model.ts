import { parse } from 'yaml';

const known = new Map<string, string | null>();

/** The model that a recorded plan is for, also where the plan is none that this version would take. Read once a plan. */
export const planModel = ({ hash, text }: { readonly hash: string; readonly text: string }): string | null => {
  const before = known.get(hash);
  if (before !== undefined) return before;
  const model = modelIn(text);
  known.set(hash, model);
  return model;
};

const modelIn = (text: string): string | null => {
  try {
    const model: unknown = (parse(text) as { readonly phone?: { readonly model?: unknown } } | null)?.phone?.model;
    return typeof model === 'string' ? model : null;
  } catch {
    return null;
  }
};

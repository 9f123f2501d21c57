import type { ServiceFact } from '../timeline/events.js';

type Detail = ServiceFact['detail'];

export interface FactTeller {
  tell(action: string, detail?: Detail): void;
  /** Tells a fact the first time `key` comes with that action, so that a phone asking for ever does not fill the log. */
  once(action: string, key: string, detail?: Detail): void;
}

/** Distinct facts remembered per service; what comes later is told as one `further-facts-folded`. */
const maxRemembered = 256;

export const createFactTeller = (
  service: ServiceFact['service'],
  tell: (fact: ServiceFact) => void,
  limit: number = maxRemembered,
): FactTeller => {
  const told = new Set<string>();
  const say = (action: string, detail: Detail = {}): void => tell({ kind: 'service', service, action, detail });
  return {
    tell: say,
    once: (action, key, detail) => {
      const id = `${action}\n${key}`;
      if (told.has(id) || told.size > limit) return;
      told.add(id);
      if (told.size > limit) say('further-facts-folded', { after: limit });
      else say(action, detail);
    },
  };
};

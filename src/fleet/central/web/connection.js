/** Keeps a store in step with the plant. */
import { follow } from '/common/follow.js';

const kinds = ['station', 'port', 'port-gone', 'station-gone', 'plan-set', 'broker'];

/** `onState` 'online' or 'offline'. Returns what closes it. */
export const connect = (store, listeners) =>
  follow(store, { ...listeners, view: '/live', kinds, takeView: (view) => store.reset(view) });

import type { GpioEdge } from './gpio-lines.js';

/** Who is to be told of edges, and of the end. */
export const createGpioListeners = <Name extends string>() => {
  const onEdge = new Set<(edge: GpioEdge<Name>) => void>();
  const onLost = new Set<() => void>();
  return {
    edge: (edge: GpioEdge<Name>): void => {
      for (const listener of [...onEdge]) listener(edge);
    },
    lost: (): void => {
      const listeners = [...onLost];
      onLost.clear();
      for (const listener of listeners) listener();
    },
    onEdge: (listener: (edge: GpioEdge<Name>) => void) => {
      onEdge.add(listener);
      return () => void onEdge.delete(listener);
    },
    onLost: (listener: () => void) => {
      onLost.add(listener);
      return () => void onLost.delete(listener);
    },
    clear: (): void => {
      onEdge.clear();
      onLost.clear();
    },
  };
};

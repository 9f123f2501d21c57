/** What every page of ours does with its store and its address. */
import { useEffect, useState } from 'preact/hooks';

/** Draws again when the store has changed, every `drawnEveryMs` at the most. */
export const useStore = (store, drawnEveryMs) => {
  const [, draw] = useState(0);
  useEffect(() => {
    let timer = null;
    return store.onChange(() => {
      if (timer !== null) return;
      timer = setTimeout(() => {
        timer = null;
        draw((count) => count + 1);
      }, drawnEveryMs);
    });
  }, [store, drawnEveryMs]);
};

export const useHash = () => {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = () => setHash(location.hash);
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return hash;
};

/** `#token=...`, as the program prints it: used once and taken out of the address. */
export const tokenOfAddress = () => {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (token !== undefined) history.replaceState(null, '', location.pathname);
  return token;
};

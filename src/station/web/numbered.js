/** What the stores of our pages have in common: the number of the newest message that is in them, and who wants to know of changes. */
export const createNumbered = (apply) => {
  let id = 0;
  const listeners = new Set();
  return {
    get id() {
      return id;
    },
    /** From a view that holds everything up to message `viewId`. */
    begin: (viewId) => {
      id = viewId;
    },
    changed: () => {
      for (const listener of listeners) listener();
    },
    /** False: messages before it are missing, or it cannot be read; then the view is to be fetched anew. */
    message: (messageId, news) => {
      if (messageId <= id) return true;
      if (messageId > id + 1) return false;
      try {
        apply(news);
      } catch {
        return false;
      }
      id = messageId;
      return true;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

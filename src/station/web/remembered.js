/** What this browser remembers between visits; a browser that keeps nothing works all the same. */
const prefix = 'linkpulse.';

export const remembered = (name) => {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
};

export const remember = (name, value) => {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // Private windows may refuse.
  }
};

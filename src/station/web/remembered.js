/** What this browser remembers between visits; one that keeps nothing (a private window) remembers it until it is closed. */
const prefix = 'linkpulse.';
const here = new Map();

export const remembered = (name) => {
  if (here.has(name)) return here.get(name);
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
};

export const remember = (name, value) => {
  here.set(name, value);
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // It is kept here.
  }
};

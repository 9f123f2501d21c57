/**
 * A scanner types: a burst of keys ended by Enter. It is heard whatever has the focus: from its second key on nothing of a
 * burst reaches buttons and the like (a space would press them, Enter too), and a field that took keys gets its old value
 * back. A person is slower than the gap, or types fewer keys at such a pace. A letter that no other key comes close to, and
 * that goes into no field, is told as the event `loneLetter`: a key that a person pressed.
 */
export const loneLetter = 'lone-letter';
const longestGapMs = 60;
const fewestKeys = 6;
const aloneMs = 90;

const isText = (event) =>
  event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;

const hasValue = (element) => element !== null && 'value' in element && element.tagName !== 'BUTTON';

/** `onScan` gets what was read. Returns what stops listening. `target` is a window. */
export const listenForScans = (target, onScan) => {
  let text = '';
  let lastAt = Number.NEGATIVE_INFINITY;
  let field = null;
  let valueBefore = '';
  let lone;

  const restore = () => {
    if (field === null || field.value === valueBefore) return;
    field.value = valueBefore;
    field.dispatchEvent(new Event(field.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
  };
  const swallow = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  const onKeyDown = (event) => {
    clearTimeout(lone);
    const isQuick = event.timeStamp - lastAt <= longestGapMs;
    if (event.key === 'Enter' && isQuick && text.length >= fewestKeys) {
      swallow(event);
      restore();
      const read = text;
      text = '';
      lastAt = Number.NEGATIVE_INFINITY;
      onScan(read.trim());
      return;
    }
    if (!isText(event)) {
      // Shift comes before each capital letter.
      if (event.key !== 'Shift') text = '';
      return;
    }
    if (!isQuick || text === '') {
      field = hasValue(target.document.activeElement) ? target.document.activeElement : null;
      valueBefore = field?.value ?? '';
      text = event.key;
      const wasFree = event.timeStamp - lastAt > longestGapMs;
      if (field === null && wasFree)
        lone = setTimeout(() => target.dispatchEvent(new CustomEvent(loneLetter, { detail: event.key })), aloneMs);
    } else {
      text += event.key;
      // In a field quick keys may still be a typist's: they go in, and out again at the end of a scan.
      if (field === null) swallow(event);
    }
    lastAt = event.timeStamp;
  };
  const onKeyUp = (event) => {
    if (field === null && text.length > 1 && event.timeStamp - lastAt <= longestGapMs) swallow(event);
  };

  target.addEventListener('keydown', onKeyDown, true);
  target.addEventListener('keyup', onKeyUp, true);
  return () => {
    clearTimeout(lone);
    target.removeEventListener('keydown', onKeyDown, true);
    target.removeEventListener('keyup', onKeyUp, true);
  };
};

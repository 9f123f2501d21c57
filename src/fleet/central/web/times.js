/** Moments in the time of whoever looks: today's without the day. */
const two = (number) => String(number).padStart(2, '0');
const dayOf = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

export const moment = (iso, nowMs = Date.now()) => {
  if (iso === null || iso === undefined) return '–';
  const at = new Date(iso);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return dayOf(at) === dayOf(new Date(nowMs)) ? time : `${dayOf(at)} ${time}`;
};

/** `3 min`, `2 h`, `5 d`. */
export const ago = (iso, nowMs) => {
  const minutes = Math.max(0, (nowMs - Date.parse(iso)) / 60_000);
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
};

/** Of a record, in UTC as everywhere where runs are counted by days. */
export const utc = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;

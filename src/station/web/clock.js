import { useEffect, useState } from 'preact/hooks';

/** Milliseconds as seconds, or minutes and seconds: `8.3 s`, `1:07`. */
export const clock = (ms) => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
};

export const seconds = (us, digits = 2) => `${(us / 1e6).toFixed(digits)} s`;

/** The monotonic time of this browser, told anew each `everyMs` while `isOn`. */
export const useNow = (isOn, everyMs = 200) => {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => setNow(performance.now()), everyMs);
    return () => clearInterval(timer);
  }, [isOn, everyMs]);
  return isOn ? Math.max(now, 0) : now;
};

/** What a refused request says to an operator: in their language where it is one that they meet. */
import { t } from './texts.js';

const words = {
  UNREACHABLE: () => t('offline'),
  FORBIDDEN: () => t('refused.role'),
  UNAUTHORISED: () => t('refused.signedOut'),
  PLAN_UNREADABLE: () => t('refused.plan'),
  NOT_ASKED: () => t('refused.notAsked'),
  TOO_MANY_REQUESTS: () => t('refused.often'),
  USAGE: ({ scanned }) => t('refused.unreadable', { text: scanned }),
};

/** Of a run that had a seat at its port the stream tells why it came to nothing, and the port says so in giant letters. */
const beforeTheSeat = new Set([...Object.keys(words), 'PORT_BUSY', 'PORT_RESERVED', 'PORT_UNKNOWN', 'INTERRUPTED']);
export const isToldByThePort = ({ code }) => !beforeTheSeat.has(code);

/** `values`: `port` and `scanned`, what was read. */
export const refusalWords = ({ code, message }, values) => {
  if (code === 'PORT_RESERVED') return t('refused.reserved', { port: values.port });
  if (code === 'PORT_BUSY') return t('refused.busy', { port: values.port });
  return words[code]?.(values) ?? `${code}: ${message}`;
};

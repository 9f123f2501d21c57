import type { FactOf, TimelineEvent } from '../timeline/events.js';

/** Lines told, at most: a capture may hold days. */
const most = 40;

/** What the phone got on its way, from the facts of a timeline: addresses, files, registrations. */
export const phoneStory = (events: readonly TimelineEvent[]): readonly string[] => {
  const lines = events.flatMap(({ atUs, fact }) => {
    const words = wordsOf(fact);
    return words === undefined ? [] : [`${(atUs / 1e6).toFixed(2).padStart(9)} s  ${words}`];
  });
  return lines.length <= most ? lines : [...lines.slice(0, most), `... and ${lines.length - most} more`];
};

const wordsOf = (fact: TimelineEvent['fact']): string | undefined => {
  switch (fact.kind) {
    case 'dhcp':
      return leaseWords(fact);
    case 'tftp-end':
      return fileWords(fact);
    case 'sccp':
      if (fact.message === 'RegisterAck') return `registered (SCCP) with ${fact.server}`;
      if (fact.message === 'RegisterReject') return `registration refused by ${fact.server}: ${fact.fields.text ?? ''}`;
      return fact.message === 'Register'
        ? `asks ${fact.server} to register ${fact.fields.deviceName ?? ''}`
        : undefined;
    case 'sip':
      if (fact.purpose !== 'register' || fact.statusCode === null) return undefined;
      if (fact.statusCode < 300) return `registered (SIP) with ${fact.server}:${fact.port}`;
      return `registration answered ${fact.statusCode} ${fact.reason ?? ''} by ${fact.server}:${fact.port}`;
    default:
      return undefined;
  }
};

const leaseWords = ({
  messageType,
  yourAddress,
  serverIdentifier,
  tftpServers,
}: FactOf<'dhcp'>): string | undefined => {
  if (messageType === 'NAK') return `address refused by ${serverIdentifier ?? 'the server'}`;
  if (messageType !== 'ACK') return undefined;
  const files = tftpServers.length === 0 ? '' : `, TFTP ${tftpServers.join(', ')}`;
  return `address ${yourAddress} from ${serverIdentifier ?? 'a server'}${files}`;
};

const fileWords = ({ file, outcome, bytes, durationMs, errorMessage }: FactOf<'tftp-end'>): string => {
  if (outcome === 'complete') return `file ${file}, ${bytes} bytes in ${durationMs} ms`;
  return outcome === 'error'
    ? `file ${file} refused: ${errorMessage ?? ''}`
    : `file ${file} given up after ${bytes} bytes`;
};

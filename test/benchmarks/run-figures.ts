/** What one stored run says about the bench itself: how soon it answered the phone, and what it added to the phone's own time. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TimelineEvent } from '../../src/timeline/events.js';
import { readTimeline } from '../../src/timeline/log.js';
import { decodeEthernet } from '../../src/wire/ethernet.js';
import { decodeIpv4, decodeUdp } from '../../src/wire/ipv4.js';
import { readCapture } from '../../src/wire/pcapng.js';
import { decodeTftp } from '../../src/wire/tftp.js';

export const services = ['DHCP OFFER', 'DHCP ACK', 'TFTP block', 'SCCP RegisterAck', 'SCCP KeepAliveAck'] as const;
export type ServiceName = (typeof services)[number];

/** Milliseconds that the bench took, of a phone that came as far as each. */
export interface Added {
  /** Start of the run's log -> the first burst of link pulses is on the timeline (the board's relays move meanwhile). */
  readonly begin: number;
  /** What the phone waited for answers of ours, all of them. */
  readonly answers: number;
  /** The last thing a judge waited for -> the board has switched off. */
  readonly off: number;
  /** The board says that the jack is safe -> the record with its verdict is on the disk. */
  readonly record: number;
}

export interface RunFigures {
  readonly added: Added | undefined;
  readonly answers: readonly { readonly service: ServiceName; readonly ms: number }[];
}

type Answer = RunFigures['answers'][number];

const answersTo: Readonly<Record<string, readonly [reply: string, service: ServiceName]>> = {
  DISCOVER: ['OFFER', 'DHCP OFFER'],
  REQUEST: ['ACK', 'DHCP ACK'],
  Register: ['RegisterAck', 'SCCP RegisterAck'],
  KeepAlive: ['KeepAliveAck', 'SCCP KeepAliveAck'],
};

const wordOf = ({ fact }: TimelineEvent): { readonly from: string; readonly word: string } | undefined => {
  if (fact.kind === 'dhcp') return { from: fact.from, word: fact.messageType };
  return fact.kind === 'sccp' ? { from: fact.from, word: fact.message } : undefined;
};

/** From a phone's message to the answer of ours that follows it. */
const spoken = (events: readonly TimelineEvent[]): readonly Answer[] => {
  const asked = new Map<string, { readonly service: ServiceName; readonly atUs: number }>();
  return events.flatMap((event) => {
    const said = wordOf(event);
    if (said === undefined) return [];
    const [reply, service] = answersTo[said.word] ?? [];
    if (said.from === 'phone' && reply !== undefined && service !== undefined)
      asked.set(reply, { service, atUs: event.atUs });
    const question = said.from === 'phone' ? undefined : asked.get(said.word);
    if (question === undefined) return [];
    asked.delete(said.word);
    return [{ service: question.service, ms: (event.atUs - question.atUs) / 1000 }];
  });
};

/** From a request or an acknowledgement to the block that follows; the capture has every packet. */
const transferred = (capture: Uint8Array): readonly Answer[] => {
  const askedAt = new Map<string, number>();
  const answers: Answer[] = [];
  for (const { bytes, timestampUs } of readCapture(capture).frames) {
    const frame = decodeEthernet(bytes);
    const packet = frame === undefined ? undefined : decodeIpv4(frame.payload);
    const udp = packet === undefined || packet.protocol !== 17 ? undefined : decodeUdp(packet.payload);
    const opcode = udp === undefined ? undefined : decodeTftp(udp.payload)?.opcode;
    if (packet === undefined || udp === undefined) continue;
    if (opcode === 'RRQ' || opcode === 'ACK') askedAt.set(`${packet.source}:${udp.sourcePort}`, timestampUs);
    const client = `${packet.destination}:${udp.destinationPort}`;
    const since = opcode === 'DATA' || opcode === 'ERROR' || opcode === 'OACK' ? askedAt.get(client) : undefined;
    if (since === undefined) continue;
    askedAt.delete(client);
    answers.push({ service: 'TFTP block', ms: (timestampUs - since) / 1000 });
  }
  return answers;
};

const addedBy = (
  events: readonly TimelineEvent[],
  answers: readonly Answer[],
  recordWrittenUs: number,
): Added | undefined => {
  const first = (kind: string) => events.find(({ fact }) => fact.kind === kind)?.atUs;
  const [burst, off, safe] = [first('flp-burst'), first('power-off'), first('jack-safe')];
  if (burst === undefined || off === undefined || safe === undefined) return undefined;
  const decided = events.findLast(
    ({ fact, atUs }) => atUs < off && (fact.kind === 'time' || ('from' in fact && fact.from === 'phone')),
  );
  return {
    begin: burst / 1000,
    answers: answers.reduce((sum, { ms }) => sum + ms, 0),
    off: (off - (decided?.atUs ?? off)) / 1000,
    record: (recordWrittenUs - safe) / 1000,
  };
};

export const figuresOf = async (folder: string): Promise<RunFigures> => {
  const { meta, events } = await readTimeline(join(folder, 'timeline.ndjson'));
  const answers = [...spoken(events), ...transferred(readFileSync(join(folder, 'capture.pcapng')))];
  const writtenUs = (statSync(join(folder, 'record.json')).ctimeMs - Date.parse(meta.startedAt)) * 1000;
  return { answers, added: addedBy(events, answers, writtenUs) };
};

export const percentile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
};

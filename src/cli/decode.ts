import { decodeFile } from '../decode/decode-file.js';
import type { DecodedMessage } from '../decode/decoder.js';
import { jsonLine } from '../decode/json-line.js';
import { protocols } from '../decode/messages.js';
import { BenchError } from '../errors.js';
import { wordsOf } from './decode-words.js';
import { LinePieces } from './line-pieces.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb } from './verb.js';

interface DecodeOptions {
  readonly json: boolean;
  readonly protocol?: readonly string[];
}

export const registerDecode: RegisterVerb = (program, { composition: { terminal } }) => {
  program
    .command('decode')
    .description('every CDP, LLDP, DHCP, TFTP, SCCP and SIP message of a capture file')
    .argument('<file>', 'pcap or pcapng, gzip or not; - reads standard input')
    .option('--json', 'one JSON object a line (docs/decode.md) instead of text', false)
    .option('--protocol <name...>', `these protocols only: ${protocols.join(', ')}`)
    .action((file: string, options: DecodeOptions) => decodeVerb(terminal, file, options));
};

const known = (name: string): string => {
  const found = protocols.find((each) => each === name.toLowerCase());
  if (found !== undefined) return found;
  throw new BenchError('USAGE', `no protocol "${name}"; there are ${protocols.join(', ')}`);
};

const decodeVerb = async (terminal: Terminal, file: string, { json, protocol }: DecodeOptions): Promise<void> => {
  const wanted = protocol === undefined ? undefined : new Set(protocol.flatMap((names) => names.split(',')).map(known));
  const lineOf = json ? jsonLine : textLines(terminal);
  const pieces = new LinePieces();
  let last = 0;
  let count = 0;
  const tell = (message: DecodedMessage) => {
    if (wanted !== undefined && !wanted.has(message.protocol)) return;
    pieces.add(lineOf(message));
    count++;
  };
  const goOn = async (): Promise<boolean> => {
    for (const piece of pieces.take()) if (!(await terminal.bulk(piece))) return false;
    return true;
  };
  const { frames, malformed } = await decodeFile(file, tell, goOn);
  last = frames;
  if (malformed !== undefined && json) pieces.add(JSON.stringify({ frame: last + 1, protocol: 'file', malformed }));
  for (const piece of pieces.take(true)) await terminal.bulk(piece);
  if (malformed !== undefined)
    terminal.error(
      terminal.paint(
        'red',
        `${file === '-' ? 'standard input' : file} is damaged at byte ${malformed.offset}: ${malformed.reason}; read up to frame ${last}`,
      ),
    );
  if (!json) terminal.line(terminal.paint('grey', `${count} messages in ${frames} frames`));
};

/** Time from the first message on, so that steps can be seen. */
const textLines = ({ paint }: Terminal): ((message: DecodedMessage) => string) => {
  let startUs: number | undefined;
  return (message) => {
    startUs ??= message.timestampUs;
    const seconds = ((message.timestampUs - startUs) / 1e6).toFixed(6);
    const { source = '', destination = '', vlan, malformed } = message;
    const ends = destination === '' ? source : `${source} > ${destination}`;
    const tag = vlan === undefined ? '' : ` vlan ${vlan.join('.')}`;
    const damage = malformed === undefined ? '' : paint('red', `  [byte ${malformed.offset}: ${malformed.reason}]`);
    const head = `${String(message.frame).padStart(6)} ${seconds.padStart(12)} ${paint('grey', `${ends}${tag}`.padEnd(46))}`;
    return `${head} ${paint('bold', message.protocol.padEnd(4))} ${wordsOf(message)}${damage}`;
  };
};

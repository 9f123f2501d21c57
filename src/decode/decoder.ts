import { hasDhcpCookie } from '../wire/dhcp.js';
import { macToText } from '../wire/ethernet.js';
import { ipv6ToText } from '../wire/ipv6.js';
import { sccpCanBe, sccpMessageName } from '../wire/sccp.js';
import { createLayers, type Findings } from './layers.js';
import { LinkWalker } from './link-walker.js';
import { type MessageFields, type Protocol, readCdp, readDhcp, readLldp, readSccp, readTftp } from './messages.js';
import { isSipStart, readSipHead } from './sip.js';
import { TcpStreams } from './tcp-streams.js';
import { isTftpRequest, TftpConversations } from './tftp-conversations.js';

/** One line of `decode --json`. */
export interface DecodedMessage extends MessageFields {
  readonly frame: number;
  /** Microseconds since 1970. */
  readonly timestampUs: number;
  readonly protocol: Protocol;
  readonly vlan?: readonly number[] | undefined;
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
}

export interface CapturedBytes {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly originalLength: number;
  readonly timestampUs: number;
  readonly linkType: number;
}

const ports = { tftp: 69, sip: 5060, dhcpServer: 67, dhcpClient: 68, bootServer: 4011 } as const;
/** Texts of addresses kept, so that a busy address is spelt once. */
const mostTexts = 4096;

/** Frames in, messages out, in the order of the frames. Bytes never make it throw, hang or grow. */
export class Decoder implements Findings {
  readonly #tell: (message: DecodedMessage) => void;
  readonly #layers = createLayers();
  readonly #walker = new LinkWalker(this.#layers, this);
  readonly #tftp = new TftpConversations();
  readonly #tcp: TcpStreams;
  readonly #addressTexts = new Map<string, string>();

  constructor(tell: (message: DecodedMessage) => void) {
    this.#tell = tell;
    this.#tcp = new TcpStreams(this.#layers, {
      sccp: (ends, bytes, at, end, missing) => this.#told('sccp', ends, readSccp(bytes.subarray(at, end), missing)),
      sip: (ends, bytes, at, end, missing) => this.#sip(ends, bytes, at, end, missing),
      isSccpMessage: (id) => sccpMessageName(id) !== 'unknown',
      canBeSccp: sccpCanBe,
      ends: (source, destination) => this.#ends(source, destination),
    });
  }

  /** `number`: 1-based, in the file. */
  frame({ bytes, start, end, originalLength, timestampUs, linkType }: CapturedBytes, number: number): void {
    this.#layers.number = number;
    this.#layers.timestampUs = timestampUs;
    this.#walker.walk(linkType, bytes, start, end, Math.max(originalLength - (end - start), 0));
  }

  /** To be called behind the last frame. */
  end(): void {
    this.#tcp.end();
  }

  cdp(bytes: Buffer, at: number, end: number, missing: number): void {
    this.#told('cdp', this.#macs(), readCdp(bytes.subarray(at, end), missing));
  }

  lldp(bytes: Buffer, at: number, end: number, missing: number): void {
    this.#told('lldp', this.#macs(), readLldp(bytes.subarray(at, end), missing));
  }

  tcp(bytes: Buffer, at: number, payloadAt: number, end: number, missing: number): void {
    if (!this.#layers.quoted) this.#tcp.segment(bytes, at, payloadAt, end, missing);
  }

  udp(source: number, destination: number, bytes: Buffer, at: number, end: number, missing: number): void {
    if (this.#isTftp(source, destination, bytes, at, end)) {
      const fields = readTftp(bytes.subarray(at, end), missing);
      if (fields === undefined) return;
      this.#told('tftp', this.#ends(source, destination), fields);
    } else if (isDhcp(source, destination, bytes, at, end)) {
      this.#told('dhcp', this.#ends(source, destination), readDhcp(bytes.subarray(at, end), missing));
    } else if (isSipStart(bytes, at, end)) {
      const isOwnPort = source === ports.sip || destination === ports.sip;
      this.#sip(this.#ends(source, destination), bytes, at, end, missing, isOwnPort);
    }
  }

  /** Of a message that the capture cut tshark shows the headers only on a port that is not SIP's. */
  #sip(ends: Ends, bytes: Buffer, at: number, end: number, missing: number, isOwnPort = true): void {
    const head = readSipHead(bytes, at, end);
    const { method, statusCode, requestUri, malformed, ...headers } = head;
    const first = { method, statusCode, requestUri };
    const damage = { offset: end - at, reason: `the capture lacks the last ${missing} bytes` };
    if (missing > 0 && isOwnPort) {
      this.#told('sip', ends, { ...first, cut: headers, malformed: damage });
      return;
    }
    const { from, to, callId, cseq, contact, expires, userAgent, via } = headers;
    const told = { ...first, from, to, callId, cseq, contact, expires, userAgent, via };
    this.#told('sip', ends, { ...told, malformed: missing > 0 ? damage : malformed });
  }

  #isTftp(source: number, destination: number, bytes: Buffer, at: number, end: number): boolean {
    if (isTftpRequest(bytes, at, end)) {
      this.#tftp.open(this.#addressText(0), source, this.#addressText(1));
      return true;
    }
    if (destination === ports.tftp || source === ports.tftp) return true;
    return !this.#tftp.isEmpty && this.#tftp.has(this.#addressText(0), source, this.#addressText(1), destination);
  }

  /** Of the innermost IP header: 0 the source, 1 the destination. */
  #addressText(which: 0 | 1): string {
    const { addresses, addressesAt, addressLength } = this.#layers;
    const at = addressesAt + which * addressLength;
    const key = addresses.toString('latin1', at, at + addressLength);
    const known = this.#addressTexts.get(key);
    if (known !== undefined) return known;
    const bytes = addresses.subarray(at, at + addressLength);
    const text = addressLength === 4 ? bytes.join('.') : ipv6ToText(bytes);
    return this.#remember(key, text);
  }

  #remember(key: string, text: string): string {
    if (this.#addressTexts.size >= mostTexts) this.#addressTexts.clear();
    this.#addressTexts.set(key, text);
    return text;
  }

  #ends(sourcePort: number, destinationPort: number): Ends {
    const [source, destination] = [this.#addressText(0), this.#addressText(1)];
    if (this.#layers.addressLength === 4)
      return { source: `${source}:${sourcePort}`, destination: `${destination}:${destinationPort}` };
    return { source: `[${source}]:${sourcePort}`, destination: `[${destination}]:${destinationPort}` };
  }

  #macs(): Partial<Ends> {
    const { sourceMacAt, destinationMacAt } = this.#layers;
    return {
      ...(sourceMacAt >= 0 && { source: this.#macText(sourceMacAt) }),
      ...(destinationMacAt >= 0 && { destination: this.#macText(destinationMacAt) }),
    };
  }

  #macText(at: number): string {
    const { frame } = this.#layers;
    const key = frame.toString('latin1', at, at + 6);
    return this.#addressTexts.get(key) ?? this.#remember(key, macToText(frame.subarray(at, at + 6)));
  }

  #told(protocol: Protocol, ends: Partial<Ends>, fields: MessageFields | undefined): void {
    if (fields === undefined) return;
    const { number, timestampUs, vlans, quoted } = this.#layers;
    const { source, destination } = ends;
    const vlan = vlans.length === 0 ? undefined : [...vlans];
    this.#tell({
      frame: number,
      timestampUs,
      protocol,
      vlan,
      source,
      destination,
      ...(quoted && { quoted }),
      ...fields,
    });
  }
}

/** On the port of boot servers only what has DHCP's cookie is DHCP. */
function isDhcp(source: number, destination: number, bytes: Buffer, at: number, end: number): boolean {
  const is = (port: number) => source === port || destination === port;
  if (is(ports.bootServer)) return hasDhcpCookie(bytes, at, end);
  return end > at && (is(ports.dhcpServer) || is(ports.dhcpClient));
}

interface Ends {
  readonly source: string;
  readonly destination: string;
}

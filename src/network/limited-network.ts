import type { IpAttachment, PortNetwork } from './ip-attachment.js';
import { openLimitedAttachment } from './limited-attachment.js';
import { type LimitedLinkOptions, openLimitedLink } from './limited-link.js';

export interface LimitedNetworkOptions extends LimitedLinkOptions {
  /** Added to service ports below 30000, so that no port needs root. */
  readonly portOffset: number;
}

/** Told in every record of such a run. */
const notProven: readonly string[] = [
  'the voice VLAN as a network stack tags it: tags are read and written by the bench and the simulated phone themselves',
  'Ethernet, IP and UDP headers of DHCP answers: written by the bench, not by a network stack',
  'Ethernet, IP, UDP and TCP headers of TFTP and CallManager traffic: it runs over loopback, its frames are made up for the capture',
  'TCP handshake, refusal and retransmission: a refused connection is accepted and reset',
  'ARP: nobody asks for a hardware address',
  'sockets bound to one interface, and broadcasts on it',
  'link carrier: the simulated phone tells it',
];

/**
 * The network of a simulated phone where network namespaces are forbidden: frames over a Unix socket, UDP and TCP over
 * loopback.
 *
 * @throws BenchError NETWORK_FAILED
 */
export const openLimitedNetwork = async (options: LimitedNetworkOptions): Promise<PortNetwork> => {
  const link = await openLimitedLink(options);
  const attachments = new Set<IpAttachment>();
  let closed: Promise<void> | undefined;
  return {
    link,
    limited: notProven,
    isBenchSide: (mac) => mac === link.macAddress,
    attach: async (attachOptions) => {
      const attachment = openLimitedAttachment(link, options.portOffset, attachOptions);
      attachments.add(attachment);
      return attachment;
    },
    close: () => {
      closed ??= (async () => {
        await Promise.all([...attachments].map((attachment) => attachment.close()));
        await link.close();
      })();
      return closed;
    },
  };
};

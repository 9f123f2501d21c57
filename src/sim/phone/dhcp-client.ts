import { type DhcpMessageType, dhcpOptions } from '../../wire/dhcp.js';
import { decodeEthernet, etherTypes } from '../../wire/ethernet.js';
import { decodeArp, encodeArp, ipv4ToNumber } from '../../wire/ipv4.js';
import type { PhoneWire } from '../contracts.js';
import { type DhcpReply, dhcpFrame, readDhcpReply, unspecifiedAddress } from './dhcp-frames.js';
import type { Lifetime } from './lifetime.js';
import { Mailbox } from './mailbox.js';
import type { PhoneIdentity } from './phone-identity.js';
import type { PhoneLog } from './phone-log.js';
import { broadcastMac, isOnVlan, phoneFrame } from './tagged-frame.js';

/** REQUESTs without an answer before the phone discovers again. */
const requestAttempts = 3;
/** How long an address probe listens, as a share of the DISCOVER period (a real phone's is not known). */
const probeShareOfRetry = 0.1;
const renewalShare = 0.5;
const infiniteLeaseSeconds = 0xffffffff;
const defaultLeaseSeconds = 86_400;
const minLeaseSeconds = 2;
/** The longest delay a timer of the system takes. */
const maxTimerMs = 2 ** 31 - 1;
const defaultMask = '255.255.255.0';
const dottedAddress = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const unknownMac = '00:00:00:00:00:00';

export interface Lease {
  readonly address: string;
  readonly prefixLength: number;
  readonly router: string | null;
  readonly tftpServer: string;
  readonly server: string;
  readonly serverMac: string;
  readonly leaseSeconds: number;
}

export interface DhcpClientOptions {
  readonly wire: PhoneWire;
  readonly life: Lifetime;
  readonly identity: PhoneIdentity;
  readonly vlan: number | null;
  readonly retryMs: number;
  readonly parameterRequestList: readonly number[];
  /** IP source of the first DISCOVER: the lease from before, kept through power cycles. */
  readonly previousAddress: string | undefined;
  readonly log: PhoneLog;
}

/** One DHCP client on one VLAN, living as long as `life`. */
export interface DhcpClient {
  /** Tries for ever. The lease's address is probed and announced, but nobody has attached it yet. */
  acquire(): Promise<Lease>;
  /** Renews at half time by unicast; resolves when the lease is lost (NAK, or it ran out). */
  keep(lease: Lease): Promise<void>;
}

/**
 * Where to find files: option 150, else 66, else siaddr; an option counts only if the phone asked for it. An option 150
 * that is not binary makes the whole answer unusable (protocol facts 5.3).
 */
const tftpServerOf = ({ message }: DhcpReply, asked: readonly number[]): string | undefined => {
  if (asked.includes(dhcpOptions.tftpServers) && message.options.some(({ code }) => code === dhcpOptions.tftpServers)) {
    return message.tftpServers?.[0];
  }
  const name = asked.includes(dhcpOptions.tftpServerName) ? message.tftpServerName : undefined;
  if (name !== undefined && dottedAddress.test(name)) return name;
  return message.serverAddress === unspecifiedAddress ? undefined : message.serverAddress;
};

const prefixLengthOf = (mask: string): number => ipv4ToNumber(mask).toString(2).replaceAll('0', '').length;

/** undefined: not an answer a phone can live with. */
const leaseOf = (reply: DhcpReply, asked: readonly number[]): Lease | undefined => {
  const { message, serverMac } = reply;
  const tftpServer = tftpServerOf(reply, asked);
  const server = message.serverIdentifier;
  if (tftpServer === undefined || server === undefined || message.yourAddress === unspecifiedAddress) return undefined;
  return {
    address: message.yourAddress,
    prefixLength: prefixLengthOf(message.subnetMask ?? defaultMask),
    router: message.routers?.[0] ?? null,
    tftpServer,
    server,
    serverMac,
    leaseSeconds: Math.max(minLeaseSeconds, message.leaseSeconds ?? defaultLeaseSeconds),
  };
};

export const createDhcpClient = (options: DhcpClientOptions): DhcpClient => {
  const { wire, life, identity, vlan, retryMs, parameterRequestList, log } = options;
  const replies = new Mailbox<DhcpReply>(life);
  const arps = new Mailbox<{ readonly mac: string; readonly address: string }>(life);
  let sourceAddress = options.previousAddress ?? unspecifiedAddress;

  life.onEnd(
    wire.onFrame((frame) => {
      const reply = readDhcpReply(frame, identity, vlan);
      if (reply !== undefined) return replies.push(reply);
      const ethernet = decodeEthernet(frame);
      if (ethernet?.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.arp) return;
      const arp = isOnVlan(ethernet, vlan) ? decodeArp(ethernet.payload) : undefined;
      if (arp !== undefined) arps.push({ mac: arp.senderMac, address: arp.senderAddress });
    }),
  );

  const send = (type: DhcpMessageType, more: Partial<Parameters<typeof dhcpFrame>[0]> = {}): void => {
    log('dhcp', type, { source: sourceAddress, vlan, ...more.chosen });
    wire.sendFrame(dhcpFrame({ identity, vlan, parameterRequestList, type, sourceAddress, ...more }));
  };

  const discover = async (): Promise<Lease> => {
    for (;;) {
      replies.clear();
      send('DISCOVER');
      const offer = await replies.first(retryMs, (reply) =>
        reply.message.messageType === 'OFFER' ? leaseOf(reply, parameterRequestList) : undefined,
      );
      if (offer !== undefined) return offer;
    }
  };

  /** undefined: refused, or not answered. */
  const request = async (offer: Lease): Promise<Lease | undefined> => {
    for (let attempt = 0; attempt < requestAttempts; attempt += 1) {
      send('REQUEST', { chosen: { address: offer.address, server: offer.server } });
      const answer = await replies.first(retryMs, (reply) => {
        if (reply.message.messageType === 'NAK') return { lease: undefined };
        const lease = reply.message.messageType === 'ACK' ? leaseOf(reply, parameterRequestList) : undefined;
        return lease === undefined ? undefined : { lease };
      });
      if (answer === undefined) continue;
      if (answer.lease === undefined) {
        log('dhcp', 'refused', { address: offer.address });
        sourceAddress = unspecifiedAddress;
        await life.sleep(retryMs);
      }
      return answer.lease;
    }
    return undefined;
  };

  const sendArp = (senderAddress: string, targetAddress: string): void => {
    const payload = encodeArp({
      operation: 'request',
      senderMac: identity.mac,
      senderAddress,
      targetMac: unknownMac,
      targetAddress,
    });
    wire.sendFrame(
      phoneFrame({ vlan, source: identity.mac, destination: broadcastMac, etherType: etherTypes.arp, payload }),
    );
  };

  /** RFC 5227 2.1: asks who has the address before using it, then announces it. */
  const claim = async ({ address, server }: Lease): Promise<boolean> => {
    arps.clear();
    sendArp(unspecifiedAddress, address);
    const owner = await arps.first(retryMs * probeShareOfRetry, (arp) =>
      arp.address === address && arp.mac !== identity.mac ? arp.mac : undefined,
    );
    if (owner === undefined) {
      sendArp(address, address);
      return true;
    }
    log('dhcp', 'address-taken', { address, owner });
    sourceAddress = unspecifiedAddress;
    send('DECLINE', { chosen: { address, server } });
    await life.sleep(retryMs);
    return false;
  };

  const renew = async (lease: Lease): Promise<Lease | 'refused' | undefined> => {
    replies.clear();
    send('REQUEST', { renewal: { server: lease.server, serverMac: lease.serverMac } });
    return replies.first(retryMs, (reply) => {
      if (reply.message.messageType === 'NAK') return 'refused';
      return reply.message.messageType === 'ACK' ? leaseOf(reply, parameterRequestList) : undefined;
    });
  };

  return {
    acquire: async () => {
      for (;;) {
        const lease = await request(await discover());
        if (lease === undefined || !(await claim(lease))) continue;
        sourceAddress = lease.address;
        log('dhcp', 'bound', { ...lease });
        return lease;
      }
    },
    keep: async (lease) => {
      let current = lease;
      for (;;) {
        if (current.leaseSeconds >= infiniteLeaseSeconds) await life.guard(new Promise<never>(() => {}));
        const halfMs = Math.min(current.leaseSeconds * renewalShare * 1000, maxTimerMs);
        await life.sleep(halfMs);
        const endUs = life.clock.nowUs() + halfMs * 1000;
        let renewed: Lease | 'refused' | undefined;
        while (renewed === undefined && life.clock.nowUs() < endUs) renewed = await renew(current);
        if (renewed === undefined || renewed === 'refused' || renewed.address !== current.address) {
          log('dhcp', 'lease-lost', { address: current.address });
          return;
        }
        current = renewed;
        log('dhcp', 'renewed', { address: current.address });
      }
    },
  };
};

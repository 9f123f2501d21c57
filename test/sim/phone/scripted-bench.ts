import { cdpFrame, cdpTlv, decodeCdp, encodeCdp } from '../../../src/wire/cdp.js';
import { buildDeviceConfig } from '../../../src/wire/cnf-xml.js';
import { type DhcpMessage, decodeDhcp, dhcpOption, dhcpOptions, encodeDhcp } from '../../../src/wire/dhcp.js';
import { decodeEthernet, encodeEthernet, etherTypes } from '../../../src/wire/ethernet.js';
import { decodeIpv4, decodeUdp, encodeIpv4, encodeUdp } from '../../../src/wire/ipv4.js';
import type { MemoryWire } from './memory-wire.js';

const benchMac = '02:00:00:00:00:01';

export const dhcpOf = (frame: Uint8Array): { message: DhcpMessage; vlan: number | null } | undefined => {
  const ethernet = decodeEthernet(frame);
  if (ethernet?.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.ipv4) return undefined;
  const ip = decodeIpv4(ethernet.payload);
  const udp = ip?.protocol === 17 ? decodeUdp(ip.payload) : undefined;
  if (udp?.destinationPort !== 67) return undefined;
  return { message: decodeDhcp(udp.payload), vlan: ethernet.vlans[0]?.id ?? null };
};

export const isCdp = (frame: Uint8Array): boolean => decodeEthernet(frame)?.body.kind === 'snap';

/** The frames' half of a bench: answers voice VLAN queries, and DHCP on whatever VLAN it is asked. */
export const answerFrames = (
  wire: MemoryWire,
  { voiceVlan, server, address }: { voiceVlan: number | null; server: string; address: string },
): void => {
  const answerDhcp = (message: DhcpMessage, vlan: number | null): void => {
    const reply = encodeDhcp({
      op: 2,
      xid: message.xid,
      broadcast: true,
      yourAddress: address,
      serverAddress: server,
      clientMac: message.clientMac,
      options: [
        dhcpOption.messageType(message.messageType === 'DISCOVER' ? 'OFFER' : 'ACK'),
        dhcpOption.addresses(dhcpOptions.serverIdentifier, [server]),
        dhcpOption.seconds(dhcpOptions.leaseTime, 3600),
        dhcpOption.addresses(dhcpOptions.tftpServers, [server]),
      ],
    });
    const udp = encodeUdp({
      sourcePort: 67,
      destinationPort: 68,
      payload: reply,
      source: server,
      destination: '255.255.255.255',
    });
    wire.deliver(
      encodeEthernet({
        destination: 'ff:ff:ff:ff:ff:ff',
        source: benchMac,
        ...(vlan === null ? {} : { vlan: { id: vlan, priority: 0 } }),
        etherType: etherTypes.ipv4,
        payload: encodeIpv4({ source: server, destination: '255.255.255.255', protocol: 17, payload: udp }),
      }),
    );
  };

  wire.onSent = (frame) => {
    const dhcp = dhcpOf(frame);
    if (dhcp !== undefined) return answerDhcp(dhcp.message, dhcp.vlan);
    const ethernet = decodeEthernet(frame);
    if (!isCdp(frame) || ethernet === undefined || voiceVlan === null) return;
    if (decodeCdp(ethernet.payload).voiceVlanQuery === undefined) return;
    const tlvs = [cdpTlv.deviceId('bench'), cdpTlv.voiceVlanReply(voiceVlan)];
    wire.deliver(cdpFrame(benchMac, encodeCdp({ ttlSeconds: 180, tlvs })));
  };
};

export const configFile = (load: string, callManagers: readonly string[]): Uint8Array =>
  new TextEncoder().encode(
    buildDeviceConfig({
      loadInformation: load,
      callManagers: callManagers.map((address, priority) => ({ priority, name: address, address, port: 2000 })),
      versionStamp: '1',
      dateTemplate: 'D.M.Y',
    }),
  );

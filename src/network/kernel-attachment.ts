import { BenchError } from '../errors.js';
import { changeInterfaces } from '../os/interface-thread.js';

import type { Clock } from '../timeline/clock.js';
import type { FrameLink } from './frame-link.js';
import type { AttachOptions, IpAttachment, TcpListener, UdpPort } from './ip-attachment.js';
import { openTcpListener, openUdpPort } from './socket-ports.js';
import { refuseOnWire } from './tcp-refusal.js';
import { openVoiceVlan } from './voice-vlan.js';

const anyAddress = '0.0.0.0';

/**
 * IP presence by the kernel's own stack: on the wire's interface when untagged, else on an interface of that VLAN.
 * Every socket is bound to that interface alone, so that two ports may carry equal addresses.
 *
 * @throws BenchError NETWORK_FAILED, NETWORK_PERMISSION, SYSTEM_CALL
 */
export const openKernelAttachment = async (
  link: FrameLink,
  clock: Clock,
  options: AttachOptions,
): Promise<IpAttachment> => {
  const device = options.vlan === null ? undefined : await openVoiceVlan({ link, vlan: options.vlan, clock });
  const interfaceName = device?.interfaceName ?? link.name;
  const addresses = options.addresses.map((address) => ({
    name: interfaceName,
    address,
    prefixLength: options.prefixLength,
  }));
  try {
    await changeInterfaces(addresses.map((address) => ({ kind: 'add-address', ...address })));
  } catch (reason) {
    await device?.close();
    throw reason;
  }
  const takeDown = async () => {
    if (device) return device.close();
    // One at a time: taking the first away takes its secondaries along.
    for (const address of addresses) await changeInterfaces([{ kind: 'delete-address', ...address }]).catch(() => {});
  };
  return attachmentOn(link, interfaceName, options, takeDown);
};

const attachmentOn = (
  link: FrameLink,
  interfaceName: string,
  { addresses, vlan }: AttachOptions,
  takeDownAddresses: () => Promise<void>,
): IpAttachment => {
  const udpPorts = new Set<UdpPort>();
  const listeners = new Set<TcpListener>();
  const ours = (address: string): string => {
    if (!addresses.includes(address))
      throw new BenchError('NETWORK_FAILED', `${address} is not an address of the bench on ${interfaceName}`);
    return address;
  };
  let closed: Promise<void> | undefined;
  return {
    interfaceName,
    bindUdp: ({ address, port }) => {
      const udp = openUdpPort({ interfaceName, address: address === undefined ? anyAddress : ours(address), port });
      udpPorts.add(udp);
      return { ...udp, close: () => void (udpPorts.delete(udp) && udp.close()) };
    },
    listenTcp: async ({ address, port }, onConnection) => {
      const listener = await openTcpListener({ interfaceName, address: ours(address), port }, onConnection);
      listeners.add(listener);
      return listener;
    },
    refuseTcp: async ({ address, port }) => {
      const refusal = refuseOnWire(link, vlan, { interfaceName, address: ours(address), port });
      listeners.add(refusal);
      return refusal;
    },
    close: () => {
      closed ??= (async () => {
        for (const udp of udpPorts) udp.close();
        await Promise.all([...listeners].map((listener) => listener.close()));
        await takeDownAddresses();
      })();
      return closed;
    },
  };
};

import type { PortNetwork } from '../../src/network/ip-attachment.js';
import { openRealNetwork } from '../../src/network/real-network.js';
import { interfaceIndex } from '../../src/os/interface-control.js';
import { systemClock } from '../../src/timeline/clock.js';
import { runIp } from './ip.js';
import { SecondNamespace } from './second-namespace.js';

/** A veth pair between this namespace (the bench) and another one (the phone), each end an open network. */
export interface Cable {
  readonly bench: PortNetwork;
  readonly phone: PortNetwork;
  readonly phoneNamespace: SecondNamespace;
  close(): Promise<void>;
}

export const openCable = async (name: string): Promise<Cable> => {
  const ends = { bench: `${name}b`, phone: `${name}p` };
  const phoneNamespace = new SecondNamespace();
  await runIp('link', 'add', ends.bench, 'type', 'veth', 'peer', 'name', ends.phone);
  await phoneNamespace.takeInterface(ends.phone);
  const bench = await openRealNetwork({ interface: ends.bench, clock: systemClock });
  const phone = await phoneNamespace.within(() => openRealNetwork({ interface: ends.phone, clock: systemClock }));
  // Before its carrier has come the kernel throws away what is sent.
  await new Promise<void>((resolve) => bench.link.onCarrier((up) => up && resolve()));
  return {
    bench,
    phone,
    phoneNamespace,
    close: async () => {
      await phoneNamespace.within(() => phone.close());
      await bench.close();
      await runIp('link', 'delete', 'dev', ends.bench);
      phoneNamespace.close();
    },
  };
};

export const interfaceExists = (name: string): boolean => {
  try {
    return interfaceIndex(name) > 0;
  } catch {
    return false;
  }
};

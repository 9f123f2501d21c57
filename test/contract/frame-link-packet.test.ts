import { openPacketLink } from '../../src/network/packet-link.js';
import { quietInterface, setInterfaceUp } from '../../src/os/interface-control.js';
import { openPacketSocket } from '../../src/os/packet-socket.js';
import { systemClock } from '../../src/timeline/clock.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { frameLinkContract } from './frame-link.contract.js';

describeInNamespace(import.meta.url, 'the packet link', () => {
  frameLinkContract('the packet link', async () => {
    await runIp('link', 'add', 'lpbench', 'type', 'veth', 'peer', 'name', 'lpphone');
    for (const end of ['lpbench', 'lpphone']) quietInterface(end);
    setInterfaceUp('lpbench', true);
    const listeners = new Set<(frame: Uint8Array) => void>();
    const phone = openPacketSocket({
      interfaceName: 'lpphone',
      clock: systemClock,
      seeOutgoing: false,
      onPacket: ({ bytes }) => {
        for (const listener of listeners) listener(bytes);
      },
    });
    const link = openPacketLink('lpbench', systemClock);
    return {
      link,
      phone: {
        send: (frame) => void phone.send(frame),
        onFrame: (listener) => void listeners.add(listener),
        setCarrier: (up) => setInterfaceUp('lpphone', up),
      },
      close: async () => {
        await link.close();
        phone.close();
        await runIp('link', 'delete', 'dev', 'lpbench');
      },
    };
  });
});

import { watchLink } from '../os/link-watch.js';
import { openTrunkPort, type TrunkPlace } from '../os/trunk-port.js';
import type { Clock } from '../timeline/clock.js';
import { completeChecksum } from '../wire/ipv4.js';
import { FrameListeners } from './frame-listeners.js';
import { refuseUplink } from './interface-guard.js';
import type { PortNetwork } from './ip-attachment.js';
import { openRealNetwork } from './real-network.js';

/** What a switch between the jack and us keeps from being proven. */
const hiddenCarrier =
  'link at the jack is taken for up with the phone’s first frame, and drops are not seen: a switch stands between';

/**
 * The phone's wire as one VLAN of a trunk to a managed switch. Frames are told, captured and sent as the jack carries them, without
 * the switch's tag. Carrier is the trunk's: the jack's own cannot be seen from here (`hidesCarrier`).
 *
 * @throws BenchError as openRealNetwork
 */
export const openTrunkNetwork = async (place: TrunkPlace, clock: Clock): Promise<PortNetwork> => {
  refuseUplink(place.trunk, { isShared: false });
  const port = await openTrunkPort({ ...place, clock, completeChecksum });
  try {
    const wire = await openRealNetwork({ interface: port.interfaceName, clock });
    const carriers = new FrameListeners();
    const watch = watchLink(place.trunk, clock, (up, atUs) => carriers.tellCarrier(up, atUs));
    return {
      ...wire,
      hidesCarrier: true,
      limited: [hiddenCarrier],
      link: {
        ...wire.link,
        onCarrier: (listener) => carriers.onCarrier(listener, watch.carrier(), clock.nowUs()),
        drops: () => wire.link.drops() + port.lost(),
      },
      close: async () => {
        carriers.close();
        watch.close();
        await wire.close();
        await port.close();
      },
    };
  } catch (reason) {
    await port.close();
    throw reason;
  }
};

import type { Clock } from '../../timeline/clock.js';
import type { PhoneWire, SimulatorConfig } from '../contracts.js';
import { openLimitedWire } from './wire-limited.js';
import { openRealWire } from './wire-real.js';

/**
 * The phone's end of its wire. Resolves when the wire is there: the interface has been moved into this process's network
 * namespace, or the daemon listens on its frame socket.
 */
export const createPhoneWire = (network: SimulatorConfig['network'], mac: string, clock: Clock): Promise<PhoneWire> =>
  network.kind === 'real' ? openRealWire(network.interface, mac, clock) : openLimitedWire(network, clock);

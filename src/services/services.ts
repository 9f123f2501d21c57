import type { FrameLink } from '../network/frame-link.js';
import type { ServiceFact } from '../timeline/events.js';
import { startCallManagers } from './call-manager.js';
import { startCdpSpeaker } from './cdp-speaker.js';
import { startDhcpServer } from './dhcp-server.js';
import { startHttpServer } from './http-server.js';
import { startLldpSpeaker } from './lldp-speaker.js';
import { createPlanChange } from './plan-change.js';
import { createPlanInForce } from './plan-in-force.js';
import { createPortPower } from './port-power.js';
import type { Service, ServiceContext } from './service.js';
import { startTftpServer } from './tftp-server.js';

/** On purpose: less than any phone asks for, and not 0, which is what a port without inline power says. */
const deniedMilliwatts = 3000;

export interface ServicesOptions extends ServiceContext {
  readonly link: FrameLink;
  /** Local time as the phone is to show it; the clock's wall time by default. */
  readonly now?: () => Date;
}

/**
 * Everything the phone meets on its wire. All of it or none: when one service cannot start, those before it are closed
 * and the BenchError (NETWORK_FAILED, NETWORK_PERMISSION) is passed on. LLDP and CDP come last, because they set
 * a phone in motion. `tell` is never called after `close`.
 */
export const startServices = async (options: ServicesOptions): Promise<Service> => {
  let closed = false;
  const tell = (fact: ServiceFact): void => {
    if (!closed) options.tell(fact);
  };
  const faults = new Set([...options.faults, ...options.plan.lies]);
  const denied = faults.has('power-denied');
  const power = createPortPower(denied ? deniedMilliwatts : options.plan.network.powerAvailableMilliwatts);
  const inForce = createPlanInForce(options.plan, faults);
  const change = createPlanChange({ ...options, tell }, inForce);
  const context = {
    ...options,
    faults,
    now: options.now ?? (() => options.clock.wallClock()),
    power,
    tell,
    inForce,
    onRegistered: change.registered,
  };
  const started: Service[] = [];
  const close = async (): Promise<void> => {
    closed = true;
    change.close();
    await Promise.all(started.splice(0).map((service) => service.close()));
  };
  try {
    for (const start of [
      startCallManagers,
      startTftpServer,
      startHttpServer,
      startDhcpServer,
      startLldpSpeaker,
      startCdpSpeaker,
    ]) {
      started.push(await start(context));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    leave: () => {
      for (const service of started) service.leave?.();
    },
    close,
  };
};

import { isIPv4 } from 'node:net';
import type { Clock } from '../../timeline/clock.js';
import { prepareXml } from '../../wire/cnf-xml.js';
import type { PhonePower, PhoneStack, PhoneTimers, PhoneWire, SimulatorConfig, VirtualPhone } from '../contracts.js';
import { fetchConfiguration, type PhoneConfig } from './config-client.js';
import { createDhcpClient, type Lease } from './dhcp-client.js';
import { unspecifiedAddress } from './dhcp-frames.js';
import { Lifetime } from './lifetime.js';
import { bendPhone } from './phone-faults.js';
import { phoneIdentity } from './phone-identity.js';
import { createPhoneLog, type PhoneLogSink } from './phone-log.js';
import { runSccp } from './sccp-client.js';
import type { CallManagerMember } from './sccp-connection.js';
import { runSip } from './sip-client.js';
import { learnVoiceVlan } from './voice-vlan.js';

export interface VirtualPhoneOptions {
  /** Stays the caller's: closed by whoever opened it. */
  readonly wire: PhoneWire;
  readonly power: PhonePower;
  readonly phone: SimulatorConfig['phone'];
  readonly timers: PhoneTimers;
  /** Names of src/plan/faults.ts; those that are not the phone's are ignored. */
  readonly faults: readonly string[];
  readonly clock: Clock;
  readonly log: PhoneLogSink;
}

const sccpPort = 2000;
/** P0S3-8-12-00, SIP41.8-3-3S: the protocol stands in a load's name (protocol facts 6). */
const sipLoad = /^(P0S|SIP)/i;

/** Where a phone registers: members with an IPv4 address in the order of priority, else the TFTP server itself. */
const membersOf = ({ config }: PhoneConfig, tftpServer: string): readonly CallManagerMember[] => {
  const members = config.callManagers.filter(({ address }) => isIPv4(address));
  return members.length > 0 ? members : [{ address: tftpServer, port: sccpPort }];
};

/**
 * A phone from power to registration: loader, link, CDP and LLDP-MED, DHCP, files, CallManager. Whatever the moment, losing power
 * ends all of it; the load and the last lease stay (flash).
 */
export const createVirtualPhone = (options: VirtualPhoneOptions): VirtualPhone => {
  const { timers, clock } = options;
  prepareXml();
  const identity = phoneIdentity(options.phone.mac, options.phone.model);
  const parts = bendPhone(
    { wire: options.wire, power: options.power, load: options.phone.load },
    options.faults,
    timers,
  );
  const { wire, power } = parts;
  const log = createPhoneLog(options.log, clock);
  const flash: {
    load: string;
    lease: Lease | undefined;
    address: string | undefined;
    members?: readonly CallManagerMember[];
  } = {
    load: parts.load,
    lease: undefined,
    address: options.phone.previousAddress,
  };
  let powered: Lifetime | undefined;

  /** From the loader to registration and on; resolves when the phone starts itself again. */
  const runOnce = async (life: Lifetime): Promise<void> => {
    const load = flash.load;
    log('boot', 'starts', { load });
    power.setLoad(identity.bootMilliwatts);
    await bringLinkUp(life);
    log('boot', 'runs', { load });
    power.setLoad(identity.runningMilliwatts);
    parts.onLink(life);

    let lease = flash.lease;
    const address = () => lease?.address ?? flash.address ?? unspecifiedAddress;
    const speaksLldp = parts.speaksLldp ?? identity.speaksLldp;
    const told = await learnVoiceVlan({
      wire,
      life,
      identity,
      load: parts.hidesNewLoad && load !== parts.load ? null : load,
      syncMs: timers.cdpSyncMs,
      periodMs: timers.cdpPeriodMs,
      address,
      log,
      speaksLldp,
      onPower: (granted) => {
        const [most = Number.POSITIVE_INFINITY] = identity.powerLevels ?? [];
        if (identity.grantedMilliwatts !== undefined && granted >= most) power.setLoad(identity.grantedMilliwatts);
      },
    });
    const vlan = parts.ignoresVoiceVlan ? null : told;
    for (;;) {
      const addressLife = life.child();
      const dhcp = createDhcpClient({
        wire,
        life: addressLife,
        identity,
        vlan,
        retryMs: timers.dhcpRetryMs,
        parameterRequestList: parts.parameterRequestList,
        previousAddress: lease?.address ?? flash.address,
        log,
      });
      lease = await dhcp.acquire();
      flash.lease = lease;
      flash.address = undefined;
      const { address, prefixLength, router } = lease;
      const stack = await addressLife.guard(wire.attachIp({ vlan, address, prefixLength, router }));
      const outcome = await Promise.race([
        dhcp.keep(lease).then(() => 'lease-lost' as const),
        useAddress(addressLife, stack, lease, load).then(() => 'restart' as const),
      ]);
      addressLife.end();
      if (outcome === 'restart') return;
      lease = undefined;
      flash.lease = undefined;
      await life.guard(wire.detachIp());
    }
  };

  /** Loader and PHY run side by side; both are done when it resolves. */
  const bringLinkUp = async (life: Lifetime): Promise<void> => {
    const link = async (): Promise<void> => {
      await life.sleep(timers.linkUpMs);
      await life.guard(wire.setLink(true));
      log('link', 'up');
    };
    await Promise.all([link(), life.sleep(timers.bootMs)]);
  };

  /** Files, then CallManager; resolves when the phone must start again (new load flashed, or told to). */
  const useAddress = async (life: Lifetime, stack: PhoneStack, lease: Lease, load: string): Promise<void> => {
    const { tftpServer } = lease;
    const found = await fetchConfiguration({
      stack,
      life,
      identity,
      tftpServer,
      runningLoad: load,
      configForm: parts.configForm ?? '.cnf.xml',
      fileGapMs: timers.fileGapMs,
      retryMs: timers.tftpRetryMs,
      log,
    });
    const told = membersOf(found, tftpServer);
    const members = parts.keepsConfig ? (flash.members ?? told) : told;
    flash.members = members;
    if (found.newLoad !== undefined && !parts.keepsLoad) {
      // Erasing and writing: taken to last as long as loading does; a power cut before its end leaves the old load.
      await life.sleep(timers.bootMs);
      log('boot', 'flashed', { from: load, to: found.newLoad });
      flash.load = found.newLoad;
      return;
    }
    const registration = {
      stack,
      life,
      identity,
      address: lease.address,
      members,
      ignoresOrders: parts.ignoresOrders === true,
      neverFallsBack: parts.neverFallsBack === true,
      retryMs: timers.callManagerRetryMs,
      log,
    };
    const ending = sipLoad.test(load)
      ? await runSip({
          ...registration,
          mac: options.phone.mac,
          transport: found.config.sipTransport ?? 'udp',
          credentials: options.phone.sipCredentials ?? null,
        })
      : await runSccp({ ...registration, load });
    if (ending === 'reset') await useAddress(life, stack, lease, load);
  };

  const goDark = (life: Lifetime): void => {
    // Link first, so that nothing that follows is heard on the wire.
    void wire.setLink(false);
    life.end();
    wire.detachIp().catch((error: unknown) => log('boot', 'detach-failed', { error: String(error) }));
  };

  const runPowered = (): Lifetime => {
    const life = new Lifetime(clock);
    life.run(
      async () => {
        await runOnce(life);
        if (life.ended) return;
        log('boot', 'restarts');
        goDark(life);
        powered = runPowered();
      },
      (error) => log('boot', 'crashed', { error: String(error) }),
    );
    return life;
  };

  const powerDown = (): void => {
    if (powered === undefined) return;
    log('power', 'down');
    goDark(powered);
    powered = undefined;
  };

  return {
    powerUp: () => {
      if (powered !== undefined) return;
      log('power', 'up');
      powered = runPowered();
    },
    powerDown,
    close: async () => {
      powerDown();
      await options.wire.detachIp();
    },
  };
};

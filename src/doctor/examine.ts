import { isBenchError } from '../errors.js';
import { openPacketLink } from '../network/packet-link.js';
import { interfaceNames, isLoopback } from '../os/interface-control.js';
import type { BenchFile, HardwarePort } from '../plan/bench-file.js';
import type { Clock } from '../timeline/clock.js';
import { diagnose } from './checks.js';
import { hearDhcpServers, longEnoughSeconds } from './dhcp-probe.js';
import type { DhcpFacts } from './facts.js';
import type { Finding } from './finding.js';
import { readSystem } from './system-reader.js';

/**
 * What this machine lacks for the ports of a bench file, and which of its other interfaces a phone may hang on. Listens for some
 * seconds on each of them that no default route leaves by.
 */
export const examine = async (bench: BenchFile, clock: Clock, root = '/'): Promise<readonly Finding[]> => {
  const hardware = bench.ports.filter((port) => port.kind === 'hardware');
  const named = [...new Set(hardware.map((port) => port.interface))];
  const facts = await readSystem(
    {
      boards: hardware.flatMap(({ board }) => (board === null ? [] : [board])),
      interfaces: named,
      wires: interfaceNames().filter((name) => !named.includes(name) && !isLoopback(name)),
      runsDirectory: bench.runsDirectory,
      diskReserveBytes: bench.diskReserveBytes,
      root,
      hearDhcp: (name) => listen(name, clock, vlansOn(name, hardware)),
    },
    clock,
  );
  return diagnose(facts, bench.ports, bench.supplies);
};

/** Untagged, and on a trunk within each jack's VLAN (of a service tag nothing is asked). */
const vlansOn = (name: string, ports: readonly HardwarePort[]): readonly (number | null)[] => [
  null,
  ...ports.flatMap(({ interface: of, trunk }) => (of === name && trunk?.tag === '802.1Q' ? [trunk.vlan] : [])),
];

const listen = async (name: string, clock: Clock, vlans: readonly (number | null)[]): Promise<DhcpFacts> => {
  try {
    const link = openPacketLink(name, clock);
    try {
      let carrier = false;
      link.onCarrier((up) => {
        carrier = up;
      })();
      if (!carrier) return { kind: 'not listened', reason: 'no carrier: nothing is plugged in, or it is down' };
      const servers = await hearDhcpServers(link, { seconds: longEnoughSeconds, clock, vlans });
      return { kind: 'listened', seconds: longEnoughSeconds, servers };
    } finally {
      await link.close();
    }
  } catch (error) {
    if (!isBenchError(error)) throw error;
    return { kind: 'not listened', reason: error.code };
  }
};

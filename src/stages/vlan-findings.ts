/** What the judge of vlan can find, in words. */
import { type Finding, phoneFails, wentWrong } from './finding.js';

export type NeighbourProtocol = 'cdp' | 'lldp';
export const protocolNames: Readonly<Record<NeighbourProtocol, string>> = { cdp: 'CDP', lldp: 'LLDP-MED' };

const handSetVlan = 'Look for a VLAN set by hand (Admin. VLAN Id) in the phone’s network settings and erase it.';
const onVlan = (vlan: number | null): string => (vlan === null ? 'untagged' : `on VLAN ${vlan}`);

export const noWord = (waitedMs: number): Finding =>
  phoneFails(
    `No CDP from the phone within ${waitedMs} ms of link, and no LLDP-MED.`,
    'Check that CDP is not switched off in the phone’s network settings; otherwise the load is damaged.',
  );
/** `spoken`: what the phone speaks. */
export const notTold = (spoken: readonly NeighbourProtocol[]): Finding =>
  wentWrong(
    'network',
    `The phone spoke ${spoken.map((by) => protocolNames[by]).join(' and ')}, but nobody told it the voice VLAN.`,
    'Check the bench’s CDP and LLDP services (docs/architecture.md, services) or the switch port in between.',
  );
export const toldAnother = (by: NeighbourProtocol, vlan: number | null, wanted: number): Finding =>
  wentWrong(
    'network',
    `The network told the phone by ${protocolNames[by]} to speak ${onVlan(vlan)}; the plan has voice VLAN ${wanted}.`,
    'Correct the voice VLAN of the switch port, or network.voiceVlan in the plan.',
  );
export const notTakenUp = (vlan: number): Finding =>
  phoneFails(`The phone was told voice VLAN ${vlan} and sent nothing tagged with it.`, handSetVlan);
export const wrongTag = (vlan: number, seen: number | null): Finding =>
  phoneFails(`The phone was told voice VLAN ${vlan} and asked for an address ${onVlan(seen)}.`, handSetVlan);
export const wrongPhone = (label: string, deviceId: string): Finding =>
  wentWrong(
    'operator',
    `The plan’s label says ${label}, the phone says ${deviceId}.`,
    'Check that the right phone is plugged in, or correct the label in the plan.',
  );
export const wrongPlatform = (wanted: string, platform: string): Finding =>
  wentWrong(
    'operator',
    `The plan is for a ${wanted}, the phone says ${platform}.`,
    'Choose the plan of this model, or plug in the right phone.',
  );
export const tooLittlePower = (by: NeighbourProtocol, asked: number, granted: number): Finding =>
  wentWrong(
    'network',
    `The phone asked for ${asked} mW by ${protocolNames[by]} and was granted ${granted} mW.`,
    'Raise network.powerAvailable in the plan, or the power limit of the switch port.',
  );

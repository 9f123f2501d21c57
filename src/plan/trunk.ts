/** A port whose phone hangs on a managed switch: the part `trunk` of a hardware port in the bench file. */
import { z } from 'zod';
import { oneOf, vlanId } from './fields.js';

export interface TrunkTerms {
  /** Of the jack, on the trunk; the phone's own voice VLAN is a second tag within it. */
  readonly vlan: number;
  /** How the switch tags on the trunk. */
  readonly tag: '802.1Q' | '802.1ad';
  /** How it passes on CDP and LLDP (os/trunk-port.ts). */
  readonly tunnel: 'plain' | 'cisco';
}

export const trunkSection = () =>
  z
    .strictObject({
      vlan: vlanId(),
      tag: oneOf(['802.1Q', '802.1ad']).default('802.1Q'),
      tunnel: oneOf(['plain', 'cisco']).default('plain'),
    })
    .optional();

/** The phone's wire as a name that no other port may have. */
export const wireName = (name: string, trunk: TrunkTerms | undefined): string =>
  trunk === undefined ? name : `${name} VLAN ${trunk.vlan}`;

import { encodeEthernet } from '../../src/wire/ethernet.js';

/** IEEE 802 local experimental ethertype 1: no stack takes it for its own. */
export const experimentalEtherType = 0x88b5;
export const phoneMac = '00:12:da:db:d3:4e';

/** A frame of the phone's that says `text`, tagged when `vlan` is given. */
export const phoneFrame = (text: string, vlan?: number, destination = 'ff:ff:ff:ff:ff:ff'): Uint8Array =>
  encodeEthernet({
    destination,
    source: phoneMac,
    ...(vlan === undefined ? {} : { vlan: { id: vlan, priority: 5 } }),
    etherType: experimentalEtherType,
    payload: Buffer.from(text),
  });

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

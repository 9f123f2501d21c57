import { decodeEthernet, etherTypes } from '../../wire/ethernet.js';
import {
  decodeLldp,
  encodeLldp,
  type LldpMessage,
  type LldpPolicy,
  lldpCapabilities,
  lldpFrame,
  lldpMedCapabilities,
  lldpTlv,
  lldpTlvTypes,
} from '../../wire/lldp.js';
import type { NeighbourListener, NeighbourOptions } from './voice-vlan.js';

/** A phone's first frames: four, 1 s apart where a sync takes 5 s; the first a second after port-up. */
const fast = { frames: 4, shareOfSync: 1 / 5 } as const;
/** LLDP's usual 30 s where CDP has 60. */
const shareOfPeriod = 1 / 2;
/** Phones say 180, not 120 (protocol facts 4). */
const ttlSeconds = 180;
const phoneClass = 3;
const voiceApplication = 1;
/** A phone fed by switch and wall both, of no priority: what Cisco's guides give (protocol facts 4). */
const medPower = { type: 1, source: 3, priority: 0 } as const;
/** Auto-negotiation supported and on, 10BASE-T and 100BASE-TX, at 100 Mbit/s full duplex. */
const macPhy = { autoNegotiation: 0x03, advertised: 0x6c00, mau: 0x0010 } as const;
const unknownPolicy: LldpPolicy = {
  application: voiceApplication,
  unknown: true,
  tagged: false,
  vlan: 0,
  priority: 0,
  dscp: 0,
};
/** The OUI of LLDP-MED and the subtype of its capabilities, first in the value. */
const medOui = '0012bb';
const medCapabilities = `${medOui}01`;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Cisco phones drop a frame that lacks LLDP-MED's capabilities or a voice policy, or has another MED TLV first. */
const voicePolicyOf = ({ tlvs, med, malformed }: LldpMessage): LldpPolicy | undefined => {
  const firstMed = tlvs.find(({ type, value }) => type === lldpTlvTypes.organisation && hex(value).startsWith(medOui));
  if (malformed !== undefined || firstMed === undefined || !hex(firstMed.value).startsWith(medCapabilities))
    return undefined;
  return med?.policies.find(({ application }) => application === voiceApplication);
};

const vlanOf = ({ unknown, tagged, vlan }: LldpPolicy): number | null | undefined =>
  unknown ? undefined : tagged ? vlan : null;

/** Speaks LLDP-MED to the end of `options.life`. */
export const startLldp = (options: NeighbourOptions, { onAnswer, onPower }: NeighbourListener): void => {
  const { wire, life, identity, load, syncMs, periodMs, address, log } = options;
  let policy = unknownPolicy;

  const speak = (): void => {
    const { capabilities, policy: policyBit, powerDevice, inventory } = lldpMedCapabilities;
    const functions = lldpCapabilities.bridge | lldpCapabilities.telephone;
    const tlvs = [
      lldpTlv.chassisAddress(address()),
      lldpTlv.portLocal(`${identity.mac.replaceAll(':', '').toUpperCase()}:P1`),
      lldpTlv.ttl(ttlSeconds),
      lldpTlv.portDescription('SW Port'),
      lldpTlv.systemName(identity.deviceId),
      lldpTlv.systemDescription(`Cisco IP Phone ${identity.model},V2${load === null ? '' : `, ${load}`}`),
      lldpTlv.capabilities(functions, functions),
      lldpTlv.managementAddress(address()),
      lldpTlv.macPhy(macPhy),
      lldpTlv.medCapabilities(capabilities | policyBit | powerDevice | inventory, phoneClass),
      lldpTlv.medPolicy(policy),
      lldpTlv.medPower({ ...medPower, deciwatts: Math.ceil(identity.claimedMilliwatts / 100) }),
      ...(load === null ? [] : [lldpTlv.inventory('firmware', load)]),
      lldpTlv.inventory('model', identity.model),
    ];
    log('lldp', policy.unknown ? 'asks' : 'steady');
    wire.sendFrame(lldpFrame(identity.mac, encodeLldp({ tlvs })));
  };

  for (let index = 1; index <= fast.frames; index += 1) life.alarm(fast.shareOfSync * syncMs * index, speak);
  life.every(shareOfPeriod * periodMs, speak);
  life.onEnd(
    wire.onFrame((frame) => {
      const ethernet = decodeEthernet(frame);
      if (ethernet?.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.lldp) return;
      const message = decodeLldp(ethernet.payload);
      // A neighbour that leaves takes what it told with it (802.1AB 9.1.4).
      if (message.ttlSeconds === 0) policy = unknownPolicy;
      const heard = voicePolicyOf(message);
      if (heard === undefined) return;
      policy = heard;
      onAnswer(vlanOf(heard));
      const deciwatts = message.mdiPower?.allocatedDeciwatts ?? message.med?.power?.deciwatts;
      if (deciwatts !== undefined) onPower(deciwatts * 100);
    }),
  );
};

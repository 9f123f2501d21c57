import type { FactOf, ObserveFact } from '../timeline/events.js';
import { decodeLldp, type LldpMessage } from '../wire/lldp.js';
import type { TellMalformed } from './malformed.js';
import { clip, clipOrNull, type Sighting } from './sighting.js';

const voiceApplication = 1;
/** Who tells of power by LLDP-MED (TIA-1057 10.2.5.1). */
const powerTypes = { switch: 0, device: 1 } as const;
const milliwattsPerDeciwatt = 100;

/** `Cisco IP Phone CP-7911G,V2, SCCP11.8-4-3S`: what a phone's system description says (protocol facts 4). */
const phoneDescription = /\b(?<model>CP-\d{4}[A-Z0-9-]*)\b.*,\s*(?<load>\S+)$/;

type VoicePolicy = FactOf<'lldp'>['voicePolicy'];

/** null: none, or one that says that it is not known yet. */
const voicePolicyOf = ({ med }: LldpMessage): VoicePolicy => {
  const policy = med?.policies.find(({ application, unknown }) => application === voiceApplication && !unknown);
  if (policy === undefined) return null;
  const { tagged, vlan, priority, dscp } = policy;
  return { vlan: tagged ? vlan : null, priority, dscp };
};

const medMilliwatts = ({ med }: LldpMessage, type: number): number | undefined =>
  med?.power?.type === type ? med.power.deciwatts * milliwattsPerDeciwatt : undefined;

const mdiMilliwatts = (deciwatts: number | undefined): number | undefined =>
  deciwatts === undefined ? undefined : deciwatts * milliwattsPerDeciwatt;

/** `payload` from the first TLV on. What could be read of a malformed message is told beside the damage. */
export const observeLldp = (
  payload: Uint8Array,
  { seen }: Sighting,
  tellMalformed: TellMalformed,
): readonly ObserveFact[] => {
  const message = decodeLldp(payload);
  const damage = message.malformed === undefined ? [] : tellMalformed('lldp', message.malformed, seen);
  if (message.malformed !== undefined && message.tlvs.length === 0) return damage;
  const { med, mdiPower } = message;
  const said = phoneDescription.exec(clip(message.systemDescription ?? ''))?.groups;
  return [
    {
      kind: 'lldp',
      ...seen,
      chassisId: clipOrNull(message.chassisId),
      portId: clipOrNull(message.portId),
      ttlSeconds: message.ttlSeconds ?? null,
      systemName: clipOrNull(message.systemName),
      model: clipOrNull(med?.inventory?.model ?? said?.model),
      softwareVersion: clipOrNull(said?.load ?? med?.inventory?.software),
      capabilities: message.enabledCapabilities ?? null,
      medClass: med?.deviceClass ?? null,
      voicePolicy: voicePolicyOf(message),
      powerRequestedMilliwatts:
        mdiMilliwatts(mdiPower?.requestedDeciwatts) ?? medMilliwatts(message, powerTypes.device) ?? null,
      powerAllocatedMilliwatts:
        mdiMilliwatts(mdiPower?.allocatedDeciwatts) ?? medMilliwatts(message, powerTypes.switch) ?? null,
    },
    ...damage,
  ];
};

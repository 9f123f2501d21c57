import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { conclude, defineJudge, msSince, note, type StageState, usFromMs, witness } from './define-judge.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import { measurementOf } from './measure.js';

/** How far the exchange came; the deadline's finding is the one of the furthest step. */
type Step = 'silent' | 'discovered' | 'offered' | 'requested' | 'refused' | 'acknowledged';

interface Moment {
  readonly atUs: number;
  readonly seq: number;
}

interface AddressNotes {
  readonly step: Step;
  readonly discovers: number;
  readonly requests: number;
  readonly offeredAddress: string | null;
  readonly address: string | null;
  readonly acknowledged: Moment | null;
  readonly inUse: Moment | null;
  readonly vendorClass: string | null;
  /** What makes the latest OFFER one that no phone can take; null: nothing that is seen. */
  readonly unusable: Finding | null;
  /** Servers that offered, in their order. */
  readonly servers: readonly string[];
}

type State = StageState<AddressNotes>;
type Dhcp = FactOf<'dhcp'>;

/** DHCP options that name a TFTP server: RFC 5859, RFC 2132 section 9.4. */
const tftpOptions: readonly number[] = [150, 66];
const unspecified = '0.0.0.0';

const asksForNoTftp = (asked: readonly number[]): Finding =>
  phoneFails(
    `The phone asks DHCP for neither option 150 nor 66 (it asks for ${asked.join(', ') || 'nothing'}): it will find no TFTP server.`,
    'Erase the phone’s settings (an alternate TFTP server set by hand may suppress it) and repeat; else reload its firmware.',
  );
const namesNoTftp = wentWrong(
  'network',
  'The DHCP answer names no TFTP server, neither by option 150 nor 66.',
  'Give the DHCP server option 150 as binary addresses.',
);
const textInOption150 = (text: string): Finding =>
  wentWrong(
    'network',
    `The DHCP server gives option 150 as “${text}”, which is no list of addresses: no phone takes such an offer.`,
    'Give the DHCP server option 150 as binary addresses, four bytes each (RFC 5859), not as a text.',
  );
const mostServers = 4;
const declined = (address: string): Finding =>
  wentWrong(
    'network',
    `The phone declined ${address}: something else on the wire uses it.`,
    'Find the other device, or give the plan another pool.',
  );

/** What is to be said at the deadline, by how far the exchange came. */
const overdueFindings: Readonly<Record<Step, (notes: AddressNotes, waitedMs: number) => Finding>> = {
  silent: (_, waitedMs) =>
    phoneFails(
      `The phone asked for no address within ${waitedMs} ms.`,
      'Check that DHCP is enabled in the phone’s network settings; erase its settings and repeat.',
    ),
  discovered: ({ discovers }) =>
    wentWrong(
      'network',
      `The phone asked for an address ${times(discovers)} and the DHCP server offered none.`,
      'Check the DHCP server: running, on the right VLAN, with free addresses in the plan’s pool.',
    ),
  offered: ({ discovers, offeredAddress, unusable }) =>
    unusable ??
    phoneFails(
      `The phone was offered ${offeredAddress ?? 'an address'} and asked again ${times(discovers)} without taking it.`,
      'Look at the OFFER in the capture: option 150 must be binary addresses, server id and lease time must be there.',
    ),
  requested: ({ requests }) =>
    wentWrong(
      'network',
      `The phone requested an address ${times(requests)} and the DHCP server did not answer.`,
      'Check the DHCP server’s log; look for a second DHCP server on the wire.',
    ),
  refused: () =>
    wentWrong(
      'network',
      'The DHCP server refused the address the phone requested (NAK), and no other was agreed.',
      'Check the plan’s pool, and look for a second DHCP server on the wire.',
    ),
  acknowledged: ({ address }) =>
    phoneFails(
      `The phone was given ${address ?? 'an address'} and never used it.`,
      'Erase the phone’s settings (an address set by hand?) and repeat.',
    ),
};

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const fromPhone = (state: State, event: TimelineEvent, dhcp: Dhcp): State => {
  const { notes } = state;
  const vendorClass = dhcp.vendorClass ?? notes.vendorClass;
  switch (dhcp.messageType) {
    case 'DISCOVER': {
      const step: Step = notes.step === 'silent' || notes.acknowledged !== null ? 'discovered' : notes.step;
      const seen = note(witnessUntilUsed(state, event), { vendorClass, discovers: notes.discovers + 1, step });
      const asked = dhcp.parameterRequestList;
      return asked.some((option) => tftpOptions.includes(option)) ? seen : conclude(seen, asksForNoTftp(asked), event);
    }
    case 'REQUEST':
      return note(witnessUntilUsed(state, event), { vendorClass, requests: notes.requests + 1, step: 'requested' });
    case 'DECLINE':
      return conclude(state, declined(dhcp.requestedAddress ?? notes.address ?? 'the address'), event);
    default:
      return state;
  }
};

const whyUnusable = ({ tftpServers, tftpServersText, tftpServerName }: Dhcp): Finding | null => {
  if (tftpServersText !== undefined) return textInOption150(tftpServersText);
  return tftpServers.length > 0 || tftpServerName !== null ? null : namesNoTftp;
};

const fromBench = (state: State, event: TimelineEvent, dhcp: Dhcp): State => {
  const { notes } = state;
  switch (dhcp.messageType) {
    case 'OFFER': {
      const step: Step = notes.step === 'discovered' ? 'offered' : notes.step;
      const server = dhcp.serverIdentifier ?? dhcp.sourceAddress;
      const isKnown = notes.servers.includes(server) || notes.servers.length >= mostServers;
      return note(witnessUntilUsed(state, event), {
        offeredAddress: dhcp.yourAddress,
        step,
        unusable: whyUnusable(dhcp),
        servers: isKnown ? notes.servers : [...notes.servers, server],
      });
    }
    case 'ACK': {
      if (dhcp.yourAddress === unspecified) return state;
      const isRenewal = notes.inUse !== null && notes.address === dhcp.yourAddress;
      if (isRenewal) return note(state, { step: 'acknowledged' });
      const agreed = note(witnessUntilUsed(state, event), {
        address: dhcp.yourAddress,
        acknowledged: { atUs: event.atUs, seq: event.seq },
        inUse: null,
        step: 'acknowledged',
      });
      const wrong = dhcp.tftpServerName === null ? whyUnusable(dhcp) : null;
      return wrong === null ? agreed : conclude(agreed, wrong, event);
    }
    case 'NAK':
      return note(witnessUntilUsed(state, event), { step: 'refused' });
    default:
      return state;
  }
};

const witnessUntilUsed = (state: State, event: TimelineEvent): State =>
  state.notes.inUse === null ? witness(state, event) : state;

const next = (state: State, event: TimelineEvent): State => {
  const { fact, atUs, seq } = event;
  if (fact.kind === 'dhcp')
    return fact.from === 'phone' ? fromPhone(state, event, fact) : fromBench(state, event, fact);
  if (fact.kind !== 'address-used' || fact.from !== 'phone') return state;
  const { address, inUse } = state.notes;
  return fact.address === address && inUse === null ? note(witness(state, event), { inUse: { atUs, seq } }) : state;
};

export const addressJudge = defineJudge<AddressNotes>({
  stage: 'address',
  start: () => ({
    step: 'silent',
    discovers: 0,
    requests: 0,
    offeredAddress: null,
    address: null,
    acknowledged: null,
    inUse: null,
    vendorClass: null,
    unusable: null,
    servers: [],
  }),
  next,
  goal: ({ notes, plan }, beganAtUs) => {
    const { acknowledged, inUse, discovers } = notes;
    if (acknowledged === null || inUse === null) return null;
    return {
      atUs: inUse.atUs,
      measurements: [
        measurementOf(plan, 'address.ackMs', msSince(beganAtUs, acknowledged.atUs), acknowledged.seq),
        measurementOf(plan, 'address.discovers', discovers, acknowledged.seq),
      ],
    };
  },
  deadlineUs: ({ plan, reachedAtUs }, beganAtUs) =>
    reachedAtUs === null ? beganAtUs + usFromMs(plan.deadlines.addressMs) : null,
  overdue: ({ notes, plan }) => overdueFindings[notes.step](notes, plan.deadlines.addressMs),
  // Others on its wire may ask on.
  summary: ({ notes, measurements }) =>
    `Took ${notes.address ?? 'an address'} after ${times(measurements.find(({ name }) => name === 'address.discovers')?.value ?? notes.discovers)} asking` +
    `${notes.vendorClass === null ? '' : ` as “${notes.vendorClass}”`}.` +
    `${notes.servers.length < 2 ? '' : ` ${notes.servers.length} DHCP servers offered one: ${notes.servers.join(', ')}.`}`,
});

/**
 * Faults on purpose: what a simulated run can be given, and what the six judges must say of it. The table is the
 * source of `demo --list-faults` and docs/faults.md, and a test runs every row.
 *
 * `where`: the part of the wire that misbehaves. `jack` and `phone` live in src/sim, `service` in src/services, `bench`
 * is done to the daemon or its board by `demo` while it runs, or by the conductor that asks for power.
 */
import type { Blame } from '../errors.js';

export interface FaultRow {
  readonly title: string;
  readonly where: 'jack' | 'phone' | 'service' | 'bench';
  readonly stage: 'power' | 'boot' | 'vlan' | 'address' | 'config' | 'registration';
  readonly verdict: 'pass' | 'marginal' | 'fail' | 'error';
  readonly blame: Blame | null;
  readonly exit: number;
}

export const faultTable = {
  'no-echo': {
    title: 'An empty jack: nothing comes back, nothing hangs there',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'operator',
    exit: 5,
  },
  'dead-relay': {
    title: 'The phone’s relay is dead: it hangs there and does not echo',
    where: 'jack',
    stage: 'power',
    verdict: 'fail',
    blame: null,
    exit: 1,
  },
  'af-phone': {
    title: 'An 802.3af phone under a plan for Cisco prestandard power',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'config',
    exit: 5,
  },
  'bad-signature': {
    title: 'An 802.3af phone whose signature resistor is 15 kohm',
    where: 'jack',
    stage: 'power',
    verdict: 'fail',
    blame: null,
    exit: 1,
  },
  'live-partner': {
    title: 'A live link partner sends its own link pulses',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'operator',
    exit: 5,
  },
  'loopback-plug': {
    title: 'A loopback plug: echoes everything, draws nothing',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'operator',
    exit: 6,
  },
  'filter-type': {
    title: 'A filter behind the phone’s relay swallows link pulses under 500 ns',
    where: 'jack',
    stage: 'power',
    verdict: 'pass',
    blame: null,
    exit: 0,
  },
  'short-circuit': {
    title: 'The jack is shorted behind the relay',
    where: 'jack',
    stage: 'power',
    verdict: 'fail',
    blame: null,
    exit: 6,
  },
  'overload-after-boot': {
    title: 'The phone draws too much once it runs',
    where: 'phone',
    stage: 'power',
    verdict: 'fail',
    blame: null,
    exit: 6,
  },
  unplugged: {
    title: 'The phone is pulled while powered',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'operator',
    exit: 6,
  },
  'no-link': {
    title: 'Power is drawn but link never comes up',
    where: 'phone',
    stage: 'boot',
    verdict: 'fail',
    blame: null,
    exit: 1,
  },
  'no-cdp': {
    title: 'The phone never speaks CDP',
    where: 'phone',
    stage: 'vlan',
    verdict: 'fail',
    blame: null,
    exit: 1,
  },
  'ignores-voice-vlan': {
    title: 'The phone hears its voice VLAN and stays untagged',
    where: 'phone',
    stage: 'vlan',
    verdict: 'fail',
    blame: null,
    exit: 1,
  },
  'lldp-only': {
    title: 'The phone speaks LLDP-MED and no CDP',
    where: 'phone',
    stage: 'vlan',
    verdict: 'pass',
    blame: null,
    exit: 0,
  },
  'lldp-wrong-vlan': {
    title: 'A phone that speaks LLDP-MED only is told another VLAN by the voice policy',
    where: 'phone',
    stage: 'vlan',
    verdict: 'error',
    blame: 'network',
    exit: 5,
  },
  'cdp-wrong-vlan': {
    title: 'Our CDP tells another voice VLAN than the plan’s',
    where: 'service',
    stage: 'vlan',
    verdict: 'error',
    blame: 'network',
    exit: 5,
  },
  'power-denied': {
    title: 'Our CDP and LLDP grant 3 W, less than the phone asks for',
    where: 'service',
    stage: 'vlan',
    verdict: 'error',
    blame: 'network',
    exit: 5,
  },
  'no-option-150': {
    title: 'DISCOVER asks for neither option 150 nor 66',
    where: 'phone',
    stage: 'address',
    verdict: 'fail',
    blame: null,
    exit: 1,
  },
  'dhcp-silent': {
    title: 'Our DHCP gives no address',
    where: 'service',
    stage: 'address',
    verdict: 'error',
    blame: 'network',
    exit: 5,
  },
  'config-missing': {
    title: 'No configuration file on the TFTP server',
    where: 'service',
    stage: 'config',
    verdict: 'error',
    blame: 'config',
    exit: 5,
  },
  'wrong-load': {
    title: 'The plan names a load that the TFTP server lacks',
    where: 'phone',
    stage: 'config',
    verdict: 'error',
    blame: 'config',
    exit: 5,
  },
  'old-load': {
    title: 'The phone comes with an older load and fetches the plan’s',
    where: 'phone',
    stage: 'config',
    verdict: 'pass',
    blame: null,
    exit: 0,
  },
  'primary-refuses': {
    title: 'The primary CallManager refuses, the next takes over',
    where: 'service',
    stage: 'registration',
    verdict: 'pass',
    blame: null,
    exit: 0,
  },
  'all-refuse': {
    title: 'Every CallManager refuses',
    where: 'service',
    stage: 'registration',
    verdict: 'error',
    blame: 'network',
    exit: 5,
  },
  'switch-stuck': {
    title: 'The hot-swap FET stays closed after off',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'bench',
    exit: 6,
  },
  'foreign-voltage': {
    title: 'Voltage on the jack before power-on',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'power',
    exit: 6,
  },
  'bad-calibration': {
    title: 'The board’s calibration in EEPROM is damaged',
    where: 'jack',
    stage: 'power',
    verdict: 'error',
    blame: 'bench',
    exit: 5,
  },
  'wrong-pairs': {
    title: 'Power is asked for on pairs that the board does not feed',
    where: 'bench',
    stage: 'power',
    verdict: 'error',
    blame: 'config',
    exit: 5,
  },
  estop: {
    title: 'The emergency stop is pressed while powered',
    where: 'bench',
    stage: 'power',
    verdict: 'error',
    blame: 'operator',
    exit: 6,
  },
  'barrier-dark': {
    title: 'The Pi’s side of the board loses its supply while powered',
    where: 'bench',
    stage: 'power',
    verdict: 'error',
    blame: 'bench',
    exit: 6,
  },
  'serial-pulled': {
    title: 'The serial cable is pulled while powered',
    where: 'bench',
    stage: 'power',
    verdict: 'error',
    blame: 'bench',
    exit: 6,
  },
  'daemon-killed': {
    title: 'The daemon is killed (SIGKILL) while powered',
    where: 'bench',
    stage: 'power',
    verdict: 'error',
    blame: 'bench',
    exit: 6,
  },
} as const satisfies Record<string, FaultRow>;

export type FaultName = keyof typeof faultTable;
export const faultNames = Object.keys(faultTable) as FaultName[];

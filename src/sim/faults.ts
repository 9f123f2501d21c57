/**
 * The simulator's half of the faults on purpose: those of the jack (built here) and of the phone (built in
 * src/sim/phone). The daemon's table (src/plan/faults.ts) says what a run must make of each; a test keeps the two
 * tables in step.
 */
import type { PluggedDevice } from './contracts.js';
import {
  createFilterPhone,
  createForeignVoltage,
  createLivePartner,
  createShort,
  emptyJack,
  loopbackPlug,
} from './jack-devices.js';
import { afInput, type PhoneInput } from './phone-power.js';

interface JackFault {
  readonly where: 'jack';
  /** What hangs on the jack, given the healthy phone. */
  readonly device?: (phone: PluggedDevice) => PluggedDevice;
  /** Another power input of the phone itself. */
  readonly input?: PhoneInput;
  readonly fetWelds?: true;
  /** The board behind the jack has a damaged EEPROM. */
  readonly badCalibration?: true;
  /** Pulled so long (simulated) after the phone has taken an IP address. */
  readonly unplugAfterAddressMs?: number;
}

interface PhoneFault {
  readonly where: 'phone';
}

export const simulatorFaults = {
  'no-echo': { where: 'jack', device: () => emptyJack },
  'dead-relay': { where: 'jack', input: { kind: 'prestandard', relay: 'dead' } },
  'af-phone': { where: 'jack', input: afInput },
  'bad-signature': { where: 'jack', input: { kind: '802.3af', signatureOhms: 15_000, powerClass: 2 } },
  'live-partner': { where: 'jack', device: () => createLivePartner(0x41e1) },
  'loopback-plug': { where: 'jack', device: () => loopbackPlug },
  'filter-type': { where: 'jack', device: (phone) => createFilterPhone(phone, 500) },
  'short-circuit': { where: 'jack', device: (phone) => createShort(phone, 0.5) },
  'foreign-voltage': { where: 'jack', device: (phone) => createForeignVoltage(phone, 12) },
  'switch-stuck': { where: 'jack', fetWelds: true },
  'bad-calibration': { where: 'jack', badCalibration: true },
  unplugged: { where: 'jack', unplugAfterAddressMs: 100 },
  'overload-after-boot': { where: 'phone' },
  'no-link': { where: 'phone' },
  flood: { where: 'phone' },
  'two-bad-starts': { where: 'phone' },
  'no-cdp': { where: 'phone' },
  'ignores-voice-vlan': { where: 'phone' },
  'lldp-only': { where: 'phone' },
  'lldp-wrong-vlan': { where: 'phone' },
  'no-option-150': { where: 'phone' },
  'wrong-load': { where: 'phone' },
  'old-load': { where: 'phone' },
  'asks-for-cnf': { where: 'phone' },
  'ignores-reset': { where: 'phone' },
  'keeps-old-config': { where: 'phone' },
  'keeps-old-load': { where: 'phone' },
  'hides-new-load': { where: 'phone' },
  'never-falls-back': { where: 'phone' },
} as const satisfies Record<string, JackFault | PhoneFault>;

export type SimulatorFault = keyof typeof simulatorFaults;

/** Exit code of the simulator when it is asked for a fault it does not know. */
export const unknownFaultExit = 4;

export const isSimulatorFault = (name: string): name is SimulatorFault => Object.hasOwn(simulatorFaults, name);

/** The power input that the named faults give the phone; undefined: its own. */
export const phoneInputOf = (names: readonly SimulatorFault[]): PhoneInput | undefined =>
  names
    .map((name): JackFault | PhoneFault => simulatorFaults[name])
    .findLast((fault): fault is JackFault => fault.where === 'jack' && fault.input !== undefined)?.input;

export interface JackFaults {
  readonly device: PluggedDevice;
  readonly fetWelds: boolean;
  readonly badCalibration: boolean;
  readonly unplugAfterAddressMs: number | undefined;
}

/** What the named faults make of the jack; later names win where two put a device there. */
export const applyJackFaults = (names: readonly SimulatorFault[], phone: PluggedDevice): JackFaults => {
  const faults: (JackFault | PhoneFault)[] = names.map((name) => simulatorFaults[name]);
  const jackFaults = faults.filter((fault): fault is JackFault => fault.where === 'jack');
  return {
    device: jackFaults.findLast((fault) => fault.device !== undefined)?.device?.(phone) ?? phone,
    fetWelds: jackFaults.some((fault) => fault.fetWelds === true),
    badCalibration: jackFaults.some((fault) => fault.badCalibration === true),
    unplugAfterAddressMs: jackFaults.find((fault) => fault.unplugAfterAddressMs !== undefined)?.unplugAfterAddressMs,
  };
};

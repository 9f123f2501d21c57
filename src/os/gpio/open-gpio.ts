import { BenchError } from '../../errors.js';
import type { Clock } from '../../timeline/clock.js';
import { findCharacterDevice, openCharacterDevice } from './character-device.js';
import type { GpioLines, GpioRequest } from './gpio-lines.js';
import { findSysfsChip, loadOnoff, openSysfs } from './sysfs.js';

export type RealGpioDriver = 'character-device' | 'sysfs';

export interface GpioFlavour {
  /** Each driver: the chip it would use, or why it cannot be used here. */
  readonly drivers: Readonly<
    Record<RealGpioDriver, { readonly chip: { label: string } } | { readonly reason: string }>
  >;
  /** The one that would be chosen. */
  readonly chosen: RealGpioDriver | undefined;
}

const onoffMissing =
  'the package onoff is not installed: its native part (epoll) wants a compiler (apt install build-essential, then npm install)';

const survey = async () => {
  const device = findCharacterDevice();
  const sysfs = findSysfsChip();
  const onoff = await loadOnoff();
  return { device, sysfs: onoff === undefined ? { reason: onoffMissing } : sysfs, onoff };
};

/** What this machine's kernel offers, without taking a line. */
export const describeGpio = async (): Promise<GpioFlavour> => {
  const { device, sysfs } = await survey();
  const chosen = 'chip' in device ? 'character-device' : 'chip' in sysfs ? 'sysfs' : undefined;
  return { drivers: { 'character-device': device, sysfs }, chosen };
};

/**
 * Takes lines of the Pi's header: by the character device, where this kernel has only sysfs by that. `driver` forces one.
 * Rejects with BenchError GPIO_UNAVAILABLE (with each driver's reason), GPIO_BUSY or SYSTEM_CALL.
 */
export const openGpio = async <Name extends string>(
  request: GpioRequest<Name>,
  clock: Clock,
  driver?: RealGpioDriver,
): Promise<GpioLines<Name>> => {
  const { device, sysfs, onoff } = await survey();
  if (driver !== 'sysfs' && 'chip' in device) return openCharacterDevice(device.chip, request);
  if (driver !== 'character-device' && 'chip' in sysfs && onoff !== undefined)
    return openSysfs(sysfs.chip, onoff, clock, request);
  const reasons = [
    ...(driver !== 'sysfs' && 'reason' in device ? [`character device: ${device.reason}`] : []),
    ...(driver !== 'character-device' && 'reason' in sysfs ? [`sysfs: ${sysfs.reason}`] : []),
  ];
  throw new BenchError('GPIO_UNAVAILABLE', reasons.join('; '));
};

/**
 * Numbers that know what they count. A quantity is a plain number at run time; the brand keeps milliwatts
 * from meeting watts at compile time. Names carry the unit as well (`timeoutMs`), these types are for the
 * places where two units of one kind live side by side.
 */
declare const unit: unique symbol;
export type Quantity<Unit extends string> = number & { readonly [unit]: Unit };

export type Milliwatts = Quantity<'mW'>;
export type Milliamps = Quantity<'mA'>;
export type Millivolts = Quantity<'mV'>;
export type Milliseconds = Quantity<'ms'>;
export type Microseconds = Quantity<'us'>;
export type Seconds = Quantity<'s'>;

export const milliwatts = (value: number): Milliwatts => value as Milliwatts;
export const milliamps = (value: number): Milliamps => value as Milliamps;
export const millivolts = (value: number): Millivolts => value as Millivolts;
export const milliseconds = (value: number): Milliseconds => value as Milliseconds;
export const microseconds = (value: number): Microseconds => value as Microseconds;
export const seconds = (value: number): Seconds => value as Seconds;

export const secondsToMilliseconds = (value: Seconds): Milliseconds => milliseconds(value * 1000);
export const microsecondsToMilliseconds = (value: Microseconds): Milliseconds => milliseconds(value / 1000);

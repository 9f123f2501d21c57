/**
 * Numbers that know what they count. A quantity is a plain number at run time; the brand keeps milliwatts from meeting
 * milliamps at compile time. Names carry the unit as well (`timeoutMs`); a measurement is where names end and figures meet
 * limits, so its value must be of its own unit (src/stages/measure.ts).
 */
declare const unit: unique symbol;
export type Quantity<Unit extends string> = number & { readonly [unit]: Unit };

export type Milliseconds = Quantity<'ms'>;
export type Nanoseconds = Quantity<'ns'>;
export type Milliwatts = Quantity<'mW'>;
export type Milliamps = Quantity<'mA'>;
export type Ohms = Quantity<'ohm'>;

export const milliseconds = (value: number): Milliseconds => value as Milliseconds;
export const nanoseconds = (value: number): Nanoseconds => value as Nanoseconds;
export const milliwatts = (value: number): Milliwatts => value as Milliwatts;
export const milliamps = (value: number): Milliamps => value as Milliamps;
export const ohms = (value: number): Ohms => value as Ohms;

/** Units that are physical; what is merely counted (bursts, files) is a plain number. */
type PhysicalUnit = 'ms' | 'ns' | 'mW' | 'mA' | 'ohm';
/** What a figure of that unit is at compile time. */
export type InUnit<Unit extends string> = Unit extends PhysicalUnit ? Quantity<Unit> : number;

/** From a current at a voltage. */
export const powerOf = (current: Milliamps, millivolts: number): Milliwatts =>
  milliwatts((current * millivolts) / 1000);

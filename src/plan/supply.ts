/** What feeds the boards: the part `supplies` of a bench file. */
import { z } from 'zod';
import { quantity, text } from './fields.js';
import type { Problem } from './yaml-file.js';

export interface SupplyTerms {
  readonly name: string;
  /** What all its ports together may draw for good. */
  readonly steadyMilliwatts: number;
  /** What they may draw for some 100 ms, inrush included. */
  readonly inrushMilliwatts: number;
  /** At its output: what makes watts of a plan's currents. */
  readonly millivolts: number;
}

const mostMilliwatts = 10_000_000;
/** The board's own bounds (hardware/safety-notes.md). */
const volts = { min: 44_000, max: 57_000 } as const;

export const supplyName = () =>
  text(/^[a-z][a-z0-9-]{0,31}$/, 'the name of a supply: lower-case letters, digits, dashes');

export const suppliesSection = () =>
  z
    .record(
      z.string(),
      z.strictObject({
        steady: quantity('mW', 1, mostMilliwatts),
        inrush: quantity('mW', 1, mostMilliwatts).optional(),
        voltage: quantity('mV', volts.min, volts.max).default(48_000),
      }),
    )
    .optional();

type Supplies = z.output<ReturnType<typeof suppliesSection>>;
type Entries = Readonly<Record<string, { readonly supply?: string | undefined }>>;

/** Every port has one supply at the most, and knows which: the one it names, or the only one there is. */
export const supplyProblems = (supplies: Supplies, ports: Entries): readonly Problem[] => {
  const names = Object.keys(supplies ?? {});
  const there = names.length === 0 ? 'there is no section supplies' : `there are: ${names.join(', ')}`;
  return [
    ...Object.entries(supplies ?? {}).flatMap(([name, { steady, inrush }]): Problem[] => [
      ...(supplyName().safeParse(name).success
        ? []
        : [{ path: ['supplies', name], message: 'must be lower-case letters, digits and dashes', at: 'key' } as const]),
      ...(inrush !== undefined && inrush < steady
        ? [
            {
              path: ['supplies', name, 'inrush'],
              message: 'is less than steady: what it gives for good it gives for a moment',
            },
          ]
        : []),
    ]),
    ...Object.entries(ports).flatMap(([name, { supply }]): Problem[] => {
      if (supply !== undefined && !names.includes(supply))
        return [{ path: ['ports', name, 'supply'], message: `no supply is named ${supply}; ${there}` }];
      if (supply === undefined && names.length > 1)
        return [{ path: ['ports', name], message: `needs supply: which of them feeds it; ${there}`, at: 'key' }];
      return [];
    }),
  ];
};

export const suppliesOf = (supplies: Supplies): readonly SupplyTerms[] =>
  Object.entries(supplies ?? {}).map(([name, { steady, inrush, voltage }]) => ({
    name,
    steadyMilliwatts: steady,
    inrushMilliwatts: inrush ?? steady,
    millivolts: voltage,
  }));

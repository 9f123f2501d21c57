/** Faults on purpose of our own services: those that they can show to any phone, simulated or not. */
import { BenchError } from '../errors.js';
import { type FaultName, type FaultRow, faultNames, faultTable } from './faults.js';
import { closestName } from './suggestion.js';

/** Of these the simulated phone does its part, too; the service's alone shows to a phone that is as it should be. */
const withPhone: ReadonlySet<FaultName> = new Set(['lldp-wrong-vlan', 'wrong-load']);

const isServed = (name: FaultName): boolean => {
  const row: FaultRow = faultTable[name];
  return row.where === 'service' || withPhone.has(name);
};

export const serviceFaultNames: readonly FaultName[] = faultNames.filter(isServed);

/** A fault of the services by its name. Throws USAGE: with the name that was perhaps meant, or whose fault it is. */
export const parseServiceFault = (name: string): FaultName => {
  const known = faultNames.find((fault) => fault === name);
  if (known !== undefined && isServed(known)) return known;
  if (known !== undefined)
    throw new BenchError(
      'USAGE',
      `"${name}" is no fault of a service (${faultTable[known].where}); see one on the simulated bench: linkpulse demo --fault ${name}`,
    );
  const near = closestName(name, serviceFaultNames);
  const hint = near === undefined ? `there are: ${serviceFaultNames.join(', ')}` : `did you mean ${near}?`;
  throw new BenchError('USAGE', `no fault "${name}" of a service; ${hint}`);
};

import { crc16, injectorPayload } from '../wire/injector.js';
import type { InjectorFields } from '../wire/injector-messages.js';
import type { BoardProfile, PowerTerms } from './injector.js';
import { wireOfTerms } from './injector-fields.js';

/**
 * A profile's id is the CRC of its terms, as the board stores them: who says the id has said all of the terms, and there is
 * no list of profiles to keep. 1..65535.
 */
export const profileIdOf = (terms: PowerTerms): number =>
  crc16(injectorPayload('STORE_PROFILE', { id: 0, ...wireOfTerms(terms) })) || 1;

/** As STORE_PROFILE carries it. */
export const storedProfile = (terms: PowerTerms): InjectorFields<'STORE_PROFILE'> => ({
  id: profileIdOf(terms),
  ...wireOfTerms(terms),
});

export const profileOf = (terms: PowerTerms): BoardProfile => ({ ...terms, id: profileIdOf(terms) });

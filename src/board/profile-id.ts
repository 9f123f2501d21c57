import { crc16, injectorPayload } from '../wire/injector.js';
import type { BoardProfile, PowerTerms } from './injector.js';
import { wireOfTerms } from './injector-fields.js';

/**
 * A profile's id is the CRC of its terms, as the board stores them: who says the id has said all of the terms, and there is
 * no list of profiles to keep. 1..65535.
 */
export const profileIdOf = (terms: PowerTerms): number =>
  crc16(injectorPayload('STORE_PROFILE', { id: 0, ...wireOfTerms(terms) })) || 1;

export const profileOf = (terms: PowerTerms): BoardProfile => ({ ...terms, id: profileIdOf(terms) });

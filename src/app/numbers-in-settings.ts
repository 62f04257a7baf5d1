import type { Config } from '../config/config.ts';
import { entryNumbersOf } from '../config/setting-kinds.ts';
import type { ListedNumber } from '../core/typed-number.ts';
import { numberAmong } from '../whatsapp/address.ts';

/** The phone numbers in the settings, and where each is written. JIDs of groups and LIDs are left out. */
export function listedNumbers({
  ownerNumbers,
  mayWriteTo,
}: Pick<Config, 'ownerNumbers' | 'mayWriteTo'>): ListedNumber[] {
  return [...numbersIn('OWNER_NUMBERS', ownerNumbers), ...numbersIn('MAY_WRITE_TO', mayWriteTo)];
}

function numbersIn(setting: string, list: readonly string[]): ListedNumber[] {
  const entryNumbers = entryNumbersOf(list);
  return list.flatMap((entry, index) => {
    const number = entry.includes('@') ? numberAmong(entry) : entry;
    return number === undefined ? [] : [{ number, place: `${setting}, entry ${entryNumbers[index]}` }];
  });
}

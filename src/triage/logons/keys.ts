import { noKey } from './bursts.ts';
import type { FailureColumns } from './events.ts';

/** A number for each row's key, from 0 to `count` - 1, or `noKey`. */
export interface Keys {
  of: Uint32Array;
  count: number;
}

/** Numbers used as they are cost an array of the largest; past this they are counted through a map. */
const denseLimit = 1 << 23;

function keys(columns: FailureColumns, bound: number, composite: (row: number) => number): Keys {
  const of = new Uint32Array(columns.length);
  if (bound <= denseLimit) {
    for (let row = 0; row < columns.length; row++) of[row] = composite(row);
    return { of, count: bound };
  }
  const numbers = new Map<number, number>();
  for (let row = 0; row < columns.length; row++) {
    const wide = composite(row);
    if (wide === noKey) {
      of[row] = noKey;
      continue;
    }
    let number = numbers.get(wide);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(wide, number);
    }
    of[row] = number;
  }
  return { of, count: numbers.size };
}

/** (computer, address), or (computer, `-`, account) for failures without an address: the key that defines a burst. */
export function sourceKeys(columns: FailureColumns): Keys {
  const { computer, address, account } = columns;
  const addresses = columns.addresses.size;
  const width = addresses + columns.accounts.size;
  return keys(columns, columns.computers.size * width, (row) => {
    const source = address[row] ?? 0;
    return (computer[row] ?? 0) * width + (source === 0 ? addresses + (account[row] ?? 0) : source);
  });
}

/** (computer, account) over all addresses, for one account guessed from many sources. */
export function accountKeys(columns: FailureColumns): Keys {
  const { computer, address, account } = columns;
  const width = columns.accounts.size;
  return keys(columns, columns.computers.size * width, (row) => {
    const target = account[row] ?? 0;
    return target === 0 || address[row] === 0 ? noKey : (computer[row] ?? 0) * width + target;
  });
}

/** (computer) over all failures without an address, for a spray whose source is not known. */
export function unattributedKeys(columns: FailureColumns): Keys {
  const { computer, address } = columns;
  return keys(columns, columns.computers.size, (row) => (address[row] === 0 ? (computer[row] ?? 0) : noKey));
}

/** How many rows each key has. */
export function rowsPerKey(keys: Keys): Uint32Array {
  const perKey = new Uint32Array(keys.count);
  for (let row = 0; row < keys.of.length; row++) {
    const key = keys.of[row] ?? noKey;
    if (key !== noKey) perKey[key] = (perKey[key] ?? 0) + 1;
  }
  return perKey;
}

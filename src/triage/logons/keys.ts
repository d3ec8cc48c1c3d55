import { subscriberNetwork } from './addresses.ts';
import { noKey } from './bursts.ts';
import { type FailureColumns, Names } from './events.ts';

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

/** (computer, account) whatever the source, known or not: for one account guessed from several. */
export function accountKeys(columns: FailureColumns): Keys {
  const { computer, account } = columns;
  const width = columns.accounts.size;
  return keys(columns, columns.computers.size * width, (row) => {
    const target = account[row] ?? 0;
    return target === 0 ? noKey : (computer[row] ?? 0) * width + target;
  });
}

/** (computer) over all failures without an address, for a spray whose source is not known. */
export function unattributedKeys(columns: FailureColumns): Keys {
  const { computer, address } = columns;
  return keys(columns, columns.computers.size, (row) => (address[row] === 0 ? (computer[row] ?? 0) : noKey));
}

/** (computer) over all failures that no burst has yet (`taken` is 0): what is thin by source and by account alike. */
export function remainingKeys(columns: FailureColumns, taken: Uint8Array): Keys {
  const { computer } = columns;
  return keys(columns, columns.computers.size, (row) => (taken[row] === 1 ? noKey : (computer[row] ?? 0)));
}

/** (computer, program that asked for the logon), for failures without an address; null when no program is known. */
export function processKeys(columns: FailureColumns): Keys | null {
  const { computer, process } = columns;
  const width = columns.processes.size;
  if (width <= 1) return null;
  return keys(columns, columns.computers.size * width, (row) =>
    process[row] === 0 ? noKey : (computer[row] ?? 0) * width + (process[row] ?? 0),
  );
}

/** (computer, network of an IPv6 subscriber); null when no address is IPv6. */
export function networkKeys(columns: FailureColumns, networks: Networks): Keys | null {
  const { computer, address } = columns;
  if (networks.count === 0) return null;
  return keys(columns, columns.computers.size * networks.count, (row) => {
    const network = networks.of[address[row] ?? 0] ?? -1;
    return network < 0 ? noKey : (computer[row] ?? 0) * networks.count + network;
  });
}

/** The IPv6 subscribers' networks among addresses: of each address its network's number, or -1. */
export interface Networks {
  of: Int32Array;
  count: number;
}

export function networksOf(columns: FailureColumns): Networks {
  const names = new Names();
  const of = Int32Array.from(columns.addresses.texts, (address) => {
    const network = subscriberNetwork(address);
    return network === '' ? -1 : names.numberOf(network);
  });
  return { of, count: names.size };
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

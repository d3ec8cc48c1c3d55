import { convert, type Implementation, texts } from '../call.ts';
import { reader } from '../frame.ts';
import { rowsOf } from '../read-table.ts';
import { whole } from '../rows.ts';
import { fail, type Run, refuseName, type Scope } from '../scope.ts';
import type { ColumnType } from '../types.ts';
import type { Bag, Value } from '../values.ts';
import { parseNetwork } from './addresses.ts';
import { ipv6 } from './ipv6.ts';

/** The function, and the table of the evidence that stands for the database that the service asks. */
export const PLACES = 'geo_info_from_ip_address';

/** The fields of its answer, in the order of its page. */
const FIELDS: readonly (readonly [name: string, type: ColumnType])[] = [
  ['country', 'string'],
  ['state', 'string'],
  ['city', 'string'],
  ['latitude', 'real'],
  ['longitude', 'real'],
];

/** Networks in the order of their first addresses, none within another. */
interface Networks<Address extends number | bigint> {
  first: Address[];
  last: Address[];
  rows: number[];
}

type Lookup = (address: string) => Value;

const lookups = new WeakMap<Run, Lookup>();

/**
 * geo_info_from_ip_address(): the service looks the address up in GeoLite2 City
 * (https://learn.microsoft.com/kusto/query/geo-info-from-ip-address-function, of 2024-08-11), which is not here: it is looked up in
 * a table of the evidence with one row for each network. Null where no network has it.
 */
export const PLACE_FUNCTIONS: Record<string, Implementation> = {
  [PLACES]: (call) => {
    const known = lookups.get(call.scope.run) ?? lookupIn(call.scope, call.node);
    lookups.set(call.scope.run, known);
    const text = texts(call, 0);
    return (row) => known(text(row));
  },
};

function lookupIn(scope: Scope, node: Parameters<typeof fail>[2]): Lookup {
  const table = scope.run.tables.get(PLACES);
  if (!table) return refuseName(PLACES, `The function '${PLACES}()'`, node, scope);
  const frame = whole(rowsOf(table), scope.run.hold, `${PLACES}()`);
  const column = (name: string, type: ColumnType): ((row: number) => Value) => {
    const vector = frame.vectors[frame.names.indexOf(name)];
    if (!vector) {
      const wanted = ['network', ...FIELDS.map(([field]) => field)].join(', ');
      return fail('semantic', `The table '${PLACES}' has no column '${name}'. It needs ${wanted}.`, node, scope);
    }
    const read = reader(vector);
    return (row) => convert(read(row), vector.type, type);
  };
  const network = column('network', 'string');
  const fields = FIELDS.map(([name, type]) => [name, column(name, type)] as const);
  const [four, six]: [Networks<number>, Networks<bigint>] = [
    { first: [], last: [], rows: [] },
    { first: [], last: [], rows: [] },
  ];
  for (let row = 0; row < frame.length; row++) {
    const text = String(network(row) ?? '');
    const v4 = parseNetwork(text);
    const v6 = v4 ? null : ipv6.parse(text);
    if (v4) {
      const size = 2 ** (32 - v4.prefix);
      const first = v4.address - (v4.address % size);
      four.first.push(first);
      four.last.push(first + size - 1);
      four.rows.push(row);
    } else if (v6) {
      const size = 1n << BigInt(128 - v6.prefix);
      const first = v6.address - (v6.address % size);
      six.first.push(first);
      six.last.push(first + size - 1n);
      six.rows.push(row);
    } else fail('semantic', `'${text.slice(0, 60)}' of the table '${PLACES}' is no network.`, node, scope);
  }
  const within = (text: string): never =>
    fail('unsupported', `Networks of the table '${PLACES}' lie within each other, as ${text}.`, node, scope);
  const [inFour, inSix] = [
    rowOf(inOrder(four), (row) => within(String(network(row)))),
    rowOf(inOrder(six), (row) => within(String(network(row)))),
  ];
  return (text) => {
    const v4 = parseNetwork(text);
    const v6 = v4 ? null : ipv6.parse(text);
    const row = v4 ? inFour(v4.address) : v6 ? mapped(v6.address, inFour, inSix) : undefined;
    if (row === undefined) return null;
    const bag: Bag = Object.create(null);
    for (const [name, read] of fields) {
      const value = read(row);
      if (value !== null && value !== '') bag[name] = value;
    }
    return bag;
  };
}

/** ::ffff:a.b.c.d is a.b.c.d. */
const mapped = (
  address: bigint,
  inFour: (address: number) => number | undefined,
  inSix: (address: bigint) => number | undefined,
): number | undefined => (address >> 32n === 0xffffn ? inFour(Number(address & 0xffffffffn)) : inSix(address));

function inOrder<Address extends number | bigint>({ first, last, rows }: Networks<Address>): Networks<Address> {
  const isSorted = first.every((one, at) => at === 0 || (first[at - 1] ?? one) <= one);
  if (isSorted) return { first, last, rows };
  const order = first.map((one, at) => ({ one, at })).sort((a, b) => (a.one < b.one ? -1 : a.one > b.one ? 1 : 0));
  const by = <T>(list: readonly T[]): T[] => order.map(({ at }) => list[at] as T);
  return { first: by(first), last: by(last), rows: by(rows) };
}

/** Finds the row of the network that has an address. */
function rowOf<Address extends number | bigint>(
  { first, last, rows }: Networks<Address>,
  overlaps: (row: number) => never,
): (address: Address) => number | undefined {
  for (let at = 1; at < first.length; at++) {
    const [before, next] = [last[at - 1], first[at]];
    if (before !== undefined && next !== undefined && before >= next) overlaps(rows[at] ?? 0);
  }
  return (address) => {
    let [from, to] = [0, first.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const begin = first[middle];
      if (begin !== undefined && begin <= address) from = middle + 1;
      else to = middle;
    }
    const end = last[from - 1];
    return end !== undefined && address <= end ? rows[from - 1] : undefined;
  };
}

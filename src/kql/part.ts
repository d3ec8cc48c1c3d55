import type { Node } from './language.ts';
import type { Packed, PackedFrame } from './packed.ts';
import type { Ticks } from './times.ts';
import type { ColumnType } from './types.ts';

/** The names that a part of a query uses, and where its text begins. */
export interface PlainScope {
  names: Map<string, PlainBinding>;
  offset: number;
}

export type PlainBinding =
  | { kind: 'scalar'; type: ColumnType; value: Packed }
  | { kind: 'function'; declaration: Node; scope: PlainScope };

/** A part of a query as plain data, for a thread that evaluates it over some of the rows. */
export interface PlainPart {
  text: string;
  now: Ticks;
  /** As in `Run`. */
  times: ReadonlyMap<string, string>;
  steps: { node: Node; scope: PlainScope }[];
  reducer: { node: Node; scope: PlainScope; first: number | undefined } | undefined;
  /** Tables within it that were read already. */
  tables: { node: Node; frame: PackedFrame }[];
}

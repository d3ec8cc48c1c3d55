import type { Frame } from '../frame.ts';
import type { Node } from '../language.ts';
import type { Long } from '../longs.ts';
import { constantOf, type Expression, refuse, type Scope, within } from '../scope.ts';
import type { ColumnType } from '../types.ts';
import { isNumeric, type Value } from '../values.ts';

/** A plugin's call: its arguments in their order, and the rows. */
export class PluginCall {
  readonly node: Node;
  readonly name: string;
  readonly input: Frame;
  readonly outer: Scope;
  readonly #arguments: readonly Node[];

  constructor(node: Node, name: string, given: readonly Node[], input: Frame, outer: Scope) {
    this.node = node;
    this.name = name;
    this.input = input;
    this.outer = outer;
    this.#arguments = given;
  }

  /** How many arguments there are. */
  get given(): number {
    return this.#arguments.length;
  }

  argument(position: number): Node {
    return this.#arguments[position] ?? refuse(`This ${this.name}()`, this.node, this.outer);
  }

  expression(position: number): Expression {
    return this.outer.run.expression(this.argument(position), within(this.outer, this.input));
  }

  /** A value that depends on no row, with its type. */
  typed(position: number): { value: Value; type: ColumnType } {
    return constantOf(this.argument(position), this.outer);
  }

  constant(position: number): Value {
    return this.typed(position).value;
  }

  /** A whole number, a time or a span of time. */
  long(position: number): Long {
    const value = this.constant(position);
    return isNumeric(value) && (typeof value === 'bigint' || Number.isInteger(value))
      ? value
      : this.refuse('with this argument');
  }

  /** A width that is greater than nothing. */
  width(position: number): Long {
    const width = this.long(position);
    return width > 0 ? width : this.refuse('with a width of nothing');
  }

  dimensions(from: number): Expression[] {
    return this.#arguments.slice(from).map((_, i) => this.expression(from + i));
  }

  refuse(how: string): never {
    return refuse(`${this.name}() ${how}`, this.node, this.outer);
  }
}

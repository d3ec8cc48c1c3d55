import { expression, tupleColumns } from './expressions.ts';
import type { Frame } from './frame.ts';
import type { Node } from './language.ts';
import { unpacked, unpackedFrame } from './packed.ts';
import type { PlainBinding, PlainPart, PlainScope } from './part.ts';
import { stepped } from './piece-work.ts';
import type { Step } from './plan-part.ts';
import type { Reducer } from './rows.ts';
import type { Binding, Run, Scope } from './scope.ts';
import { reducerOf, rows, stepOf, tabular } from './tabular.ts';

/**
 * A part of a query, evaluated by a thread that has its tree as plain data. Whatever it throws means that this thread
 * cannot do it: the thread that has the whole query evaluates the same rows, and knows what is wrong with them.
 */
export class PartEvaluator {
  readonly #steps: readonly Step[];
  readonly #reducer: (() => Reducer) | undefined;
  #current: Reducer | undefined;

  constructor({ text, now, times, steps, reducer, tables }: PlainPart) {
    const given = new Map(tables.map(({ node, frame }) => [node, unpackedFrame(frame)]));
    const run: Run = {
      text,
      now,
      times,
      tables: new Map(),
      expression,
      tabular: (node, scope, input) => (input ? undefined : given.get(node)) ?? tabular(node, scope, input),
      rows,
      hold: () => {},
      once: new WeakMap(),
      folded: undefined,
      leftOut: () => {},
      tuple: tupleColumns,
      depth: 0,
      found: new Set(),
    };
    const scopes = new Map<PlainScope, Scope>();
    const scopeOf = (plain: PlainScope): Scope => {
      const known = scopes.get(plain);
      if (known) return known;
      const names = new Map<string, Binding>();
      const scope: Scope = { run, frame: undefined, names, offset: plain.offset };
      scopes.set(plain, scope);
      for (const [name, binding] of plain.names) names.set(name, bindingOf(binding, scopeOf));
      return scope;
    };
    this.#steps = steps.map(({ node, scope }) => stepOf(node, scopeOf(scope)));
    this.#reducer = reducer && (() => reducerOf({ ...reducer, scope: scopeOf(reducer.scope) }));
  }

  /** Is something kept of each piece, rather than handed on? */
  get reduces(): boolean {
    return this.#reducer !== undefined;
  }

  /** What the steps make of a piece. */
  rows(piece: Frame): Frame {
    return stepped(piece, this.#steps);
  }

  /** Keeps what the rest of the part makes of a piece that has been through the steps. */
  keep(frame: Frame, at: number): void {
    this.#current ??= this.#reducer?.();
    this.#current?.add(frame, at);
  }

  /** The part that the pieces since the last time made; undefined of none. */
  take(): unknown {
    const part = this.#current?.parts?.()?.take();
    this.#current = undefined;
    return part;
  }
}

function bindingOf(binding: PlainBinding, scopeOf: (plain: PlainScope) => Scope): Binding {
  if (binding.kind === 'function')
    return { kind: 'function', declaration: binding.declaration as Node, scope: scopeOf(binding.scope) };
  const value = unpacked(binding.value);
  return { kind: 'scalar', expression: { type: binding.type, constant: true, at: () => value }, frame: undefined };
}

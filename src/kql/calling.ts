import { calledBody, child, isTabular, list, type Node, nodeClass, optional, simpleName, startOf } from './language.ts';
import type { Rows } from './rows.ts';
import { type Binding, fail, optionName, refuse, type Scope, within } from './scope.ts';

const MAX_CALL_DEPTH = 32;

/**
 * Enters a function of the query: its body, and the scope its body is read in. The caller must `leave`. Parameters keep
 * the row of the caller; tables passed as arguments are evaluated when they are first read. `piped` are rows that stand for
 * the first parameter (invoke).
 */
export function callFunction(
  node: Node,
  argumentNodes: readonly Node[],
  scope: Scope,
  piped?: Rows,
): { body: Node; inner: Scope; leave(): void } {
  const called = simpleName(nodeClass(node) === 'FunctionCallExpression' ? child(node, 'Name') : node);
  const binding = scope.names.get(called);
  if (binding?.kind !== 'function') return refuse(`The function '${called}()'`, node, scope);
  const { run } = scope;
  if (run.depth >= MAX_CALL_DEPTH) return fail('limit', 'Functions call each other too deeply.', node, scope);
  const { declaration } = binding;
  const written = child(declaration, 'Body');
  // The analyser makes a copy of the body for each call, typed by its arguments; it needs none for constant bodies.
  const copy = calledBody(node);
  const body = copy ?? written;
  const names = new Map(binding.scope.names);
  const given = new Map<string, Node>();
  // An argument without a name is that of its place, whatever is named beside it.
  const positional = new Map<number, Node>();
  argumentNodes.forEach((a, i) => {
    if (nodeClass(a) === 'SimpleNamedExpression') given.set(simpleName(child(a, 'Name')), child(a, 'Expression'));
    else positional.set(i, a);
  });
  list(optional(child(declaration, 'Parameters'), 'Parameters')).forEach((parameter, i) => {
    const name = simpleName(child(child(parameter, 'NameAndType'), 'Name'));
    if (piped && i === 0) {
      names.set(name, { kind: 'table', rows: () => piped });
      return;
    }
    const argument = given.get(name) ?? positional.get(piped ? i - 1 : i);
    const fallback = optional(parameter, 'DefaultValue');
    if (argument) names.set(name, bind(argument, scope));
    else if (fallback) names.set(name, bind(child(fallback, 'Value'), { ...binding.scope, frame: undefined }));
    else fail('semantic', `The function '${called}' lacks its argument '${name}'.`, node, scope);
  });
  // The lets of the body may use parameters, which are of the caller's row.
  let inner: Scope = {
    run,
    frame: scope.frame,
    names,
    offset: copy ? binding.scope.offset + startOf(written) - startOf(copy) : binding.scope.offset,
  };
  for (const statement of list(optional(body, 'Statements'))) inner = declare(statement, inner);
  const result = optional(body, 'Expression');
  if (!result) return refuse('A function without a result', node, scope);
  run.depth += 1;
  return {
    body: result,
    inner,
    leave: () => {
      run.depth -= 1;
    },
  };
}

/** What a let or an argument stands for. A table is evaluated once, when first read; one that is read piece by piece, each time. */
export function bind(node: Node, scope: Scope): Binding {
  if (nodeClass(node) === 'FunctionDeclaration') return { kind: 'function', declaration: node, scope };
  const bare = nodeClass(node) === 'NameReference' ? scope.names.get(simpleName(node)) : undefined;
  if (bare?.kind === 'function' && !isTabular(node)) return bare;
  if (isTabular(node) || bare?.kind === 'table') {
    let rows: ReturnType<typeof scope.run.rows> | undefined;
    const outer = within(scope, undefined);
    return {
      kind: 'table',
      rows: () => {
        rows ??= scope.run.rows(node, outer);
        return rows;
      },
    };
  }
  return { kind: 'scalar', expression: scope.run.expression(node, scope), frame: scope.frame };
}

/** The scope after a statement that declares a name. */
export function declare(statement: Node, scope: Scope): Scope {
  switch (nodeClass(statement)) {
    case 'LetStatement': {
      const names = new Map(scope.names);
      names.set(simpleName(child(statement, 'Name')), bind(child(statement, 'Expression'), scope));
      return { ...scope, names };
    }
    case 'SetOptionStatement': {
      // Options ask for limits and traces of the service, which change no answer, but for those of bin_auto().
      const name = simpleName(child(statement, 'Name'));
      const clause = optional(statement, 'ValueClause');
      if (!name.startsWith('query_bin_auto_') || !clause) return scope;
      const names = new Map(scope.names);
      names.set(optionName(name), bind(child(clause, 'Expression'), scope));
      return { ...scope, names };
    }
    default:
      return refuse(nodeClass(statement).replace(/Statement$/, ''), statement, scope);
  }
}

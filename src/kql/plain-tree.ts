import {
  calledBody,
  list,
  type Node,
  namedChildren,
  nodeClass,
  nodeKind,
  type PlainFacts,
  referencedSymbol,
  resultColumns,
  sourceText,
} from './language.ts';

/** Larger trees stay where they are. */
const MOST_NODES = 20_000;
const MOST_CHARACTERS = 2_000_000;

/**
 * Trees of the analyser as plain data with the same properties, as far as evaluation reads them: they travel to threads
 * that have no parser. A node is copied once, wherever it is met.
 */
export class PlainTrees {
  readonly #known = new Map<Node, Node>();
  readonly #types = new Map<object, Node>();
  #characters = 0;

  /** Undefined where it would be too large. */
  of(node: Node): Node | undefined {
    try {
      return this.#copy(node);
    } catch (error) {
      if (error instanceof TooLarge) return undefined;
      throw error;
    }
  }

  /** Every node that was copied, with its copy. */
  get copies(): ReadonlyMap<Node, Node> {
    return this.#known;
  }

  #copy(node: Node): Node {
    const known = this.#known.get(node);
    if (known) return known;
    const own: Record<string, unknown> = {};
    this.#known.set(node, own);
    const text = sourceText(node);
    this.#characters += text.length;
    if (this.#known.size > MOST_NODES || this.#characters > MOST_CHARACTERS) throw new TooLarge();
    for (const name of ['SimpleName', 'LiteralValue', 'ValueText', 'Text', 'TextStart', 'End']) {
      const value = node[name];
      if (typeof value === 'string' || typeof value === 'number') own[name] = value;
    }
    const below = namedChildren(node).map(([name, next]) => {
      const copy = this.#copy(next);
      if (name !== '') own[name] = copy;
      return copy;
    });
    const body =
      nodeClass(node) === 'FunctionCallExpression' || nodeClass(node) === 'NameReference'
        ? calledBody(node)
        : undefined;
    const facts: PlainFacts = {
      class: nodeClass(node),
      kind: nodeKind(node),
      text,
      elements: list(node).map((element) => this.#copy(element)),
      children: below,
      body: body && this.#copy(body),
    };
    own.plainFacts = facts;
    own.ResultType = this.#typeOf(node);
    const symbol = referencedSymbol(node);
    if (symbol) own.ReferencedSymbol = symbolOf(symbol.kind, symbol.name);
    return own;
  }

  /** The type of what a node gives; nodes share them. */
  #typeOf(node: Node): Node | undefined {
    const type = node.ResultType;
    if (typeof type !== 'object' || type === null) return undefined;
    let copy = this.#types.get(type);
    if (!copy) {
      const { Name: name } = type as Node;
      const columns = resultColumns(node).map((column): Node => ({ Name: column.name, Type: { Name: column.type } }));
      copy = { ...symbolOf(nodeClass(type as Node), String(name ?? '')), Columns: symbolOf('List', '', columns) };
      this.#types.set(type, copy);
    }
    return copy;
  }
}

class TooLarge extends Error {}

function symbolOf(kind: string, name: string, elements: readonly Node[] = []): Node {
  const facts: PlainFacts = { class: kind, kind: 'None', text: '', elements, children: [], body: undefined };
  return { Name: name, plainFacts: facts };
}

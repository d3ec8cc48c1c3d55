// Required in a process that started from the build's snapshot: prints the queries whose analyses it keeps, and those of
// which Microsoft's analyser says something else now.
const { Kusto, Bridge } = globalThis;
const { Symbols, GlobalState, KustoCode } = Kusto.Language;
const schemas = globalThis[Symbol.for('cordon.kql.analyses')];

const typeText = (type) => {
  if (!type) return '-';
  const columns = type.Columns;
  const inner = [];
  for (let at = 0; at < (columns?.Count ?? 0); at++)
    inner.push(`${columns.getItem(at).Name}:${columns.getItem(at).Type?.Name}`);
  return `${type.Name}(${inner.join()})`;
};

function described(node, lines = []) {
  const symbol = node.ReferencedSymbol;
  lines.push(
    [
      Bridge.getTypeName(node),
      node.Kind,
      node.TextStart,
      node.End,
      typeText(node.ResultType),
      symbol ? `${Bridge.getTypeName(symbol)} ${symbol.Name}` : '',
      node.ChildCount === 0 ? node.ToString() : '',
    ].join(' '),
  );
  for (let at = 0; at < node.ChildCount; at++) {
    const next = node.GetChild(at);
    if (next) described(next, lines);
  }
  return lines;
}

const kept = [];
const different = [];
for (const { tables, analyses } of schemas.values()) {
  const symbols = [...tables].map(([name, columns]) => {
    const schema = columns.map((column) => `['${column.name}']:${column.type}`).join();
    return Symbols.TableSymbol.From(`(${schema})`).WithName(name);
  });
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('workspace', symbols));
  for (const [key, analysis] of analyses) {
    const fresh = KustoCode.ParseAndAnalyze(analysis.text, globals);
    kept.push(key.slice(1));
    const found = fresh.GetDiagnostics();
    const before = described(analysis.syntax);
    const now = described(fresh.Syntax);
    // A column whose type the analyser cannot know is read as dynamic.
    const result = typeText(fresh.ResultType)
      .replace(/^[^(]*/, '')
      .replaceAll(':unknown', ':dynamic');
    const columns = `(${analysis.columns.map(({ name, type }) => `${name}:${type}`).join()})`;
    if (before.join('\n') !== now.join('\n') || found.Count !== analysis.diagnostics.length || columns !== result)
      different.push({ key, columns, result, at: before.find((text, at) => text !== now[at]) ?? '' });
  }
}
process.stdout.write(JSON.stringify({ kept, different }));

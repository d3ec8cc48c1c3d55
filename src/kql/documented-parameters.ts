import { elementsOf, invoke, isBridged, property } from './bridged.ts';

/**
 * Parameters of functions that Microsoft's analyser (12.4.1) knows otherwise than Microsoft's pages have them, so that it would
 * refuse what the service takes. The pages: https://learn.microsoft.com/kusto/query/parse-json-function (of 2025-03-27: a
 * dynamic "is used as-is", also by the aliases todynamic() and toobject()), make-timespan-function (of 2024-08-11: seconds are
 * a real) and bag-unpack-plugin (of 2025-07-01: four parameters, which may be given by name).
 */
export function takeDocumentedParameters(language: unknown): void {
  const globals = property(property(language, 'GlobalState'), 'Default');
  const symbols = property(language, 'Symbols');
  const kinds = property(symbols, 'ParameterTypeKind');
  const take = (called: string, parameter: RegExp, kind: string): void => {
    for (const signature of signaturesOf(invoke(globals, 'GetFunction', called)))
      for (const p of elementsOf(property(signature, 'Parameters')))
        if (isBridged(p) && parameter.test(String(p.Name))) Object.assign(p, { TypeKind: property(kinds, kind) });
  };
  for (const alias of ['todynamic', 'toobject']) take(alias, /^value$/, 'StringOrDynamic');
  take('make_timespan', /^seconds$/, 'Number');
  const [signature] = signaturesOf(invoke(globals, 'GetPlugIn', 'bag_unpack'));
  if (signature) takeBagUnpack(signature, symbols);
}

const signaturesOf = (symbol: unknown): unknown[] => elementsOf(property(symbol, 'Signatures'));

function takeBagUnpack(signature: unknown, symbols: unknown): void {
  const [column, ...others] = elementsOf(property(signature, 'Parameters'));
  // $ctor1 of both are C#'s overloads whose arguments are in these places.
  const makeParameter = property(property(symbols, 'Parameter'), '$ctor1');
  const makeSignature = property(property(symbols, 'Signature'), '$ctor1');
  if (others.length !== 1 || !isBridged(signature)) return;
  if (typeof makeParameter !== 'function' || typeof makeSignature !== 'function') return;
  const scalar = property(property(symbols, 'ParameterTypeKind'), 'Scalar');
  const literal = property(property(symbols, 'ArgumentKind'), 'Literal');
  const optional = (name: string): object =>
    Reflect.construct(makeParameter, [name, scalar, [], literal, null, null, false, null, 0, 1, null, null]);
  const parameters = [column, ...['OutputColumnPrefix', 'columnsConflict', 'ignoredProperties'].map(optional)];
  const made: unknown = Reflect.construct(makeSignature, [
    signature.CustomReturnType,
    signature.Tabularity,
    parameters,
  ]);
  Object.assign(signature, made, { Symbol: signature.Symbol });
}

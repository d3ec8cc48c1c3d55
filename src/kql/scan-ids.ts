import {
  type Analysis,
  children,
  endOf,
  type Node,
  nodeClass,
  parameters,
  quotedName,
  resultColumns,
} from './language.ts';
import type { Edit } from './overwrites.ts';

/**
 * The analyser gives every scan a column of match ids; the service only one with `with_match_id` (Microsoft's page of the operator
 * shows its answers). So that both are of one mind, the column of a scan without it is taken away behind the operator.
 */
export function scanIds(text: string, analysis: Analysis): Edit[] {
  const edits: Edit[] = [];
  if (!text.includes('scan')) return edits;
  const visit = (node: Node): void => {
    if (nodeClass(node) === 'ScanOperator' && !parameters(node).has('with_match_id')) {
      const id = resultColumns(node).at(-1);
      const edit = id && ` | project-away ${quotedName(id.name)}`;
      const at = endOf(node);
      if (edit && !text.startsWith(edit, at)) edits.push({ at, text: edit });
    }
    for (const next of children(node)) visit(next);
  };
  visit(analysis.syntax);
  return edits;
}

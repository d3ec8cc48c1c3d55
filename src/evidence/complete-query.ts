import { type Completion, completionAt } from '../kql/completion.ts';
import { columnsOf, knownTables } from '../kql/table-schemas.ts';
import { describeEvidence } from './describe-evidence.ts';
import type { EvidenceFile } from './evidence-files.ts';
import type { TableSchema } from './evidence-tables.ts';
import { nearestName } from './nearest-name.ts';

export interface CompletionRequest {
  text: string;
  position: number;
  /** The evidence whose tables are offered; undefined: the tables of Log Analytics that are known here. */
  files: readonly EvidenceFile[] | undefined;
  /** A name that is not there: only the nearest one is wanted. */
  near?: string;
}

/** Tables of evidence are described once, for as long as the same files are asked about. */
let described: { key: string; tables: Promise<readonly TableSchema[]> } | undefined;

const logAnalytics = (): TableSchema[] =>
  knownTables().map((name) => ({
    name,
    columns: Object.entries(columnsOf(name)).map(([column, type]) => ({ name: column, type })),
  }));

function tablesOf(files: readonly EvidenceFile[]): Promise<readonly TableSchema[]> {
  const key = JSON.stringify(files);
  if (described?.key !== key) described = { key, tables: describeEvidence(files) };
  return described.tables;
}

/** The texts that fit a place of a query over these files. Unreadable files offer nothing. */
export async function completeQuery({ text, position, files, near }: CompletionRequest): Promise<Completion> {
  const tables = files === undefined ? logAnalytics() : await tablesOf(files);
  if (near === undefined) return completionAt(text, position, tables);
  const name = nearestName(text, position, near, tables);
  return { start: position, texts: name === '' ? [] : [name] };
}

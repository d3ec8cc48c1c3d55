import { extname } from 'node:path';
import { withoutSecrets } from '../casefile/redaction.ts';
import { NotWrittenError, writeNew } from '../casefile/write-new.ts';
import type { QueryDocument } from '../documents/query.ts';
import { exitCode, Failure } from '../failure.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { printedJson } from './printed-json.ts';
import { chartFor } from './query-chart.ts';
import { queryCsv } from './query-csv.ts';

/** Makes the pieces of a file, and remarks on what of the answer it does not hold. */
interface FileForm {
  write(document: QueryDocument, notes: string[]): Promise<Iterable<string | Uint8Array>>;
}

function* lines({ columns, rows }: QueryDocument): Generator<string> {
  for (const row of rows) yield `${printedJson(Object.fromEntries(columns.map((c, i) => [c.name, row[i]])), 0)}\n`;
}

const forms: Readonly<Record<string, FileForm>> = {
  '.csv': { write: async (document, notes) => queryCsv(document, notes) },
  '.json': { write: async (document) => [`${printedJson(document)}\n`] },
  '.jsonl': { write: async (document) => lines(document) },
  '.parquet': { write: async (document, notes) => [(await import('./query-parquet.ts')).parquetOf(document, notes)] },
  '.xlsx': { write: async (document, notes) => [await (await import('./query-xlsx.ts')).xlsxOf(document, notes)] },
  '.svg': {
    write: async (document) => {
      const { chartSvg } = await import('../charts/chart-svg.ts');
      return [chartSvg(chartFor(document))];
    },
  },
};

/** The forms that have rows and nothing else. */
export const formsOfRows: readonly string[] = ['.csv', '.jsonl', '.parquet', '.xlsx'];

/** Refuses a name whose ending is none of some forms of file, before anything is asked. */
export function checkOut(file: string, endings: readonly string[] = Object.keys(forms)): void {
  if (endings.includes(extname(file).toLowerCase())) return;
  throw new Failure(`--out takes a file that ends in ${endings.join(', ')}, not "${printable(file, 200)}"`);
}

/**
 * Writes an answer to a file, without secrets; an existing file is kept, and the name gets `-2`. Gives one line that names
 * the file and its SHA-256, and remarks on what it does not hold. Throws Failure where the answer has no such form.
 */
export async function writeAnswer(document: QueryDocument, file: string): Promise<{ line: string; notes: string[] }> {
  checkOut(file);
  const notes: string[] = [];
  const pieces = await (forms[extname(file).toLowerCase()]?.write(withoutSecrets(document), notes) ?? []);
  async function* each() {
    yield* pieces;
  }
  const written = await writeNew(file, each()).catch((error: unknown) => {
    throw error instanceof NotWrittenError ? new Failure(error.message, exitCode.usage, { cause: error }) : error;
  });
  return {
    line: `wrote ${counted(document.rows.length, 'row')} to ${written.file} · ${written.bytes} bytes · SHA-256 ${written.sha256}`,
    notes,
  };
}

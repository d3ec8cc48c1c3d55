import { contentOf } from '../archives/open-file.ts';
import { CellMemory } from './cell-memory.ts';
import { CsvRecords } from './csv.ts';
import { csvDialect } from './csv-dialect.ts';
import { fileFailure } from './evidence-error.ts';
import { RecordBlocks, type RecordForm } from './record-blocks.ts';
import type { Progress } from './source.ts';

/** The blocks of whole records of a file wherever it is; `line` says where the next record begins; `said` gets remarks. */
async function* blocksOf(
  file: string,
  form: RecordForm,
  read: Progress,
  line: () => number,
  said: (remark: string) => void = () => {},
): AsyncGenerator<Buffer> {
  // A folder may have thousands of small files: each would reserve the room of a large one.
  const memory = CellMemory.take();
  const blocks = new RecordBlocks(file, form, memory);
  try {
    for await (const bytes of await contentOf(file)) {
      read(bytes.length);
      const block = blocks.add(bytes, line());
      if (block) yield block;
    }
    const last = blocks.end();
    if (last) yield last;
    blocks.close();
    for (const remark of blocks.remarks) said(remark);
  } catch (error) {
    throw fileFailure(file, error);
  } finally {
    memory.giveBack();
  }
}

/** The records of a CSV file as lists of texts, each with the line it begins in, one-based; `said` gets remarks, once all were read. */
export async function* csvRows(
  file: string,
  read: Progress,
  said?: (remark: string) => void,
): AsyncGenerator<{ line: number; fields: string[] }> {
  let records: CsvRecords | undefined;
  for await (const block of blocksOf(file, 'csv', read, () => records?.line ?? 1, said)) {
    let at = 0;
    if (!records) {
      const { separator, header, lines } = csvDialect(block);
      records = new CsvRecords(file, separator);
      records.line += lines;
      at = header;
    }
    while (at < block.length) {
      const fields: string[] = [];
      at = records.next(block, at, (_place, bytes, from, to) => fields.push(bytes.toString('utf8', from, to)));
      if (records.cells > 0) yield { line: records.began, fields };
    }
  }
}

/** The lines of a text file that hold anything, with their numbers; `json`: the elements of a JSON list, with theirs. */
export async function* textLines(
  file: string,
  read: Progress,
  form: 'jsonl' | 'json' = 'jsonl',
): AsyncGenerator<{ line: number; text: string }> {
  let line = 0;
  for await (const block of blocksOf(file, form, read, () => line + 1)) {
    const lines = block.toString('utf8').replace(/\n$/, '').split('\n');
    for (const text of lines) {
      line += 1;
      if (text.trim() !== '') yield { line, text };
    }
  }
}

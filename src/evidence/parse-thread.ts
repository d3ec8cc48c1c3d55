import { type MessagePort, workerData } from 'node:worker_threads';
import { ColumnCells } from './column-cells.ts';
import { EvidenceError } from './evidence-error.ts';
import type { ParseBlock, ParsedBlock, ParsedColumn, ParseTask } from './parse-protocol.ts';
import { CsvRows, JsonRows, type RecordRows } from './record-rows.ts';

/** Parses blocks of whole records of one file into cells, for the thread that evaluates a query over them. */
class BlockParser {
  readonly #task: ParseTask;
  readonly #cells: ReadonlyMap<string, ColumnCells>;
  /** Of each column how many values were sent of those that rows refer to. */
  readonly #sent = new Map<readonly unknown[], number>();
  #strange = false;

  constructor(task: ParseTask) {
    this.#task = task;
    this.#cells = new Map(task.wanted.map(({ name, type, guess }) => [name, new ColumnCells(type, guess)]));
  }

  parse(block: Buffer): ParsedBlock {
    const records = this.#records();
    let error: ParsedBlock['error'];
    try {
      records.add(block);
    } catch (thrown) {
      if (!(thrown instanceof EvidenceError)) throw thrown;
      error = { why: thrown.why, line: thrown.line };
    }
    const { rows } = records;
    const columns = [...this.#cells.values()].map((cells) => this.#column(cells, rows));
    const changed = this.#strange || [...this.#cells.values()].some((cells) => cells.changed);
    return { rows, lines: records.line - 1, columns, changed, error };
  }

  #records(): RecordRows {
    const { file, format, header, known } = this.#task;
    if (format === 'csv') return new CsvRows(file, (name) => this.#cells.get(name), header);
    return new JsonRows(file, this.#cells, new Set(known), () => {
      this.#strange = true;
    });
  }

  #column(cells: ColumnCells, rows: number): ParsedColumn {
    const { misfits, misfitLine } = cells;
    cells.misfits = 0;
    cells.misfitLine = undefined;
    if (cells.rows === 0) return { codes: undefined, values: [], misfits, misfitLine };
    const { values, rows: codes } = cells.piece(rows);
    if (!codes) return { codes, values: [...values], misfits, misfitLine };
    const sent = this.#sent.get(values) ?? 0;
    this.#sent.set(values, values.length);
    return { codes, values: values.slice(sent), misfits, misfitLine };
  }
}

const { port, task } = workerData as { port: MessagePort; task: ParseTask };
const done = new Int32Array(task.done);
const finished = (): void => {
  Atomics.add(done, 0, 1);
  Atomics.notify(done, 0);
};
const parser = new BlockParser(task);
port.on('message', ({ memory, length }: ParseBlock) => {
  let parsed: ParsedBlock;
  try {
    parsed = parser.parse(Buffer.from(memory, 0, length));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    parsed = { rows: 0, lines: 0, columns: [], changed: false, error: { why, line: undefined } };
  }
  port.postMessage(
    parsed,
    parsed.columns.flatMap(({ codes }) => (codes ? [codes.buffer as ArrayBuffer] : [])),
  );
  finished();
});
finished();

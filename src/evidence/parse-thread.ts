import { workerData } from 'node:worker_threads';
import { cells as cellsOf, type Frame, type Vector, vectorOf } from '../kql/frame.ts';
import { packedCells } from '../kql/packed.ts';
import { PartEvaluator } from '../kql/part-evaluator.ts';
import type { Value } from '../kql/values.ts';
import { CellMemory } from './cell-memory.ts';
import { ColumnCells } from './column-cells.ts';
import { EvidenceError } from './evidence-error.ts';
import type { ParseBlock, ParsedBlock, ParsedColumn, ParseTask } from './parse-protocol.ts';
import { CsvRows, JsonRows, type RecordRows } from './record-rows.ts';
import { ThreadSide } from './thread-side.ts';
import type { WatchedData } from './watched-thread.ts';

/** Parses blocks of whole records of one file into cells, and evaluates a part of a query over them. */
class BlockParser {
  readonly #task: ParseTask;
  readonly #memory: CellMemory;
  readonly #cells: ReadonlyMap<string, ColumnCells>;
  readonly #evaluator: PartEvaluator | undefined;
  /** Of each list of values how many were sent. */
  readonly #sent = new Map<readonly Value[], number>();
  readonly #records: RecordRows;
  #strange = false;
  #parsed = 0;

  constructor(task: ParseTask) {
    this.#task = task;
    this.#memory = new CellMemory(task.memory);
    this.#cells = new Map(
      task.wanted.map(({ name, type, guess, members }) => [name, new ColumnCells(type, guess, members)]),
    );
    this.#evaluator = task.part && new PartEvaluator(task.part);
    this.#records = this.#rowsOf(task);
  }

  parse(from: number, to: number, at: number): ParsedBlock {
    const block = this.#memory.text(from, to);
    const records = this.#records;
    records.restart();
    let error: ParsedBlock['error'];
    try {
      records.add(block);
    } catch (thrown) {
      if (!(thrown instanceof EvidenceError)) throw thrown;
      error = { why: thrown.why, line: thrown.line };
    }
    const { rows } = records;
    const own = [...this.#cells.values()];
    const misfits = own.map((cells) => {
      const found = { count: cells.misfits, line: cells.misfitLine };
      cells.misfits = 0;
      cells.misfitLine = undefined;
      return found;
    });
    const vectors = own.map((cells) => (cells.rows === 0 ? vectorOf(cells.type, []) : cells.piece(rows)));
    const changed = this.#strange || own.some((cells) => cells.changed);
    const base = { rows, lines: records.line - 1, misfits, changed, error, part: undefined, spoiled: false };
    const evaluated = changed || rows === 0 ? undefined : this.#evaluated(vectors, rows, at);
    if (!evaluated) return { ...base, columns: vectors.map((v, i) => this.#column(v, rows, i, true)), made: undefined };
    const { frame, spoiled } = evaluated;
    const { names, length, serialized } = frame;
    const columns = frame.vectors.map((v) => this.#column(v, length, this.#listOf(v), false));
    return { ...base, columns, made: { names, length, serialized }, spoiled, part: this.#tooMuch() };
  }

  /** The part that is kept of the pieces. */
  finish(): ParsedBlock {
    const part = this.#evaluator?.take();
    const none = { rows: 0, lines: 0, misfits: [], columns: [], made: undefined, changed: false, error: undefined };
    return { ...none, part, spoiled: false };
  }

  #tooMuch(): unknown {
    this.#parsed += 1;
    // The system is asked, which takes as long as hundreds of rows.
    if (this.#parsed % 4 !== 0) return undefined;
    // node:v8 would say how large the heap may be, and ends a process that began from a snapshot (Node 24.21).
    return process.memoryUsage().heapUsed > this.#task.mostKept ? this.#evaluator?.take() : undefined;
  }

  /** What the query's part makes of the rows; undefined where there is none, or where this thread cannot do it. */
  #evaluated(vectors: readonly Vector[], rows: number, at: number): { frame: Frame; spoiled: boolean } | undefined {
    const evaluator = this.#evaluator;
    if (!evaluator) return undefined;
    let frame: Frame;
    try {
      frame = evaluator.rows(this.#frame(vectors, rows));
    } catch {
      return undefined;
    }
    if (!evaluator.reduces) return { frame, spoiled: false };
    const nothing = { ...frame, vectors: frame.vectors.map(({ type }) => vectorOf(type, [])), length: 0 };
    try {
      if (frame.length > 0) evaluator.keep(frame, at);
      return { frame: nothing, spoiled: false };
    } catch {
      // Some of the rows may have been taken in.
      return { frame: nothing, spoiled: true };
    }
  }

  #frame(vectors: readonly Vector[], length: number): Frame {
    const { columns, wanted, standIns } = this.#task;
    const byName = new Map(wanted.map(({ name }, i) => [name, vectors[i]]));
    return {
      names: columns.map(({ name }) => name),
      vectors: columns.map(({ name, type }) => byName.get(standIns.get(name) ?? name) ?? vectorOf(type, [])),
      length,
      serialized: false,
    };
  }

  #rowsOf({ file, format, header, known }: ParseTask): RecordRows {
    if (format === 'csv') return new CsvRows(file, this.#memory, (name) => this.#cells.get(name), header);
    const strange = (): void => {
      this.#strange = true;
    };
    return new JsonRows(file, this.#cells, new Set(known), strange, format);
  }

  /** The column whose list of values a vector refers to; -1 where it is none's. */
  #listOf({ values, rows }: Vector): number {
    return rows ? [...this.#cells.values()].findIndex(({ list }) => list === values) : -1;
  }

  /** `always`: by numbers where the values are a list. Few rows bring their own. */
  #column(vector: Vector, length: number, of: number, always: boolean): ParsedColumn {
    const { type, values, rows: codes } = vector;
    if (values.length === 0) return { type, codes: undefined, values: [], of: -1 };
    const sent = this.#sent.get(values) ?? 0;
    if (!codes || of < 0 || !(always || 2 * length > values.length - sent))
      return { type, codes: undefined, values: packedCells(type, cellsOf(vector, length)), of: -1 };
    this.#sent.set(values, values.length);
    return { type, codes, values: packedCells(type, values.slice(sent)), of };
  }
}

const data = workerData as WatchedData<ParseTask>;
const side = new ThreadSide(data);

const failed = (error: unknown): ParsedBlock => ({
  ...{ rows: 0, lines: 0, misfits: [], columns: [], made: undefined, part: undefined, spoiled: true, changed: false },
  error: { why: error instanceof Error ? error.message : String(error), line: undefined },
});

const parser = new BlockParser(data.task);
side.port.on('message', (block: ParseBlock) => {
  let parsed: ParsedBlock;
  try {
    parsed = block.from === undefined ? parser.finish() : parser.parse(block.from, block.to, block.at);
  } catch (error) {
    parsed = failed(error);
  }
  // Columns may share the numbers of their rows.
  const moved = new Set(parsed.columns.flatMap(({ codes }) => (codes ? [codes.buffer as ArrayBuffer] : [])));
  side.say(parsed, [...moved]);
});
side.started();

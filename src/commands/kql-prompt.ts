import { createInterface, type Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { QueryDocument } from '../documents/query.ts';
import { exitCode, Failure } from '../failure.ts';
import type { Completion } from '../kql/completion.ts';
import { noCode } from '../kql/no-code.ts';
import { wrap } from '../text/cells.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { noteLines } from './note-lines.ts';
import { paged } from './pager.ts';
import { atHome } from './path-completion.ts';
import { writeAnswer } from './query-file.ts';
import { historyFile, onOneLine, readHistory, writeHistory } from './query-history.ts';
import { terminalWidth } from './terminal-width.ts';

export interface PromptParts {
  /** The source of the answers, in a few words. */
  title: string;
  /** Throws Failure, with the place, for a query that is wrong; rejects with the signal's reason when it is aborted. */
  ask(query: string, signal: AbortSignal): Promise<QueryDocument>;
  complete(text: string, position: number): Promise<Completion>;
  /** The answer as it is shown. */
  drawn(document: QueryDocument): string;
}

const help = `Enter asks. A line that ends in | or \\, or leaves a bracket open, goes on in the next; pasted lines are one question.
Tab completes names, operators and functions. Up and Down: earlier questions. Ctrl-C ends a question, Ctrl-D the prompt.
:out FILE   writes the last answer: .csv, .jsonl, .json, .parquet, .xlsx, .svg
:help       this text
:quit       ends the prompt`;

/** Does a question go on in the next line? Brackets in texts and comments do not count. */
export function isOpen(text: string): boolean {
  if (/[|\\]\s*$/.test(text)) return true;
  let depth = 0;
  const code = text.replace(noCode, (part) => {
    // A text over several lines that has no end yet.
    if (/^(?:```|~~~)/.test(part) && (part.length < 6 || !part.endsWith(part.slice(0, 3)))) depth += 1;
    return '';
  });
  for (const character of code) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
  }
  return depth > 0;
}

/** A question, or undefined when the prompt's input has ended. Lines that come in one piece are one question. */
function readQuestion(
  parts: PromptParts,
  io: { input: ReadStream; output: WriteStream },
  history: readonly string[],
): Promise<string | undefined> {
  const lines: string[] = [];
  const before = (): string => lines.map((line) => `${line}\n`).join('');
  const reader: Interface = createInterface({
    ...io,
    prompt: 'kql> ',
    history: history.flatMap((text) => onOneLine(text) || []),
    historySize: 500,
    completer: (line: string, done: (error: null, found: [string[], string]) => void) => {
      const text = before() + line;
      const cursor = before().length + reader.cursor;
      parts.complete(text, cursor).then(
        // An answer about less than is typed by now completes nothing.
        ({ start, texts }) => done(null, reader.line === line ? [texts, text.slice(start, cursor)] : [[], line]),
        () => done(null, [[], line]),
      );
    },
  });
  return new Promise((resolve) => {
    let ended = false;
    const settle = (question: string | undefined): void => {
      if (ended) return;
      ended = true;
      reader.close();
      resolve(question);
    };
    reader.on('line', (line) => {
      lines.push(line.replace(/\\\s*$/, ''));
      const open = isOpen(lines.length === 1 ? line : before());
      // More of what was pasted may come before the next turn of the loop; a rest without an end is on the line.
      setImmediate(() => {
        if (ended) return;
        const [more, whole] = [reader.line !== '', lines.join('\n')];
        if (whole.trim() === '') lines.length = 0;
        else if (!more && !open && lines.at(-1) === line.replace(/\\\s*$/, '')) return settle(whole);
        reader.setPrompt(lines.length === 0 ? 'kql> ' : '  -> ');
        reader.prompt(true);
      });
    });
    reader.on('SIGINT', () => {
      if (reader.line === '' && lines.length === 0) io.output.write('\n(Ctrl-D or :quit ends)\n');
      lines.length = 0;
      reader.write(null, { ctrl: true, name: 'u' });
      reader.setPrompt('kql> ');
      reader.prompt();
    });
    reader.on('close', () => settle(undefined));
    reader.prompt();
  });
}

/** Asks one question; Ctrl-C ends it alone. Gives the answer, or undefined with the reason printed. */
async function answered(parts: PromptParts, question: string, output: WriteStream): Promise<QueryDocument | undefined> {
  const ending = new AbortController();
  const stop = (): void => ending.abort(new Failure('ended by Ctrl-C'));
  process.on('SIGINT', stop);
  try {
    return await parts.ask(question, ending.signal);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    output.write(
      `${error.message
        .split('\n')
        // Code and the marks below it stay where they are.
        .flatMap((line) => (line.startsWith(' ') ? [printable(line, 2000)] : wrap(line, terminalWidth(output))))
        .join('\n')}\n`,
    );
    return undefined;
  } finally {
    process.off('SIGINT', stop);
  }
}

/** A command of the prompt; false ends it. */
async function obeyed(command: string, last: QueryDocument | undefined, output: WriteStream): Promise<boolean> {
  const [, name = '', rest = ''] = /^:(\w*)\s*(.*)$/s.exec(command) ?? [];
  if (name === 'quit' || name === 'q') return false;
  if (name === 'out' && rest.trim() !== '') {
    if (last === undefined) output.write('there is no answer yet\n');
    else {
      const written = await writeAnswer(last, atHome(rest.trim())).catch((error: unknown) => ({
        line: error instanceof Error ? error.message : String(error),
        notes: [],
      }));
      for (const line of [written.line, ...written.notes]) output.write(`${printable(line, 5000)}\n`);
    }
  } else
    output.write(
      `${help
        .split('\n')
        .flatMap((line) => wrap(line, terminalWidth(output)))
        .join('\n')}\n`,
    );
  return true;
}

/** Reads questions from the terminal until it ends, answers each, and keeps the questions for the next prompt. */
export async function promptForQueries(
  parts: PromptParts,
  io: { input: ReadStream; output: WriteStream } = { input: process.stdin, output: process.stdout },
): Promise<number> {
  const { input, output } = io;
  if (!input.isTTY || !output.isTTY) throw new Failure('give a query, @FILE or -: the prompt needs a terminal');
  output.write(`KQL over ${printable(parts.title, 200)}. :help says more.\n`);
  // The first completion takes a second, to load the parser and to describe the tables: it is taken before it is wanted.
  void parts.complete('', 0).catch(() => undefined);
  const file = historyFile();
  const history = readHistory(file);
  let last: QueryDocument | undefined;
  for (;;) {
    const question = await readQuestion(parts, io, history);
    if (question === undefined) break;
    if (question.startsWith(':')) {
      if (!(await obeyed(question, last, output))) break;
      continue;
    }
    history.unshift(question);
    await writeHistory(file, history);
    const document = await answered(parts, question, output);
    if (document === undefined) continue;
    last = document;
    await paged(parts.drawn(document), input, output);
    const notes = noteLines(document.notes, terminalWidth(output));
    for (const note of notes.slice(0, 5)) output.write(`${note}\n`);
    if (notes.length > 5) output.write(`and ${counted(notes.length - 5, 'note')} more\n`);
  }
  output.write('\n');
  return exitCode.done;
}

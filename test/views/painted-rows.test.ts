import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import chalk from 'chalk';
import { build, type Plugin } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: a script of the build, without types
import { inkPlugins, plainInkPlugins } from '../../scripts/ink-plugins.mjs';
import type { Block, Frame } from '../../views/frame.ts';
import { blank, fitLine, line, span } from '../../views/line.ts';
import { paint, paintIn } from '../../views/paint.ts';
import { FakeTerminal } from './fixtures/screen.ts';

const root = join(import.meta.dirname, '../..');
const drawing = `
import { render } from 'ink';
import { createElement } from 'react';
import { Screen } from './views/screen.tsx';
export const begin = (stdout, stdin, frame) => {
  const instance = render(createElement(Screen, { frame }), {
    stdout, stdin, alternateScreen: true, incrementalRendering: true, exitOnCtrlC: false, patchConsole: false, interactive: true,
  });
  return {
    flushed: () => instance.waitUntilRenderFlush(),
    draw: (next) => instance.rerender(createElement(Screen, { frame: next })),
    end: () => instance.unmount(),
  };
};`;

interface Drawing {
  flushed(): Promise<void>;
  draw(frame: Frame): void;
  end(): void;
}
type Begin = (stdout: NodeJS.WriteStream, stdin: NodeJS.ReadStream, frame: Frame) => Drawing;

let folder: string;
const begins: Begin[] = [];
beforeAll(async () => {
  // As on a terminal with 256 colours.
  chalk.level = 2;
  paintIn('dark');
  folder = await mkdtemp(join(root, 'node_modules/.painted-rows-'));
  for (const [at, plugins] of [plainInkPlugins as Plugin[], inkPlugins as Plugin[]].entries()) {
    const outfile = join(folder, `${at}.mjs`);
    await build({
      stdin: { contents: drawing, resolveDir: root },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      jsx: 'automatic',
      plugins,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const { begin } = await import(pathToFileURL(outfile).href);
    begins.push(begin);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every cell of a terminal, with its looks. */
async function cellsOf(terminal: FakeTerminal): Promise<string[]> {
  await terminal.lines();
  const { active } = terminal.screen.buffer;
  return Array.from({ length: terminal.screen.rows }, (_, row) =>
    Array.from({ length: terminal.screen.cols }, (__, column) => {
      const cell = active.getLine(active.baseY + row)?.getCell(column);
      const looks = [cell?.getFgColor(), cell?.getBgColor(), cell?.isBold(), cell?.isInverse()];
      return `${cell?.getChars() || ' '}${looks.join()}`;
    }).join(' '),
  );
}

const columns = 40;
const height = 8;
const tones = fc.constantFrom('plain', 'dim', 'critical', 'accent', 'good', 'unknown', 'high');
const words = fc.constantFrom(
  'web01',
  ' ',
  '   ',
  '▲ 3',
  '·',
  '│',
  'ünïcödé',
  '漢字',
  'é',
  'x',
  'a long text without an end',
  '❯',
  '…',
  '',
);
const piece = fc.tuple(words, tones, fc.boolean()).map(([text, tone, bold]) => span(text, tone, bold));
const row = fc
  .tuple(fc.array(piece, { maxLength: 6 }), fc.boolean())
  .map(([pieces, selected]) => paint(fitLine({ ...line(...pieces), selected }, columns)));
const rowsOnly = (rows: string[]): Block[] => [{ kind: 'rows', rows }];
const withTable = (rows: string[]): Block[] => [
  { kind: 'rows', rows: rows.slice(0, 2) },
  {
    kind: 'tables',
    height: 4,
    leftWidth: 12,
    left: rows.slice(2, 6).map(() => paint(fitLine(line('left │'), 12))),
    tables: [{ title: 'One', rows: [{ name: 'a', value: '1' }] }],
  },
  { kind: 'rows', rows: rows.slice(6) },
];
const frames = fc.array(
  fc
    .tuple(fc.array(row, { minLength: height, maxLength: height }), fc.constantFrom(rowsOnly, rowsOnly, withTable))
    .map(([rows, blocks]): Frame => ({ columns, rows: height, blocks: blocks(rows), asks: '', defect: null })),
  { minLength: 2, maxLength: 4 },
);

describe('rows that cordon painted', () => {
  it('are on the terminal as Ink draws them without the changes of the build', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(frames, async ([first, ...others]) => {
        if (!first) return;
        const terminals = begins.map(() => new FakeTerminal(columns, height));
        const drawings = begins.map((begin, at) => {
          const terminal = terminals[at];
          if (!terminal) throw new Error('no terminal');
          return begin(terminal.stdout, terminal.stdin, first);
        });
        for (const frame of [first, ...others]) {
          for (const drawing of drawings) drawing.draw(frame);
          for (const drawing of drawings) await drawing.flushed();
          const [plain, changed] = await Promise.all(terminals.map(cellsOf));
          expect(changed).toEqual(plain);
        }
        for (const drawing of drawings) drawing.end();
      }),
      { numRuns: 40 },
    );
  });

  it('leave no row of the frame before', async () => {
    const [, begin] = begins;
    if (!begin) throw new Error('not built');
    const terminal = new FakeTerminal(columns, height);
    const frame = (text: string): Frame => ({
      columns,
      rows: height,
      blocks: rowsOnly([
        paint(fitLine(line(text), columns)),
        ...Array<string>(height - 1).fill(paint(fitLine(blank, columns))),
      ]),
      asks: '',
      defect: null,
    });
    const drawing = begin(terminal.stdout, terminal.stdin, frame('a first row'));
    await drawing.flushed();
    drawing.draw(frame('another'));
    await drawing.flushed();
    expect((await terminal.lines()).map((text) => text.trimEnd())).toEqual(['another', ...Array(height - 1).fill('')]);
    drawing.end();
  });
});

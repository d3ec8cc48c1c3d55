import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cordon, program, root, simulate } from '../test/e2e/cordon.ts';
import { type StyledRun, TerminalProgram } from '../test/e2e/terminal.ts';

/** A screen of the real program, by the name of its picture. */
export interface Picture {
  name: 'list' | 'triage' | 'incident' | 'plan' | 'notes';
  columns: number;
  rows: StyledRun[][];
}

const columns = 120;
const patience = 60_000;

const plain = (text: string): StyledRun[] => [
  { column: 0, text, foreground: null, background: null, bold: text.startsWith('#'), dim: false, inverse: false },
];

/** A statement with its label before it, over as many lines as it takes. */
function labelled(label: string, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > columns - width - 2) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((part, at) => `${(at === 0 ? label : '').padEnd(width)}  ${part}`);
}

/** The first lines of Markdown notes, their tables with aligned columns. */
function notesRows(markdown: string, most: number): StyledRun[][] {
  const lines = markdown.replace(/\\(.)/g, '$1').split('\n');
  const rows: string[] = [];
  for (let at = 0; at < lines.length && rows.length < most; at += 1) {
    if (!lines[at]?.startsWith('|')) {
      rows.push((lines[at] ?? '').slice(0, columns));
      continue;
    }
    const end = lines.findIndex((line, place) => place > at && !line.startsWith('|'));
    const table = lines.slice(at, end).filter((line) => !/^\|( --- \|)+$/.test(line));
    const cells = table.map((line) => line.slice(2, -2).split(' | '));
    const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
    const [first = 0] = widths;
    if (widths.length === 2)
      rows.push(...cells.slice(1).flatMap(([label = '', text = '']) => labelled(label, text, first)));
    else
      rows.push(
        ...cells.map((row) =>
          row
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join('  ')
            .slice(0, columns),
        ),
      );
    at = end - 1;
  }
  return rows.slice(0, most).map(plain);
}

/** Goes through the demo's incident in the real program, as a responder does, and takes its screens on the way. */
export async function takePictures(): Promise<{ pictures: Picture[]; heard: [number, string][] }> {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-pictures-'));
  const simulator = await simulate();
  const screen = new TerminalProgram(process.execPath, [program, '--simulator', simulator.url], {
    columns,
    rows: 34,
    cwd: root,
    env: { CORDON_CASES: folder, NO_COLOR: undefined, CI: undefined },
  });
  const pictures: Picture[] = [];
  const take = (name: Picture['name']) => pictures.push({ name, columns, rows: screen.runs() });
  try {
    await screen.until(/❯▲ web01 .*THEN/, patience);
    await screen.until((text) => !text.includes('reading'), patience);
    take('list');
    screen.type('\r');
    await screen.until(
      (text) =>
        text.includes('THEN LOGON') &&
        text.includes('SPREADING') &&
        /4 serious of 5 changes/.test(text) &&
        !/asking for|awaiting/.test(text),
      patience,
    );
    take('triage');
    screen.type('i');
    await screen.until(/ {2}read \d+s ago/, patience);
    take('incident');
    screen.type('\u001b');
    await screen.until('1 Exposed ports', patience);
    screen.type('p');
    const chooser = await screen.until(/\d lock-nsg /, patience);
    screen.type(/(\d) lock-nsg /.exec(chooser)?.[1] ?? '');
    await screen.until(/to apply ·|y apply ·/, patience);
    take('plan');
    const heard = screen.heard.slice();
    screen.type('\u0003');
    screen.end();
    const at = ['--simulator', simulator.url, '--cases', join(folder, 'notes')];
    await cordon(['triage', 'web01', '--case', 'today', ...at]);
    const contained = await cordon([
      'run',
      'contain-brute-force',
      '--vm',
      'web01',
      '--yes',
      '--confirm',
      'web01',
      ...at,
    ]);
    const id = /^case (\S+)$/m.exec(contained.stdout)?.[1] ?? '';
    const { stdout } = await cordon(['case', 'export', id, '--cases', join(folder, 'notes')]);
    pictures.push({ name: 'notes', columns, rows: notesRows(readFileSync(stdout.trim(), 'utf8'), 46) });
    return { pictures, heard };
  } finally {
    screen.end();
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The 16 colours of a dark terminal, each readable on its background. */
const palette =
  '#3b4048 #ff6b6b #7ee081 #f5c451 #6cb6ff #d6a0ff #5fd7d7 #d7dce2 #8b949e #ff8f8f #a3f0a5 #ffd97a #9dcbff #e3bfff #8ff0f0 #ffffff'.split(
    ' ',
  );
const [paper, ink] = ['#11151c', '#d7dce2'];
const [cellWidth, lineHeight, margin] = [8.43, 18, 12];

const colour = (value: StyledRun['foreground'], otherwise: string) =>
  value === null ? otherwise : typeof value === 'string' ? value : (palette[value] ?? otherwise);
const inXml = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** The picture as SVG: text that can be read, searched and scaled. */
export function svgOf({ name, columns: wide, rows }: Picture): string {
  const [width, height] = [wide * cellWidth + 2 * margin, rows.length * lineHeight + 2 * margin];
  const drawn = rows.flatMap((row, line) =>
    row.flatMap((run) => {
      const [front, back] = [colour(run.foreground, ink), colour(run.background, paper)];
      const [fill, behind] = run.inverse ? [back, front] : [front, back];
      const y = margin + line * lineHeight;
      const at = (column: number) => (margin + column * cellWidth).toFixed(2);
      const wideOf = (text: string) => (text.length * cellWidth).toFixed(2);
      const area =
        behind === paper
          ? []
          : [
              `<rect x="${at(run.column)}" y="${y}" width="${wideOf(run.text)}" height="${lineHeight}" fill="${behind}"/>`,
            ];
      const look = `${run.bold ? ' font-weight="700"' : ''}${run.dim ? ' opacity=".75"' : ''}`;
      // Word by word, each at its column: what draws SVG does not agree on blanks.
      const words = [...run.text.matchAll(/\S+/g)].map(
        ({ index, 0: word }) =>
          `<text x="${at(run.column + index)}" y="${y + 13}" fill="${fill}"${look} textLength="${wideOf(word)}">${inXml(word)}</text>`,
      );
      return [...area, ...words];
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" role="img" aria-label="cordon: ${name}" font-family="ui-monospace,'Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">
<rect width="100%" height="100%" rx="8" fill="${paper}"/>
${drawn.join('\n')}
</svg>
`;
}

/** The words of a picture without what changes from run to run: times, ages, ids, places of a cursor. */
export function wordsOf(text: string): Set<string> {
  const told = text
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
  return new Set(told.split(/[^\p{L}\p{N}._@→-]+/u).filter((word) => word.length > 2 && !/\d/.test(word)));
}

/** An asciicast (version 2) of at most 30 seconds; a pause is a pause to read, and no longer. */
export function castOf(heard: readonly [number, string][], rows: number): string {
  const longest = 2.5;
  let [before, shown] = [0, 0];
  const events = heard.map(([seconds, data]) => {
    shown += Math.min(longest, seconds - before);
    before = seconds;
    return [shown, data] as const;
  });
  const fit = Math.min(1, 30 / Math.max(shown, 1));
  const lines = events.map(([seconds, data]) => JSON.stringify([Number((seconds * fit).toFixed(3)), 'o', data]));
  return `${[JSON.stringify({ version: 2, width: columns, height: rows, title: 'cordon: an incident in the demo' }), ...lines].join('\n')}\n`;
}

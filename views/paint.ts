import chalk, { type ChalkInstance } from 'chalk';
import type { Line, Tone } from './line.ts';

/** How each tone looks. Chalk decides what the terminal can show, as it does for Ink. */
const looks: Record<Exclude<Tone, 'plain'>, ChalkInstance> = {
  critical: chalk.red,
  high: chalk.yellow,
  medium: chalk.blue,
  low: chalk.dim,
  dim: chalk.dim,
  unknown: chalk.magenta,
  good: chalk.green,
  accent: chalk.cyan,
};

/** What stands before and after a text of each look. */
const around = new Map<string, readonly [string, string]>();

function codes(tone: Tone, bold: boolean): readonly [string, string] {
  const name = `${tone} ${bold}`;
  const known = around.get(name);
  if (known) return known;
  const look = tone === 'plain' ? (text: string) => text : looks[tone];
  const [before = '', after = ''] = (bold ? chalk.bold(look('\0')) : look('\0')).split('\0');
  const made = [before, after] as const;
  around.set(name, made);
  return made;
}

/**
 * A row as one text with its styles in it: a terminal library then lays out one text a row instead of one a piece.
 * Pieces of one look that follow each other are written as one.
 */
export function paint(row: Line): string {
  let text = '';
  let run = '';
  let style: readonly [string, string] | null = null;
  for (const piece of row.spans) {
    // Blanks look alike in every colour.
    const next = codes(piece.text.trim() === '' ? 'plain' : piece.tone, piece.bold || row.selected);
    if (style !== null && next !== style) {
      text += style[0] + run + style[1];
      run = '';
    }
    style = next;
    run += piece.text;
  }
  return style === null ? '' : text + style[0] + run + style[1];
}

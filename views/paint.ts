import chalk from 'chalk';
import type { Tone } from '../src/words/severity.ts';
import type { Line, Span } from './line.ts';
import { type ThemeName, themes } from './theme.ts';

let theme: ThemeName = 'dark';
/** The sequences before and after a text of each look. */
const around = new Map<string, readonly [string, string]>();

/** Draws in another theme from now on. Chalk decides what the terminal can show of it, as it does for Ink. */
export function paintIn(name: ThemeName): void {
  theme = name;
  around.clear();
}

function codes(tone: Tone, bold: boolean, chosen: boolean): readonly [string, string] {
  const name = `${tone} ${bold} ${chosen}`;
  const known = around.get(name);
  if (known) return known;
  const { tones, background } = themes[theme];
  // The row under the cursor is one bar: its words are as plain as can be.
  const colour = tones[chosen ? 'plain' : tone];
  let look = chalk.reset;
  if (colour !== null) look = look.ansi256(colour);
  if (background !== null) look = look.bgAnsi256(background);
  if (bold) look = look.bold;
  if (chosen) look = look.inverse;
  const plain = colour === null && background === null && !bold && !chosen;
  const [before = '', after = ''] = plain ? ['', ''] : look('\0').split('\0');
  const made = [before.replace('\u001b[0m', ''), after.replace('\u001b[0m', '')] as const;
  around.set(name, made);
  return made;
}

const isBlank = ({ text }: Span): boolean => text.trim() === '';

/**
 * A row as one text with its styles in it: a terminal library then lays out one text a row instead of one a piece.
 * Pieces of one look that follow each other are written as one. Blanks look alike in every colour: they go with what
 * is before them, unless that is the bar of the row under the cursor.
 */
export function paint(row: Line): string {
  let text = '';
  let run = '';
  let style: readonly [string, string] | null = null;
  let bar = false;
  for (const piece of row.spans) {
    const chosen = piece.chosen === true;
    const blank = isBlank(piece) && !chosen;
    if (blank && style !== null && !bar) {
      run += piece.text;
      continue;
    }
    bar = chosen;
    const next = codes(blank || chosen ? 'plain' : piece.tone, piece.bold || chosen, chosen);
    if (style !== null && next !== style) {
      text += style[0] + run + style[1];
      run = '';
    }
    style = next;
    run += piece.text;
  }
  return style === null ? '' : text + style[0] + run + style[1];
}

import chalk from 'chalk';
import type { Tone } from '../src/words/severity.ts';
import type { Line, Span } from './line.ts';
import { type ThemeName, themes } from './theme.ts';

/** One property of a look: what turns it on, and what turns it off. */
interface Code {
  on: string;
  off: string;
}
type Style = readonly Code[];

let theme: ThemeName = 'dark';
const styles = new Map<string, Style>();
/** The sequences between two texts, by the looks that end and begin there. */
let seams = new Map<Style, Map<Style, string>>();
const bare: Style = [];

/** Draws in another theme from now on. Chalk decides what the terminal can show of it, as it does for Ink. */
export function paintIn(name: ThemeName): void {
  theme = name;
  styles.clear();
  seams = new Map();
}

const sequences = (text: string): string[] => text.match(/\u001b\[[\d;]*m/g) ?? [];

function styleOf(tone: Tone, bold: boolean, chosen: boolean): Style {
  const name = `${tone} ${bold} ${chosen}`;
  const known = styles.get(name);
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
  // Chalk nests them: what was turned on last is turned off first. Its reset is not needed.
  const off = sequences(after).reverse();
  const made = sequences(before).flatMap((on, at): Code[] => (on === '\u001b[0m' ? [] : [{ on, off: off[at] ?? '' }]));
  styles.set(name, made);
  return made;
}

/** From one look to the next: what both have stays on, and what is only exchanged is not turned off before. */
function seam(from: Style, to: Style): string {
  const after = seams.get(from) ?? new Map<Style, string>();
  seams.set(from, after);
  const known = after.get(to);
  if (known !== undefined) return known;
  const ended = from.filter(({ off }) => !to.some((code) => code.off === off));
  const begun = to.filter(({ on }) => !from.some((code) => code.on === on));
  const made = [...ended.map(({ off }) => off).reverse(), ...begun.map(({ on }) => on)].join('');
  after.set(to, made);
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
  let style = bare;
  let bar = false;
  for (const piece of row.spans) {
    const chosen = piece.chosen === true;
    const blank = isBlank(piece) && !chosen;
    if (!blank || style === bare || bar) {
      bar = chosen;
      const next = styleOf(blank || chosen ? 'plain' : piece.tone, piece.bold || chosen, chosen);
      text += seam(style, next);
      style = next;
    }
    text += piece.text;
  }
  return text + seam(style, bare);
}

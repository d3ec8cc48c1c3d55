import type { Tone } from '../src/words/severity.ts';

const themeNames = ['dark', 'light', 'high-contrast', 'colour-blind'] as const;
export type ThemeName = (typeof themeNames)[number];

/** Colours by their number among the 256 whose values no palette changes; null leaves the terminal's own. */
export interface Theme {
  /** Of every cell; null: the terminal's. */
  background: number | null;
  tones: Record<Tone, number | null>;
}

/**
 * The looks. Their contrast against the backgrounds that terminals come with is computed by test/views/theme.test.ts: words
 * 4.5 or more, as WCAG 2.2 asks (1.4.3), marks 3 or more (1.4.11). What a tone means a mark or a word says too.
 */
export const themes: Record<ThemeName, Theme> = {
  dark: {
    background: null,
    tones: {
      plain: null,
      critical: 210,
      high: 220,
      medium: 111,
      low: 249,
      dim: 249,
      unknown: 213,
      good: 114,
      accent: 80,
    },
  },
  light: {
    background: null,
    tones: { plain: 16, critical: 124, high: 94, medium: 25, low: 238, dim: 238, unknown: 90, good: 22, accent: 24 },
  },
  'high-contrast': {
    background: 16,
    tones: {
      plain: 231,
      critical: 217,
      high: 226,
      medium: 159,
      low: 255,
      dim: 255,
      unknown: 219,
      good: 157,
      accent: 123,
    },
  },
  // Blue and orange are distinguishable without red or green vision (Okabe and Ito's set, among the 256); on a ground of its
  // own, because these are light colours.
  'colour-blind': {
    background: 16,
    tones: {
      plain: 253,
      critical: 215,
      high: 228,
      medium: 117,
      low: 249,
      dim: 249,
      unknown: 218,
      good: 80,
      accent: 153,
    },
  },
};

/** The red, green and blue of one of the 256 colours from 16 on, 0 to 255 each. */
export function rgbOf(colour: number): [number, number, number] {
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10;
    return [grey, grey, grey];
  }
  const step = (part: number) => (part === 0 ? 0 : 55 + part * 40);
  const at = colour - 16;
  return [step(Math.floor(at / 36)), step(Math.floor(at / 6) % 6), step(at % 6)];
}

/**
 * Is the background that a terminal names a light one? `answer` is what OSC 11 brings, "rgb:ffff/ffff/ffff"; null when it
 * names none.
 */
export function isLight(answer: string): boolean | null {
  const found = /rgb:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i.exec(answer);
  if (!found) return null;
  const [red = 0, green = 0, blue = 0] = found.slice(1).map((hex) => Number.parseInt(hex, 16) / (16 ** hex.length - 1));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 0.5;
}

/** The theme that fits a terminal which reports its colours in the environment ("15;0": light text on dark). */
export function themeByEnvironment(colours: string | undefined): ThemeName {
  const background = Number(colours?.split(';').at(-1) ?? Number.NaN);
  return background === 7 || background === 15 ? 'light' : 'dark';
}

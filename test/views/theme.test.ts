import { describe, expect, test } from 'vitest';
import type { Tone } from '../../src/words/severity.ts';
import { isLight, rgbOf, type ThemeName, themeByEnvironment, themes } from '../../views/theme.ts';

type Rgb = readonly [number, number, number];
const hex = (text: string): Rgb => {
  const value = Number.parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};

/** Relative luminance and contrast by WCAG 2.2. */
function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The default text and background of terminals, as their sources have them. */
const palettes: { name: string; text: string; background: string; dark: boolean }[] = [
  { name: 'Windows Terminal, Campbell', text: '#CCCCCC', background: '#0C0C0C', dark: true },
  { name: 'Windows console, PowerShell', text: '#CCCCCC', background: '#012456', dark: true },
  { name: 'xterm', text: '#000000', background: '#FFFFFF', dark: false },
  { name: 'xterm -rv', text: '#FFFFFF', background: '#000000', dark: true },
  { name: 'macOS Terminal, Basic', text: '#000000', background: '#FFFFFF', dark: false },
  { name: 'macOS Terminal, Pro', text: '#F2F2F2', background: '#000000', dark: true },
  { name: 'Tango dark (GNOME)', text: '#D3D7CF', background: '#2E3436', dark: true },
  { name: 'Tango light (GNOME)', text: '#2E3436', background: '#EEEEEC', dark: false },
  { name: 'Solarized dark', text: '#839496', background: '#002B36', dark: true },
  { name: 'Solarized light', text: '#657B83', background: '#FDF6E3', dark: false },
];

/** The themes that a person with this palette would use. */
const themesFor = (dark: boolean): ThemeName[] => [dark ? 'dark' : 'light', 'high-contrast', 'colour-blind'];

describe.each(palettes)('on $name', ({ text, background, dark }) => {
  test.each(themesFor(dark))('every word of the theme %s can be read', (name) => {
    const theme = themes[name];
    const under = theme.background === null ? hex(background) : rgbOf(theme.background);
    for (const [tone, colour] of Object.entries(theme.tones) as [Tone, number | null][]) {
      const drawn = colour === null ? hex(text) : rgbOf(colour);
      const found = contrast(drawn, under);
      expect(found, `${tone} ${found.toFixed(2)}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});

test('a light background is known by the terminal’s answer, or by what the environment tells', () => {
  expect(isLight('\u001b]11;rgb:ffff/ffff/dddd\u0007')).toBe(true);
  expect(isLight('rgb:00/2b/36')).toBe(false);
  expect(isLight('nonsense')).toBeNull();
  expect(themeByEnvironment('0;15')).toBe('light');
  expect(themeByEnvironment('15;0')).toBe('dark');
  expect(themeByEnvironment(undefined)).toBe('dark');
});

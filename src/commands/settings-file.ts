import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import * as z from 'zod';
import { printable } from '../text/printable.ts';
import { type Settings, usualSettings } from './settings.ts';

const key = z.string().min(1).max(20);

const settingsFile = z.strictObject({
  theme: z.enum(['auto', 'dark', 'light', 'high-contrast', 'colour-blind']).optional(),
  mouse: z.boolean().optional(),
  refresh: z.int().min(10).max(86_400).nullable().optional(),
  columns: z.array(z.string().max(40)).min(1).max(20).nullable().optional(),
  keys: z.record(z.string().max(40), z.union([key, z.array(key).min(1).max(5)])).optional(),
  localTime: z.boolean().optional(),
  screenReader: z.boolean().optional(),
});

/** The settings of a file, and what is wrong with it, one sentence each. */
export async function parseSettings(file: string): Promise<{ settings: Settings; problems: string[] }> {
  let given: unknown;
  try {
    given = parse(await readFile(file, 'utf8')) ?? {};
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { settings: usualSettings, problems: [printable(first, 300)] };
  }
  const read = settingsFile.safeParse(given);
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => printable(`${path.join('.')}: ${message}`, 200));
    return { settings: usualSettings, problems };
  }
  const { keys = {}, ...rest } = read.data;
  const told = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const lists = Object.fromEntries(Object.entries(keys).map(([name, value]) => [name, [value].flat()]));
  return { settings: { ...usualSettings, ...told, keys: lists }, problems: [] };
}

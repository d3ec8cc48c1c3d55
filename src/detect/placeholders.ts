import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { printable } from '../text/printable.ts';
import { isRecord } from './sigma/record.ts';
import type { Placeholders } from './sigma/values.ts';

const MAX_BYTES = 4 * 1024 * 1024;

/** A file of placeholders that cannot be used; the message names it. */
export class NoPlaceholders extends Error {
  override readonly name = 'NoPlaceholders';
}

/**
 * The values of the placeholders (`%name%`) that rules leave to their reader: a map in YAML of names to a value or a list of them.
 * Throws NoPlaceholders.
 */
export async function readPlaceholders(path: string): Promise<Placeholders> {
  const refuse = (because: string): never => {
    throw new NoPlaceholders(`${printable(path, 500)}: ${printable(because, 300)}`);
  };
  let found: unknown;
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > MAX_BYTES) refuse('it is too large for a file of placeholders');
    found = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof NoPlaceholders) throw error;
    refuse(error instanceof Error ? error.message : String(error));
  }
  if (!isRecord(found)) return refuse('it is no map of placeholders to their values');
  return new Map(
    Object.entries(found).map(([name, value]) => {
      const values = Array.isArray(value) ? value : [value];
      const texts = values.map((one) =>
        typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean'
          ? String(one)
          : refuse(`the placeholder ${name} has a value that is no text`),
      );
      return [name.replace(/^%(.*)%$/, '$1'), texts];
    }),
  );
}

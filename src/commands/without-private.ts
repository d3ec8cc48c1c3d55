import { plainPattern } from '../text/plain-pattern.ts';

/** Numbers what is private, so that the same thing has the same placeholder and nothing of it is left. */
class Placeholders {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  for(kind: string, text: string): string {
    const key = `${kind} ${text.toLowerCase()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const made = `<${kind}-${number}>`;
    this.#known.set(key, made);
    return made;
  }
}

/**
 * The document with its private parts replaced, for a report in public: ids, user names, addresses of the network, names
 * in resource ids, and the names that are given (subscriptions, VMs), wherever they are in a text.
 */
export function withoutPrivate<T>(document: T, names: readonly { kind: string; name: string }[]): T {
  const placeholders = new Placeholders();
  // The longest first: a name can be part of another one.
  const given = names
    .filter(({ name }) => name.trim().length > 1)
    .sort((a, b) => b.name.length - a.name.length)
    .map(({ kind, name }) => ({
      pattern: new RegExp(`(?<![\\w-])${plainPattern(name)}(?![\\w-])`, 'gi'),
      to: placeholders.for(kind, name),
    }));
  const clean = (text: string): string => {
    let told = text
      .replace(/[\w.+-]+(?:#EXT#)?@[\w-]+(?:\.[\w-]+)+/g, (found) => placeholders.for('user', found))
      .replace(/(\/resourceGroups\/)([^/\s"']+)/gi, (_, before, name) => before + placeholders.for('group', name))
      .replace(/(\/providers\/[^/\s"']+\/)([^\s"']+)/gi, (_, before: string, rest: string) => before + namesOf(rest))
      .replace(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi, (found) => placeholders.for('id', found))
      .replace(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g, (found) => placeholders.for('address', found))
      .replace(/(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f:]*[0-9a-f]/gi, (found) => placeholders.for('address', found));
    for (const { pattern, to } of given) told = told.replace(pattern, to);
    return told;
  };
  /** types/name/types/name…: each second part is a name. */
  const namesOf = (rest: string) =>
    rest
      .split('/')
      .map((part, at) => (at % 2 === 1 && part !== '' ? placeholders.for('name', part) : part))
      .join('/');
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? value : clean(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, visit(one)]));
  };
  return visit(document) as T;
}

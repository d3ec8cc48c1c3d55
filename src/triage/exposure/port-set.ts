import { type Intervals, normalise } from './interval-set.ts';

/** All ports, 0 to 65535, half-open. */
export const ALL_PORTS: Intervals<number> = Object.freeze([0, 65536]);

/** Reads one port text: `*`, `Any`, a number, or a range `a-b`. Undefined when it is none of these. */
function parsePort(text: string): readonly [number, number] | undefined {
  const trimmed = text.trim();
  if (trimmed === '*' || trimmed.toLowerCase() === 'any') return [0, 65536];
  const range = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(trimmed);
  if (range === null) return undefined;
  const from = Number(range[1]);
  const to = range[2] === undefined ? from : Number(range[2]);
  return from <= to && to <= 65535 ? [from, to + 1] : undefined;
}

/**
 * The ports that a list of texts names: `*`, `0-65535`, `3000-4000`, `22`, and lists with commas. Texts that name no
 * port are returned apart.
 */
export function parsePorts(texts: readonly string[]): { ports: Intervals<number>; unread: string[] } {
  const pairs: (readonly [number, number])[] = [];
  const unread: string[] = [];
  for (const text of texts) {
    for (const piece of text.includes(',') ? text.split(',') : [text]) {
      const port = parsePort(piece);
      if (port === undefined) unread.push(piece);
      else pairs.push(port);
    }
  }
  return { ports: normalise(pairs), unread };
}

/** Is it every port? */
export const isAllPorts = (ports: Intervals<number>): boolean =>
  ports.length === 2 && ports[0] === 0 && ports[1] === 65536;

/** Ports as a person writes them: "22, 80, 3000-4000". */
export function formatPorts(ports: Intervals<number>): string {
  const texts: string[] = [];
  for (let i = 0; i < ports.length; i += 2) {
    const from = ports[i] ?? 0;
    const to = (ports[i + 1] ?? 0) - 1;
    texts.push(from === to ? String(from) : `${from}-${to}`);
  }
  return texts.join(', ');
}

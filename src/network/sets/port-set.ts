import { type Intervals, unionAll } from './interval-set.ts';

/** All ports, 0 to 65535, half-open. */
export const ALL_PORTS: Intervals<number> = Object.freeze([0, 65536]);

/** The port that one to five digits of a text make; -1 for anything else. */
function portNumber(text: string, from: number, to: number): number {
  if (from >= to || to - from > 5) return -1;
  let port = 0;
  for (let i = from; i < to; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return -1;
    port = port * 10 + code - 48;
  }
  return port <= 65535 ? port : -1;
}

/** Sets of one port, each made once: most rules name one, and those for the same port share its set. */
const single: (Intervals<number> | undefined)[] = new Array(65536);

/** Reads one port text: `*`, `Any`, a number, or a range `a-b`. Undefined when it is none of these. */
export function parsePort(text: string): Intervals<number> | undefined {
  if (text === '*') return ALL_PORTS;
  const dash = text.indexOf('-');
  const from = portNumber(text, 0, dash < 0 ? text.length : dash);
  const to = dash < 0 ? from : portNumber(text, dash + 1, text.length);
  if (from < 0 || to < 0) {
    // Blanks are rare, and allowed around every part.
    const tight = text.trim().replace(/\s*-\s*/, '-');
    return tight !== text ? parsePort(tight) : text.toLowerCase() === 'any' ? ALL_PORTS : undefined;
  }
  if (from > to) return undefined;
  if (from < to) return [from, to + 1];
  const set = single[from] ?? [from, from + 1];
  single[from] = set;
  return set;
}

/**
 * The ports that a list of texts names: `*`, `0-65535`, `3000-4000`, `22`, and lists with commas. Texts that name no
 * port are returned apart.
 */
export function parsePorts(texts: readonly string[]): { ports: Intervals<number>; unread: string[] } {
  const sets: Intervals<number>[] = [];
  const unread: string[] = [];
  for (const text of texts) {
    for (const piece of text.includes(',') ? text.split(',') : [text]) {
      const port = parsePort(piece);
      if (port === undefined) unread.push(piece);
      else sets.push(port);
    }
  }
  return { ports: unionAll(sets), unread };
}

/** Is it every port? */
export const isAllPorts = (ports: Intervals<number>): boolean =>
  ports.length === 2 && ports[0] === 0 && ports[1] === 65536;

/** Ports as a user writes them: "22, 80, 3000-4000". */
export function formatPorts(ports: Intervals<number>): string {
  const texts: string[] = [];
  for (let i = 0; i < ports.length; i += 2) {
    const from = ports[i] ?? 0;
    const to = (ports[i + 1] ?? 0) - 1;
    texts.push(from === to ? String(from) : `${from}-${to}`);
  }
  return texts.join(', ');
}

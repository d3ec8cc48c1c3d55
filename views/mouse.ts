/** What a mouse did, as the terminal reports it; column and row count from 0. */
export interface MouseEvent {
  kind: 'press' | 'wheel-up' | 'wheel-down';
  column: number;
  row: number;
}

/** Asks the terminal for presses and the wheel, in the SGR form, which has no limit of columns; and takes that back. */
export const mouseOn = '\u001b[?1000h\u001b[?1006h';
export const mouseOff = '\u001b[?1006l\u001b[?1000l';

/** Asks the terminal for the colour of its background. */
export const askBackground = '\u001b]11;?\u0007';

const background = /\u001b\]11;([^\u0007\u001b]{0,64})(?:\u0007|\u001b\\)/g;
const report = /\u001b\[<(\d{1,5});(\d{1,5});(\d{1,5})([Mm])/g;
const begun = /\u001b(?:\[<[\d;]{0,17}|\](?:1(?:1(?:;[^\u0007\u001b]{0,64})?)?)?\u001b?)$/;

function eventOf(code: number, column: number, row: number, released: boolean): MouseEvent | null {
  // The bits of Shift, Meta and Control do not matter; 32 is a move, 64 the wheel.
  const button = code & ~(4 | 8 | 16);
  const place = { column: Math.max(0, column - 1), row: Math.max(0, row - 1) };
  if (button === 64) return { kind: 'wheel-up', ...place };
  if (button === 65) return { kind: 'wheel-down', ...place };
  return button === 0 && !released ? { kind: 'press', ...place } : null;
}

/** What a terminal reports besides keys. */
export interface Told {
  keys: string;
  events: MouseEvent[];
  /** Its answer to the question for its background; "" when it gave none. */
  background: string;
}

/** Milliseconds for which the rest of a report is awaited. */
const reportTime = 2_000;

/**
 * Takes the mouse's reports, and the answer for the background, out of what a terminal sends; what is left are keys. A report
 * that was cut by the end of a read is kept for the next one, unless that comes so late that it cannot be its rest: then what
 * comes are keys, and must not be taken for it. `elapsed`: milliseconds of any clock.
 */
export function mouseParser(elapsed: () => number = () => performance.now()) {
  let kept = '';
  let keptAt = 0;
  return (chunk: string): Told => {
    const events: MouseEvent[] = [];
    let answer = '';
    if (kept !== '' && elapsed() - keptAt > reportTime) kept = '';
    const rest = (kept + chunk).replace(background, (_, told: string) => {
      answer = told;
      return '';
    });
    let keys = rest.replace(report, (_, code: string, column: string, row: string, end: string) => {
      const event = eventOf(Number(code), Number(column), Number(row), end === 'm');
      if (event) events.push(event);
      return '';
    });
    kept = begun.exec(keys)?.[0] ?? '';
    if (kept !== '') {
      keys = keys.slice(0, -kept.length);
      keptAt = elapsed();
    }
    return { keys, events, background: answer };
  };
}

/** A terminal's input without what is no key, which goes to the listeners. */
export function keysOnly(
  stdin: NodeJS.ReadStream,
  listeners: { mouse(event: MouseEvent): void; background(answer: string): void },
): NodeJS.ReadStream {
  const parse = mouseParser();
  const read = (): unknown => {
    for (;;) {
      const chunk: unknown = stdin.read();
      if (chunk === null || chunk === undefined) return null;
      const { keys, events, background: answer } = parse(String(chunk));
      for (const event of events) listeners.mouse(event);
      if (answer !== '') listeners.background(answer);
      if (keys !== '') return keys;
    }
  };
  return new Proxy(stdin, {
    get(target, name) {
      if (name === 'read') return read;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

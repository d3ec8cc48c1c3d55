// JSON.parse is fast but knows no places. These walk the text a second time, only when there is something to complain about.

/** A place in a text: 0-based offset, and what a strict JSON reader expected to find there. */
export interface SyntaxFault {
  offset: number;
  expected: string;
}

const maximumDepth = 512;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escaped = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const blank = /[ \t\r\n]*/y;

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** End of the string that begins at `at`, or -1. A loop, because a pattern would run out of stack on a long one. */
function skipString(text: string, at: number): number {
  if (text[at] !== '"') return -1;
  let next = at + 1;
  while (next < text.length) {
    const code = text.charCodeAt(next);
    if (code === 0x22) return next + 1;
    if (code < 0x20) return -1;
    next = code === 0x5c ? skip(escaped, text, next) : next + 1;
    if (next === -1) return -1;
  }
  return -1;
}

/** 1-based line number of an offset; a line ends at `\n`. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

type Frame = { kind: 'object' | 'array'; index: number; key: string };

/**
 * Reads JSON text strictly (RFC 8259) without building values. `enter` receives each value's path as a stack of
 * frames and the value's offset; it returns true to stop there.
 * Returns the first fault, or undefined when the text is well formed or `enter` stopped the walk.
 */
function walk(text: string, enter: (stack: readonly Frame[], offset: number) => boolean): SyntaxFault | undefined {
  const stack: Frame[] = [];
  let at = skip(blank, text, text.startsWith('\ufeff') ? 1 : 0);
  for (;;) {
    // One value starts here.
    if (enter(stack, at)) return undefined;
    const first = text[at];
    let opened = false;
    if (first === '{' || first === '[') {
      if (stack.length >= maximumDepth) return { offset: at, expected: `at most ${maximumDepth} levels` };
      const frame: Frame = { kind: first === '{' ? 'object' : 'array', index: 0, key: '' };
      at = skip(blank, text, at + 1);
      if (text[at] === (first === '{' ? '}' : ']')) {
        at++;
      } else {
        stack.push(frame);
        opened = true;
      }
    } else if (first === '"') {
      const end = skipString(text, at);
      if (end === -1) return { offset: at, expected: 'a complete string in double quotes' };
      at = end;
    } else {
      const word = ['true', 'false', 'null'].find((name) => text.startsWith(name, at));
      const end = word === undefined ? skip(numberToken, text, at) : at + word.length;
      if (end === -1) return { offset: at, expected: 'a value' };
      at = end;
    }
    // Close what ends here, then go on to the next value.
    for (;;) {
      at = skip(blank, text, at);
      const frame = stack.at(-1);
      if (frame === undefined) return at === text.length ? undefined : { offset: at, expected: 'the end of the file' };
      if (!opened) {
        const close = frame.kind === 'object' ? '}' : ']';
        if (text[at] === close) {
          stack.pop();
          at++;
          continue;
        }
        if (text[at] !== ',') return { offset: at, expected: `"," or "${close}"` };
        frame.index++;
        at = skip(blank, text, at + 1);
      }
      if (frame.kind === 'object') {
        const end = skipString(text, at);
        if (end === -1) return { offset: at, expected: 'a field name in double quotes' };
        frame.key = text.slice(at, end);
        at = skip(blank, text, end);
        if (text[at] !== ':') return { offset: at, expected: '":" after the field name' };
        at = skip(blank, text, at + 1);
      }
      break;
    }
  }
}

function unquote(key: string): unknown {
  return key.includes('\\') ? JSON.parse(key) : key.slice(1, -1);
}

/** The first place where the text leaves JSON, or undefined when it is JSON. */
export function syntaxFault(text: string): SyntaxFault | undefined {
  return walk(text, () => false);
}

/** Offset at which the value at `path` begins in well-formed JSON; the deepest ancestor's when the path is not there. */
export function offsetOf(text: string, path: readonly PropertyKey[]): number {
  let best = 0;
  let deepest = -1;
  walk(text, (stack, offset) => {
    if (stack.length <= deepest || stack.length > path.length) return false;
    const matches = stack.every((frame, depth) =>
      frame.kind === 'array' ? frame.index === path[depth] : unquote(frame.key) === path[depth],
    );
    if (!matches) return false;
    deepest = stack.length;
    best = offset;
    return deepest === path.length;
  });
  return best;
}

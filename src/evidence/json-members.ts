const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_BAG = 123;
const CLOSE_BAG = 125;

/** Deeper texts are for the parser, which has a bound of its own. */
const MOST_DEPTH = 64;

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/**
 * Finds members of a JSON object in its UTF-8 text, without making values of the others. The whole text is checked by the
 * grammar (RFC 8259); of what is rare in logs it says no, and the text is for the parser.
 */
export class JsonMembers {
  readonly names: readonly string[];
  /** By name: where its value begins and ends; -1 where there is none. Of several the last, as JSON.parse has it. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly #keys: readonly Buffer[];
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  constructor(names: readonly string[]) {
    this.names = names;
    this.#keys = names.map((name) => Buffer.from(name));
    this.from = new Int32Array(names.length);
    this.to = new Int32Array(names.length);
  }

  /** Whether the bytes are an object of which all is well; then `from` and `to` are its members'. */
  find(bytes: Buffer, from: number, to: number): boolean {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.from.fill(-1);
    if (bytes[from] !== OPEN_BAG) return false;
    return this.#bag(0) && this.#peek() === -1;
  }

  /** The next byte that is no blank; -1 at the end. */
  #peek(): number {
    const bytes = this.#bytes;
    for (; this.#at < this.#end; this.#at++) {
      const byte = bytes[this.#at] ?? 0;
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return byte;
    }
    return -1;
  }

  #value(depth: number): boolean {
    const byte = this.#peek();
    switch (byte) {
      case QUOTE:
        return this.#text();
      case OPEN_BAG:
        return depth < MOST_DEPTH && this.#bag(depth);
      case OPEN_LIST:
        return depth < MOST_DEPTH && this.#list(depth);
      case 116:
        return this.#word('true');
      case 102:
        return this.#word('false');
      case 110:
        return this.#word('null');
      default:
        return this.#number();
    }
  }

  #bag(depth: number): boolean {
    this.#at += 1;
    if (this.#peek() === CLOSE_BAG) {
      this.#at += 1;
      return true;
    }
    for (;;) {
      if (this.#peek() !== QUOTE) return false;
      const key = this.#at + 1;
      if (!this.#text()) return false;
      const known = depth === 0 ? this.#named(key, this.#at - 1) : -1;
      if (known === ESCAPED || this.#peek() !== COLON) return false;
      this.#at += 1;
      this.#peek();
      const begin = this.#at;
      if (!this.#value(depth + 1)) return false;
      if (known >= 0) {
        this.from[known] = begin;
        this.to[known] = this.#at;
      }
      const next = this.#peek();
      this.#at += 1;
      if (next === CLOSE_BAG) return true;
      if (next !== COMMA) return false;
    }
  }

  #list(depth: number): boolean {
    this.#at += 1;
    if (this.#peek() === CLOSE_LIST) {
      this.#at += 1;
      return true;
    }
    for (;;) {
      if (!this.#value(depth + 1)) return false;
      const next = this.#peek();
      this.#at += 1;
      if (next === CLOSE_LIST) return true;
      if (next !== COMMA) return false;
    }
  }

  /** The number of the name that a key is; -1 where it is none of them, ESCAPED where it may be one in other words. */
  #named(from: number, to: number): number {
    const bytes = this.#bytes;
    for (let n = 0; n < this.#keys.length; n++) {
      const key = this.#keys[n];
      if (!key || key.length !== to - from) continue;
      let i = 0;
      while (i < key.length && bytes[from + i] === key[i]) i++;
      if (i === key.length) return n;
    }
    for (let i = from; i < to; i++) if (bytes[i] === BACKSLASH) return ESCAPED;
    return -1;
  }

  /** Moves past a text in quotes. */
  #text(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let i = this.#at + 1;
    for (; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte === QUOTE) {
        this.#at = i + 1;
        return true;
      }
      if (byte < 32) return false;
      if (byte !== BACKSLASH) continue;
      i += 1;
      const escaped = bytes[i] ?? 0;
      // " / \ b f n r t; u with its four digits is for the parser.
      if (
        escaped !== QUOTE &&
        escaped !== 47 &&
        escaped !== BACKSLASH &&
        escaped !== 98 &&
        escaped !== 102 &&
        escaped !== 110 &&
        escaped !== 114 &&
        escaped !== 116
      )
        return false;
    }
    return false;
  }

  #word(word: string): boolean {
    if (this.#end - this.#at < word.length) return false;
    for (let i = 0; i < word.length; i++) if (this.#bytes[this.#at + i] !== word.charCodeAt(i)) return false;
    this.#at += word.length;
    return true;
  }

  #number(): boolean {
    if (this.#byte() === 45) this.#at += 1;
    if (this.#byte() === 48) this.#at += 1;
    else if (!this.#digits()) return false;
    if (this.#byte() === 46) {
      this.#at += 1;
      if (!this.#digits()) return false;
    }
    if ((this.#byte() | 32) === 101) {
      this.#at += 1;
      const sign = this.#byte();
      if (sign === 43 || sign === 45) this.#at += 1;
      if (!this.#digits()) return false;
    }
    return true;
  }

  #digits(): boolean {
    const begin = this.#at;
    while (isDigit(this.#byte())) this.#at += 1;
    return this.#at > begin;
  }

  #byte(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : 0;
  }
}

const ESCAPED = -2;

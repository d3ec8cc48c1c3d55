import type { RecordEnds } from './record-ends.ts';
import { isRecordList } from './record-lists.ts';

const TAB = 9;
const LF = 10;
const CR = 13;
const BLANK = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_BAG = 123;
const CLOSE_BAG = 125;

type Place = 'before' | 'object' | 'list' | 'behind' | 'over';

/**
 * The text of a JSON list, or of an object with one, made in place to one element a line: what is around the elements, and line
 * ends within them, become blanks, and a comma between two a line end. An object without such a list is an element itself. The
 * elements are not looked at further: what is wrong within one is seen where it is parsed.
 */
export class JsonListEnds implements RecordEnds {
  fault: { why: string; at: number } | undefined;
  #place: Place = 'before';
  /** Brackets that are open: within the element, or of an object around the list with its own. */
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Something of the element was there. */
  #begun = false;
  #elements = 0;
  /** A list of records has begun. */
  hasList = false;
  /** Is the list within an object? */
  #wrapped = false;
  /** The last text directly within that object, as far as a name of a list reaches; and the last that a colon followed on. */
  #text = '';
  #key = '';
  /** The name of the last list directly within that object. */
  #lastList = '';
  #scanned = 0;
  /** Bytes that are gone before the first one. */
  #before = 0;

  moved(bytes: number): void {
    this.#scanned -= bytes;
    this.#before += bytes;
  }

  last(bytes: Buffer, length: number): number {
    let cut = 0;
    let at = this.#scanned;
    this.#scanned = length;
    while (at < length && !this.fault) {
      const place = this.#place;
      if (place === 'list') {
        const next = this.#inList(bytes, at, length);
        at = next.at;
        if (next.cut > 0) cut = next.cut;
      } else if (place === 'before') at = this.#begin(bytes, at, length);
      else if (place === 'over') at = this.#over(bytes, at, length);
      else {
        at = this.#inObject(bytes, at, length);
        if (this.#place === 'over') cut = at;
      }
    }
    // Behind the list is nothing but blanks.
    return !this.fault && (this.#place === 'behind' || this.#place === 'over') ? length : cut;
  }

  /** Is the last element whole, so that only the end of the list is missing? */
  get whole(): boolean {
    return this.#place === 'list' && this.#begun && this.#depth === 0 && !this.#inText;
  }

  end(): string | undefined {
    if (this.#place === 'over') return undefined;
    if (this.#place === 'before') return 'it is empty';
    if (this.#place === 'behind') return 'its end is missing, behind its list';
    if (this.#place === 'object') return 'it ends within an object';
    return this.#begun && !this.whole
      ? `its end is missing: it ends within element ${this.#elements + 1}`
      : `its end is missing: it ends after element ${this.#elements + (this.#begun ? 1 : 0)}`;
  }

  #fault(why: string, at: number): void {
    this.fault ??= { why, at: this.#before + at };
  }

  #begin(bytes: Buffer, from: number, length: number): number {
    const at = pastBlanks(bytes, from, length);
    if (at === length) return at;
    const byte = bytes[at];
    if (byte === OPEN_LIST) {
      this.hasList = true;
      this.#place = 'list';
      bytes.fill(BLANK, 0, at + 1);
    } else if (byte === OPEN_BAG) {
      this.#place = 'object';
      this.#depth = 1;
    } else this.#fault('it holds neither a list of objects nor an object', at);
    return at + 1;
  }

  #over(bytes: Buffer, from: number, length: number): number {
    const at = pastBlanks(bytes, from, length);
    bytes.fill(BLANK, from, at);
    if (at < length) this.#fault('something follows on its end', at);
    return at;
  }

  /** The elements of the list, up to its end. `cut`: the place after the last whole one; 0 where none ended. */
  #inList(bytes: Buffer, from: number, length: number): { at: number; cut: number } {
    let [depth, inText, begun, cut] = [this.#depth, this.#inText, this.#begun, 0];
    let i = from;
    if (this.#escaped && i < length) {
      this.#escaped = false;
      i += 1;
    }
    for (; i < length; i++) {
      let byte = bytes[i] ?? 0;
      if (inText) {
        // The bytes of texts are most of a file.
        while (byte !== QUOTE && byte !== BACKSLASH && byte >= BLANK) {
          i += 1;
          if (i === length) break;
          byte = bytes[i] ?? 0;
        }
        if (i === length) break;
        if (byte === QUOTE) inText = false;
        else if (byte !== BACKSLASH) {
          this.#fault(`a text of element ${this.#elements + 1} is not closed`, i);
          break;
        } else if (i + 1 < length) i += 1;
        else this.#escaped = true;
        continue;
      }
      if (byte === QUOTE) {
        inText = true;
        begun = true;
      } else if (byte === OPEN_BAG || byte === OPEN_LIST) {
        depth += 1;
        begun = true;
      } else if (byte === LF || byte === CR || byte === TAB) bytes[i] = BLANK;
      else if (depth > 0) {
        if (byte === CLOSE_BAG || byte === CLOSE_LIST) depth -= 1;
      } else if (byte === COMMA || byte === CLOSE_LIST) {
        if (!begun && (byte === COMMA || this.#elements > 0)) {
          this.#fault(`element ${this.#elements + 1} is missing`, i);
          break;
        }
        if (begun) {
          this.#elements += 1;
          cut = i + 1;
        }
        bytes[i] = begun ? LF : BLANK;
        begun = false;
        if (byte === COMMA) continue;
        this.#place = this.#wrapped ? 'behind' : 'over';
        depth = this.#wrapped ? 1 : 0;
        i += 1;
        break;
      } else if (byte !== BLANK) begun = true;
    }
    this.#depth = depth;
    this.#inText = inText;
    this.#begun = begun;
    return { at: i, cut };
  }

  /** The object around a list, before and behind it. */
  #inObject(bytes: Buffer, from: number, length: number): number {
    let i = from;
    for (; i < length; i++) {
      const byte = bytes[i] ?? 0;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
        else if (this.#depth === 1 && this.#text.length < 10) this.#text += String.fromCharCode(byte);
      } else if (byte === QUOTE) {
        this.#inText = true;
        this.#text = '';
      } else if (byte === COLON && this.#depth === 1) this.#key = this.#text;
      else if (byte === COMMA && this.#depth === 1) this.#key = '';
      else if (byte === OPEN_LIST && this.#depth === 1 && isRecordList(this.#key, this.#lastList)) {
        if (this.#wrapped) {
          this.#fault('it has more than one list of records', i);
          return i;
        }
        this.hasList = true;
        this.#wrapped = true;
        this.#key = '';
        this.#place = 'list';
        this.#depth = 0;
        bytes.fill(BLANK, 0, i + 1);
        return i + 1;
      } else if (byte === OPEN_BAG || byte === OPEN_LIST) {
        if (byte === OPEN_LIST && this.#depth === 1) this.#lastList = this.#key;
        this.#depth += 1;
      } else if (byte === CLOSE_BAG || byte === CLOSE_LIST) {
        this.#depth -= 1;
        if (this.#depth === 0) {
          this.#place = 'over';
          if (this.#wrapped) bytes[i] = BLANK;
          return i + 1;
        }
      } else if (byte === LF || byte === CR) bytes[i] = BLANK;
      if (this.#wrapped) bytes[i] = BLANK;
    }
    return i;
  }
}

function pastBlanks(bytes: Buffer, from: number, length: number): number {
  let at = from;
  while (at < length) {
    const byte = bytes[at];
    if (byte !== BLANK && byte !== LF && byte !== CR && byte !== TAB) break;
    at += 1;
  }
  return at;
}

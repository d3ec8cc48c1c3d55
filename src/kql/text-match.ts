/** Kusto's terms: a term is a run of letters and digits; everything else, `_` included, delimits. */
function isTermUnit(code: number): boolean {
  if (code < 128) return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return /[\p{L}\p{N}]/u.test(String.fromCodePoint(code));
}

function termAt(text: string, at: number): boolean {
  if (at < 0 || at >= text.length) return false;
  const unit = text.charCodeAt(at);
  // Half a character says nothing: an emoji delimits, a letter beyond the 16 bits does not.
  const second = unit >= 0xdc00 && unit <= 0xdfff;
  return isTermUnit(unit >= 0xd800 && unit <= 0xdfff ? (text.codePointAt(second ? at - 1 : at) ?? unit) : unit);
}

/**
 * A text as it is compared in any case. Greek has two small forms of one letter, and toLowerCase takes the one that ends a
 * word by what is beside it, so that a part of a text would differ from the same letters alone.
 */
export function inOneCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}

/**
 * Whether `needle` is in `text` with a term's edge before it (`left`) and after it (`right`). An edge of the needle
 * that is itself a delimiter needs none. Both arguments must already be in the same case.
 */
export function hasTerm(text: string, needle: string, left: boolean, right: boolean): boolean {
  if (needle === '') return true;
  const checkLeft = left && termAt(needle, 0);
  const checkRight = right && termAt(needle, needle.length - 1);
  for (let from = 0; ; ) {
    const at = text.indexOf(needle, from);
    if (at < 0) return false;
    if (!(checkLeft && termAt(text, at - 1)) && !(checkRight && termAt(text, at + needle.length))) return true;
    from = at + 1;
  }
}

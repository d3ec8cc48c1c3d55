/** Kusto's terms: a term is a run of letters and digits; everything else, `_` included, delimits. */
function isTermUnit(code: number): boolean {
  if (code < 128) return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  if (code >= 0xd800 && code <= 0xdfff) return true;
  return /[\p{L}\p{N}]/u.test(String.fromCharCode(code));
}

function termAt(text: string, at: number): boolean {
  return at >= 0 && at < text.length && isTermUnit(text.charCodeAt(at));
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

/** Are the bytes from `at` to `end` those at `from` further on in `view`? */
export function sameBytes(bytes: DataView, at: number, end: number, view: DataView, from: number): boolean {
  const last = end - 8;
  let p = at;
  if (last >= at) {
    for (; p < last; p += 8) if (differs(bytes, p, view, from)) return false;
    // The last eight may overlap with those before, rather than be looked at one by one.
    return !differs(bytes, last, view, from);
  }
  for (; p < end; p++) if (bytes.getUint8(p) !== view.getUint8(from + p)) return false;
  return true;
}

/** Do the eight bytes at `p` differ? */
function differs(bytes: DataView, p: number, view: DataView, from: number): boolean {
  const low = bytes.getInt32(p, true) ^ view.getInt32(from + p, true);
  return (low | (bytes.getInt32(p + 4, true) ^ view.getInt32(from + p + 4, true))) !== 0;
}

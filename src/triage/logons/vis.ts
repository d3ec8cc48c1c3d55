const letters: Record<string, number> = { n: 10, t: 9, r: 13, b: 8, a: 7, v: 11, f: 12, s: 32, '0': 0, '\\': 92 };

/**
 * Undoes the escapes of vis(3) by which sshd and the BSDs write a name that is not plain ASCII: `jos\303\251` is "josé",
 * `a\\b` is "a\b". Bytes are UTF-8; what is no escape, or would be no UTF-8, stays as it is written.
 */
export function withoutVis(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  const pieces = /\\(?:([0-3][0-7]{2})|([ntrbavfs0\\]))|[^\\]+|\\/g;
  for (const [piece, octal, letter] of text.matchAll(pieces)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(letters[letter] ?? 92);
    else bytes.push(...encoder.encode(piece));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
  } catch {
    return text;
  }
}

/** The text that a file begins with, in UTF-8, or in UTF-16 with its mark; undefined where it is no text. */
export function decodedHead(head: Buffer): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return head.toString('utf16le').slice(1);
  const text = head.toString('utf8').replace(/^\ufeff/, '');
  return text.includes('\0') ? undefined : text;
}

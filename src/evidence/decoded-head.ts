const isUtf16 = (head: Buffer): boolean => head[0] === 0xff && head[1] === 0xfe;
const isUtf16BigEndian = (head: Buffer): boolean => head[0] === 0xfe && head[1] === 0xff;

/** No byte of a text is zero, but for those of UTF-16, which begins with a mark. */
export const isText = (head: Buffer): boolean => isUtf16(head) || isUtf16BigEndian(head) || !head.includes(0);

/** The text that a file begins with, in UTF-8, or in UTF-16 with its mark; undefined where it is no text. */
export function decodedHead(head: Buffer): string | undefined {
  if (isUtf16(head)) return head.toString('utf16le').slice(1);
  if (isUtf16BigEndian(head))
    return Buffer.from(head.subarray(0, head.length & ~1))
      .swap16()
      .toString('utf16le')
      .slice(1);
  return isText(head) ? head.toString('utf8').replace(/^\ufeff/, '') : undefined;
}

/** A copy of a text of its own: a part of a text, as of a line, keeps all of it in memory, as the portion that it was read in. */
export const ownCopy = (text: string): string => Buffer.from(text).toString();

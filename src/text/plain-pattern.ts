/** A pattern of a regular expression that is this text and nothing else. */
export const plainPattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

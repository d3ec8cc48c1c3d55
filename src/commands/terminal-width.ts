/** The columns of a terminal; of a file, and of a terminal that does not know its size and says 0, as many as there are. */
export const terminalWidth = ({ columns }: { columns?: number }): number => columns || Number.POSITIVE_INFINITY;

/** The frame that the launcher drew before anything was loaded: the alternate screen, raw keys, the first row. */
export interface Skeleton {
  /** Gives the terminal back as it was, for an error or a command that draws no screen. */
  end(): void;
  /** From now on another part of the program restores the terminal. */
  take(): void;
}

/** The skeleton that the launcher drew, if it did. */
export function skeleton(): Skeleton | undefined {
  return Reflect.get(globalThis, Symbol.for('cordon.skeleton'));
}

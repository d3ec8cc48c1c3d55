const endings = {
  SIGINT: 'Interrupted by Ctrl-C',
  SIGTERM: 'Asked to end (SIGTERM)',
  SIGHUP: 'The terminal is gone (SIGHUP)',
  // Windows alone sends it.
  SIGBREAK: 'Interrupted by Ctrl+Break',
} as const;

/** Calls back when the process is asked to end, with why; returns the way to stop that. */
export function onInterrupt(callback: (because: string) => void): () => void {
  const listeners = Object.entries(endings).map(([signal, because]) => [signal, () => callback(because)] as const);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

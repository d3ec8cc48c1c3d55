import { parentPort, workerData } from 'node:worker_threads';

/** Set in the environment of a process that stands in for a worker. */
export const asChild = 'CORDON_PARSER_CHILD';

/** What travels between a program and such a process. */
export type Envelope = { kind: 'data'; data: unknown } | { kind: 'ready' } | { kind: 'message'; message: unknown };

/** The thread's own side: a worker's, or that of a process that started from the snapshot. */
export interface ThreadSide {
  /** Start options of the thread. */
  data: Promise<unknown>;
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Nothing more comes from here: the thread ends when its work has. */
  close(): void;
}

function childSide(): ThreadSide {
  const send = (envelope: Envelope): void => {
    process.send?.(envelope);
  };
  // The terminal sends its signals to all; the program decides what they mean, and its end is ours.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));
  const data = new Promise<unknown>((resolve) => {
    process.on('message', (envelope: Envelope) => {
      if (envelope.kind === 'data') resolve(envelope.data);
    });
  });
  send({ kind: 'ready' });
  return {
    data,
    post: (message) => send({ kind: 'message', message }),
    onMessage: (listener) => {
      process.on('message', (envelope: Envelope) => {
        if (envelope.kind === 'message') listener(envelope.message);
      });
    },
    close: () => process.disconnect(),
  };
}

/** This thread's side; null in a module that was not started as a thread. */
export function parserThread(): ThreadSide | null {
  if (process.env[asChild] !== undefined && process.send) return childSide();
  const port = parentPort;
  if (port === null) return null;
  return {
    data: Promise.resolve(workerData),
    post: (message) => port.postMessage(message),
    onMessage: (listener) => port.on('message', listener),
    close: () => port.close(),
  };
}

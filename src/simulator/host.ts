import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startParserThread } from '../kql/parser-thread.ts';
import type { Mutation } from './gateway.ts';
import type { FromThread, ThreadOptions, ToThread } from './thread-protocol.ts';

/** A simulator that could not start: a world or a list of faults that cannot be used, a port that is taken. One line. */
export class SimulatorStartError extends Error {
  override readonly name = 'SimulatorStartError';
}

/** A simulator in a thread of its own, so that neither blocks the other. */
export interface SimulatorThread {
  url: string;
  port: number;
  identityHeader: string;
  /** The world's time. */
  now(): Date;
  mutations(): Promise<Mutation[]>;
  close(): Promise<void>;
}

/** The thread's entry: beside the bundle's main or one level above a chunk of it, else the source. */
function entry(): URL {
  const places = ['./simulator-thread.js', '../simulator-thread.js', './thread.ts'];
  for (const place of places) {
    const url = new URL(place, import.meta.url);
    if (existsSync(fileURLToPath(url))) return url;
  }
  throw new SimulatorStartError('the simulator is not part of this installation');
}

/**
 * The heap of the snapshot is near the size at which V8 first collects all of it, and its young generation so small that
 * what a query makes is copied several times: both would cost a start a tenth of the processor's time.
 */
const roomAtFirst = ['--min-semi-space-size=16', '--initial-old-space-size=128'];

/** Starts a simulator in a thread. Throws SimulatorStartError with one line when it cannot start. */
export function startSimulatorThread(options: ThreadOptions = {}): Promise<SimulatorThread> {
  const thread = startParserThread(entry(), { data: options, snapshot: 'simulator', nodeOptions: roomAtFirst });
  const asked = new Map<number, (mutations: Mutation[]) => void>();
  const send = (message: ToThread): void => thread.post(message);
  return new Promise((resolve, reject) => {
    let asks = 0;
    thread.onError((error) => reject(new SimulatorStartError(error.message)));
    thread.onMessage((received) => {
      const message = received as FromThread;
      if (message.kind === 'failed') reject(new SimulatorStartError(message.message));
      if (message.kind === 'mutations') {
        asked.get(message.ask)?.(message.mutations);
        asked.delete(message.ask);
      }
      if (message.kind !== 'started') return;
      const offset = message.now - Date.now();
      // The program may end without closing its simulator.
      thread.unref();
      resolve({
        url: message.url,
        port: message.port,
        identityHeader: message.identityHeader,
        now: () => new Date(Date.now() + offset),
        mutations: () =>
          new Promise((answer) => {
            asks += 1;
            asked.set(asks, answer);
            send({ kind: 'mutations', ask: asks });
          }),
        close: () =>
          new Promise((closed) => {
            thread.ref();
            thread.onExit(closed);
            send({ kind: 'close' });
          }),
      });
    });
  });
}

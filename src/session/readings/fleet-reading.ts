import type { ScanRow } from '../../documents/triage.ts';
import type { Reader } from '../session-readers.ts';
import type { SessionState } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';

/** Reads the list of VMs; a new reading ends the one before it. */
export function fleetReading(holder: Holder, reader: Reader) {
  let latest: AbortController | null = null;

  function read(): void {
    latest?.abort();
    const controller = new AbortController();
    latest = controller;
    const { scan } = holder.get();
    holder.set({ scan: { ...scan, state: scan.rows.length > 0 ? 'refreshing' : 'loading', because: '' } });
    const failed = (because: string) => {
      const { scan: before } = holder.get();
      holder.set({ scan: { ...before, state: 'failed', because } });
      if (before.rows.length > 0) holder.say(`The list was not read again, its old answers stay: ${because}`, 'bad');
    };
    const current = () => latest === controller && !controller.signal.aborted;
    const take = (rows: readonly ScanRow[], notSeen: readonly string[], changes: Partial<SessionState['scan']>) =>
      holder.set({ scan: { ...holder.get().scan, rows, notSeen, ...changes } });
    reader
      .scan((rows, notSeen) => {
        // The old answers stay until the new ones are whole: half of a reading would draw what is known as unknown.
        if (current() && holder.get().scan.state === 'loading') take([...rows], [...notSeen], {});
      }, controller.signal)
      .then(
        (document) => {
          if (!current()) return;
          const notListed = document.notListed ?? null;
          // VMs that were listed before are not gone because they cannot be listed now.
          if (notListed && holder.get().scan.rows.length > 0) {
            failed(`${notListed.because}; ${notListed.cure}`);
            return;
          }
          take(document.vms, document.notSeen, { state: 'done', asOf: document.asOf, notListed });
        },
        (error: unknown) => {
          if (current()) failed(sentence(error));
        },
      );
  }

  return { read, stop: () => latest?.abort() };
}

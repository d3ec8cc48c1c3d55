import { evidenceOf, factEntry } from '../../casefile/bodies.ts';
import type { CaseFile, CaseStore, CaseSummary } from '../../casefile/case-store.ts';
import { type EntryLine, entryLine } from '../../casefile/one-line.ts';
import { safeName } from '../../casefile/safe-name.ts';
import { exportAndRecord } from '../../casefile/write-export.ts';
import type { Entry } from '../../documents/transcript.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { CaseKeeper, OpenCase } from './case-keeper.ts';

/** Who works on the cases, and on what. */
export interface Operator {
  name: string;
  objectId: string;
  tenantId: string;
}

export interface KeeperOptions {
  store: CaseStore;
  now: () => Date;
  operator: () => Promise<Operator>;
  demo: boolean;
  cloud: string;
  toolVersion: string;
  /** Asks Azure what became of the requests that a crash left without an outcome, before anything else is done. */
  settle?: (kept: KeptCase) => Promise<unknown>;
  /** Called, with a sentence, when the VM's case of today could not be continued. */
  tell?: (sentence: string) => void;
  /** A case to continue, instead of the machine's case of today. */
  caseId?: string;
  /** Has an authority stamp the head of a case; resolves to a sentence. Absent where none can be asked. */
  stamp?: (kept: KeptCase, authority: string) => Promise<string>;
}

/** An open case together with the file under it, for the playbooks. */
export interface KeptCase extends OpenCase {
  file: CaseFile;
  actor: string;
}

/** A case keeper whose cases have their files at hand. */
interface KeptCases extends CaseKeeper {
  open(vm: VirtualMachine, caseId?: string): Promise<KeptCase>;
}

/** The case that was opened, and why the VM's case of today could not be continued; "" when it could, or was none. */
interface OpenedCase {
  file: CaseFile;
  beside: string;
}

/** Why a case of today cannot be continued; "" when it can. */
function obstacle({ writer, unreadable }: CaseSummary): string {
  if (unreadable !== '') return unreadable;
  if (writer === null) return '';
  return `process ${writer.pid} on ${writer.host} writes to it since ${writer.since}`;
}

/**
 * Continues the VM's case of today, or begins one; a case that cannot be continued is left as it is, and reported.
 */
async function openOrCreate(options: KeeperOptions, vm: VirtualMachine, operator: Operator): Promise<OpenedCase> {
  const { store } = options;
  await store.tidy();
  if (options.caseId) return { file: await store.open(options.caseId), beside: '' };
  const today = options.now().toISOString().slice(0, 10);
  const named = `${today}-${safeName(vm.name)}`;
  const mine = (await store.list()).filter(({ id, vm: about, demo, unreadable }) =>
    // Of a case that cannot be read its name is all that shows whose it is.
    unreadable === '' || about.id !== ''
      ? id.startsWith(today) && about.id.toLowerCase() === vm.id.toLowerCase() && demo === options.demo
      : id === named || id.startsWith(`${named}-`),
  );
  const obstacles: string[] = [];
  for (const summary of mine) {
    let because = obstacle(summary);
    if (because === '') {
      try {
        return { file: await store.open(summary.id), beside: besideText(obstacles) };
      } catch (error) {
        because = error instanceof Error ? error.message : String(error);
      }
    }
    obstacles.push(`${summary.id} (${printable(because, 300)})`);
  }
  const file = await store.create({
    vmName: vm.name,
    at: options.now(),
    header: {
      toolVersion: options.toolVersion,
      // Changes and evidence belong to the VM's tenant, whatever the tenant of the signed-in account.
      tenantId: vm.tenantId ?? operator.tenantId,
      subscriptionId: vm.subscriptionId,
      operator: {
        upn: operator.name,
        oid: operator.objectId,
        ...(vm.tenantId && vm.tenantId !== operator.tenantId ? { tenantId: operator.tenantId } : {}),
      },
      demo: options.demo,
      cloud: options.cloud,
      vm: { id: vm.id, name: vm.name },
    },
  });
  return { file, beside: besideText(obstacles) };
}

function besideText(obstacles: readonly string[]): string {
  return obstacles.length === 0
    ? ''
    : `This is another case of the VM, beside what could not be gone on with: ${obstacles.join('; ')}. Changes made there are not undone from here.`;
}

/** Makes an entry's row once: entries never change, and a long transcript is searched at every key. */
function keptLines(): (entry: Entry) => EntryLine {
  const lines = new WeakMap<Entry, EntryLine>();
  return (entry) => {
    const line = lines.get(entry) ?? entryLine(entry);
    lines.set(entry, line);
    return line;
  };
}

/** The case files on this machine's disk, as the workbench and the command line use them. */
export function caseKeeper(options: KeeperOptions): KeptCases {
  return {
    async open(vm, caseId) {
      const operator = await options.operator();
      const actor = operator.name;
      const { file, beside } = await openOrCreate(
        caseId === undefined ? options : { ...options, caseId },
        vm,
        operator,
      );
      let entries: readonly Entry[] = [];
      const found: Entry[] = [];
      for await (const entry of file.entries()) found.push(entry);
      entries = found;
      const listeners = new Set<() => void>();
      file.transcript.onAppend((entry) => {
        entries = [...entries, entry];
        for (const listener of listeners) listener();
      });
      await file.transcript.append('open', actor, {
        vm: { id: vm.id, name: vm.name },
        operator: { upn: operator.name, oid: operator.objectId },
        toolVersion: options.toolVersion,
      });
      if (beside !== '') {
        await file.transcript.append('error', actor, { text: beside });
        options.tell?.(`case ${file.id}: ${beside}`);
      }
      const kept: KeptCase = {
        id: file.id,
        beside,
        file,
        actor,
        transcript: file.file,
        entries: () => entries,
        lineOf: keptLines(),
        evidenceOf,
        broken: () => file.transcript.failure?.message ?? '',
        subscribe(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        async note(text) {
          await file.transcript.append('note', actor, { text });
        },
        async fact(name, summary, fact, { id, name: vmName } = vm) {
          const evidence = await file.evidence.writeJson(name, fact);
          const about = { vm: { id, name: vmName } };
          await file.transcript.append('fact', actor, { ...factEntry(name, summary, fact, evidence), ...about });
        },
        async query(asked) {
          await file.transcript.append('query', actor, { ...asked });
        },
        async export() {
          const exported = await exportAndRecord(file, actor, { format: 'markdown', now: options.now });
          return exported.file;
        },
        async stamp(authority) {
          if (!options.stamp) throw new Error('no authority can be asked here');
          return options.stamp(kept, authority);
        },
        async close() {
          await file.close(actor);
        },
      };
      await options.settle?.(kept);
      return kept;
    },
  };
}

import { factEntry } from '../casefile/bodies.ts';
import { type CaseFile, CaseNotFoundError, type CaseStore } from '../casefile/case-store.ts';
import { exportAndRecord } from '../casefile/write-export.ts';
import type { Entry } from '../documents/transcript.ts';
import type { VirtualMachine } from '../documents/triage.ts';
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
  /** A case to go on with, instead of the machine's case of today. */
  caseId?: string;
}

/** An open case together with the file under it, for the playbooks. */
export interface KeptCase extends OpenCase {
  file: CaseFile;
  actor: string;
}

/** A case keeper whose cases have their files at hand. */
export interface KeptCases extends CaseKeeper {
  open(vm: VirtualMachine): Promise<KeptCase>;
}

/** Goes on with the machine's case of today, or begins one; a case that another process writes to is left to it. */
async function openOrCreate(options: KeeperOptions, vm: VirtualMachine, operator: Operator): Promise<CaseFile> {
  const { store } = options;
  if (options.caseId) return store.open(options.caseId);
  const today = options.now().toISOString().slice(0, 10);
  const mine = (await store.list()).find(
    (summary) =>
      summary.id.startsWith(today) &&
      summary.vm.id.toLowerCase() === vm.id.toLowerCase() &&
      summary.demo === options.demo &&
      summary.writer === null &&
      summary.unreadable === '',
  );
  if (mine) {
    try {
      return await store.open(mine.id);
    } catch (error) {
      // Gone or damaged since it was listed: what is left of it stays, and a new case begins beside it.
      if (error instanceof CaseNotFoundError) throw error;
    }
  }
  return store.create({
    vmName: vm.name,
    at: options.now(),
    header: {
      toolVersion: options.toolVersion,
      tenantId: operator.tenantId,
      subscriptionId: vm.subscriptionId,
      operator: { upn: operator.name, oid: operator.objectId },
      demo: options.demo,
      cloud: options.cloud,
      vm: { id: vm.id, name: vm.name },
    },
  });
}

/** The case files on this machine's disk, as the workbench and the command line use them. */
export function caseKeeper(options: KeeperOptions): KeptCases {
  return {
    async open(vm) {
      const operator = await options.operator();
      const actor = operator.name;
      const file = await openOrCreate(options, vm, operator);
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
      const kept: KeptCase = {
        id: file.id,
        file,
        actor,
        transcript: file.file,
        entries: () => entries,
        broken: () => file.transcript.failure?.message ?? '',
        subscribe(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        async note(text) {
          await file.transcript.append('note', actor, { text });
        },
        async fact(name, summary, fact) {
          const evidence = await file.evidence.writeJson(name, fact);
          const about = { vm: { id: vm.id, name: vm.name } };
          await file.transcript.append('fact', actor, { ...factEntry(name, summary, fact, evidence), ...about });
        },
        async query(asked) {
          await file.transcript.append('query', actor, { ...asked });
        },
        async export() {
          const exported = await exportAndRecord(file, actor, { format: 'markdown', now: options.now });
          return exported.file;
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

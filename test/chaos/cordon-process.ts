import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createActions } from '../../src/actions/actions.ts';
import { type Connection, connect } from '../../src/azure/client/connection.ts';
import { type CaseFile, openCaseStore } from '../../src/casefile/case-store.ts';
import { readEvidence } from '../../src/casefile/evidence.ts';
import { openTranscriptFile, type TranscriptFile } from '../../src/casefile/transcript-file.ts';
import { caseToUndo } from '../../src/commands/case-to-undo.ts';
import { concludeRelease } from '../../src/commands/release.ts';
import { runPlaybook, type WritableCase } from '../../src/commands/run.ts';
import { settleOpenIntents } from '../../src/commands/settle-open-intents.ts';
import { undoCase } from '../../src/commands/undo.ts';
import { describe } from '../../src/commands/unexpected.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { Failure } from '../../src/failure.ts';
import type { Target } from '../../src/playbook/action.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
import { undoableSteps } from '../../src/playbook/step-record.ts';
import { caseLogOf } from '../../src/session/playbooks/playbook-shelf.ts';
import { signContainer } from '../../src/simulator/storage-signature.ts';
import type { Sender, SimulatedAzure } from './simulated-azure.ts';

/** How a command ended: its exit code and what it printed, or null for a process that was killed. */
export type Ended = { code: number; text: string } | null;

interface About {
  azure: SimulatedAzure;
  root: string;
  /** The place in the process' course (a write, a change) at which it is killed; null when it is not. */
  diesAt: number | null;
  /** Called when it is killed: its timers go with it. */
  died(): void;
}

const address = '198.51.100.20';

/**
 * A process of cordon: its connection, its commands, and its death. Each write of the case file has two places to die at
 * (half a line, a whole one), each change two (before Azure gets it, and after). What a dead process awaits never comes.
 */
export class CordonProcess {
  readonly #about: About;
  readonly #connection: Connection;
  #places = 0;
  #dead = false;
  #kill: () => void = () => undefined;
  readonly #killed: Promise<null>;
  #transcript = '';
  #files: TranscriptFile[] = [];

  constructor(about: About) {
    this.#about = about;
    this.#killed = new Promise((resolve) => {
      this.#kill = () => resolve(null);
    });
    const sender: Sender = {
      leaving: () => this.#place(),
      carriedOut: () => this.#place(),
      announced: (id) => id !== '' && readFileSync(this.#transcript, 'utf8').includes(id),
    };
    const wire = about.azure.wire(sender);
    const { clock } = about.azure.azure;
    this.#connection = connect({
      simulator: { url: 'http://127.0.0.1:1', identityHeader: '', clock },
      carrier: wire.httpClient,
      signIn: wire.signIn,
      pollIntervalMs: 10_000,
      signatureFor: async (account, container) => signContainer(about.azure.azure, account, container),
    });
  }

  /** How many places there were to die at. */
  get places(): number {
    return this.#places;
  }

  get transcript(): string {
    return this.#transcript;
  }

  /** `cordon run PLAYBOOK --vm VM --yes --confirm VM`, in a new case or in the one that is named. */
  run(playbook: Playbook, target: Target, caseId: string | null): Promise<Ended> {
    const now = () => this.#connection.clock.now();
    return this.#command((streams) =>
      runPlaybook(
        { yes: true, confirm: target.name, reason: 'a test' },
        {
          playbook,
          actions: createActions(this.#connection),
          target,
          responderAddress: address,
          now,
          openCase: async () => (caseId === null ? this.#begin(target) : this.#writable(caseId)),
          onInterrupt: () => () => undefined,
        },
        streams,
      ),
    );
  }

  /** `cordon undo CASE --yes`, or with the step named and the VM's name given where only that deletes evidence. */
  undo(caseId: string, step: string | null, vm: string): Promise<Ended> {
    return this.#command((streams) => this.#undoing(caseId, step, vm, streams));
  }

  async #undoing(
    caseId: string,
    step: string | null,
    vm: string,
    streams: Parameters<typeof undoCase>[2],
  ): Promise<number> {
    const { reader, entries } = await caseToUndo(this.#store(), caseId);
    return undoCase(
      { yes: true, ...(step === null ? {} : { step, confirm: vm }) },
      {
        what: `case ${caseId}`,
        again: `cordon undo ${caseId} --yes`,
        steps: () => undoableSteps({ entries, read: (evidence) => readEvidence(reader.directory, evidence) }),
        actions: createActions(this.#connection),
        openCase: () => this.#writable(caseId),
        onInterrupt: () => () => undefined,
      },
      streams,
    );
  }

  /** `cordon release CASE --confirm VM`: undoes all that the case has in force, then looks in Azure for what is left. */
  release(caseId: string, vm: string): Promise<Ended> {
    return this.#command(async (streams) => {
      const code = await this.#undoing(caseId, null, vm, streams);
      const store = this.#store();
      return concludeRelease(this.#connection, store, await store.read(caseId), code, streams.stdout);
    });
  }

  /** The next start: what killed processes left is tidied, the case is opened, and what is open in it is settled. */
  settle(caseId: string): Promise<Ended> {
    return this.#command(async () => {
      const store = this.#store();
      await store.tidy();
      if ((await store.list()).every(({ id }) => id !== caseId)) return 0;
      const { close } = await this.#writable(caseId);
      await close();
      return 0;
    });
  }

  /** The entries of a case with their whole bodies, and what verifying it says. */
  async look(caseId: string): Promise<{ entries: Entry[]; verified: string }> {
    return this.#read(caseId);
  }

  async #command(work: (streams: Parameters<typeof runPlaybook>[2]) => Promise<number>): Promise<Ended> {
    let text = '';
    const stream = { write: (part: string) => (text += part) };
    const ending = work({ stdout: stream, stderr: stream }).then(
      (code) => ({ code, text }),
      (error: unknown) => {
        const { message, exitCode } = error instanceof Failure ? error : describe(error);
        return { code: exitCode, text: `${text}${message}\n` };
      },
    );
    const ended = await Promise.race([ending, this.#killed]);
    if (ended === null) await this.#bury();
    return ended;
  }

  #store() {
    return openCaseStore(this.#about.root, {
      now: () => this.#connection.clock.now(),
      openTranscriptFile: async (path) => {
        this.#transcript = path;
        const file = await openTranscriptFile(path);
        this.#files.push(file);
        return { ...file, append: (data) => this.#append(file, data) };
      },
    });
  }

  async #append(file: TranscriptFile, data: Uint8Array): Promise<void> {
    if (this.#isLast()) await file.append(data.subarray(0, Math.floor(data.length * 0.6)));
    await this.#place();
    await file.append(data);
    await this.#place();
  }

  #isLast(): boolean {
    return this.#places + 1 === this.#about.diesAt;
  }

  /** One place of the process' course; it may die here, and whatever it does afterwards is not done. */
  async #place(): Promise<void> {
    this.#places += 1;
    if (this.#places === this.#about.diesAt) {
      this.#dead = true;
      this.#about.died();
      this.#kill();
    }
    if (this.#dead) await new Promise<never>(() => undefined);
  }

  /** Cleans up as the system does for a process that is gone; its lock is known as abandoned by its number then. */
  async #bury(): Promise<void> {
    for (const file of this.#files) await file.close().catch(() => undefined);
    const lock = join(this.#transcript, '..', 'writer.lock');
    if (this.#transcript !== '') await abandon(lock);
    this.#connection.close();
  }

  async #begin(target: Target): Promise<WritableCase> {
    const operator = { upn: 'anna', oid: '' };
    const header = { toolVersion: 't', tenantId: '', subscriptionId: '', operator, demo: true, cloud: 'public' };
    const vm = { id: target.id, name: target.name };
    return this.#asWritable(await this.#store().create({ vmName: target.name, header: { ...header, vm } }));
  }

  async #writable(caseId: string): Promise<WritableCase> {
    const file = await this.#store().open(caseId);
    const writable = this.#asWritable(file);
    await settleOpenIntents(file, writable.log, this.#connection, { write: () => true });
    return writable;
  }

  #asWritable(file: CaseFile): WritableCase {
    const log = caseLogOf({ id: file.id, file, actor: 'anna' }, () => this.#connection.clock.now());
    return { log, close: () => file.close('anna') };
  }

  async #read(caseId: string): Promise<{ entries: Entry[]; verified: string }> {
    const reader = await openCaseStore(this.#about.root).read(caseId);
    const verdict = await reader.verify();
    const entries: Entry[] = [];
    if (verdict.ok)
      for await (const entry of reader.entries()) entries.push({ ...entry, body: await reader.fullBody(entry) });
    return { entries, verified: verdict.ok ? '' : `line ${verdict.line} ${verdict.because}` };
  }
}

/** A lock as another process left it that is gone: its token is not one of this process'. */
async function abandon(lock: string): Promise<void> {
  const note = await readFile(lock, 'utf8').catch(() => '');
  if (note !== '')
    await writeFile(lock, JSON.stringify({ ...JSON.parse(note), token: 'of a process that was killed' }));
}

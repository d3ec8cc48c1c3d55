import { type Conclusion, conclusion } from '../documents/conclusion.ts';
import { factOf } from '../documents/fact-schema.ts';
import { type IncidentDocument, incidentDocument } from '../documents/incident.ts';
import type { Entry } from '../documents/transcript.ts';
import { type ScanDocument, scanDocument } from '../documents/triage.ts';
import { evidenceOf, evidenceRef, type FactBody, readBody, vmOf } from './bodies.ts';
import type { NotesSource } from './notes-source.ts';

/** A fact by its name, as it was entered first and last. */
export interface FactHistory {
  first: FactBody;
  firstAt: string;
  last: FactBody;
  lastAt: string;
  /** Where the last one is to be found: "E14", or "#20" when it has no evidence. */
  where: string;
}

/** What one reading of a VM, or of event logs, said together. */
export interface Reading {
  at: string;
  conclusion: Conclusion;
  /** Where the evidence lies by a path into the triage document: `posture.activity.entries[2]` -> "E14". */
  where(path: string): string;
  /** Was the evidence of that path known then? */
  knew(path: string): boolean;
}

/** A VM, or event logs, that the case is about. */
export interface Subject {
  id: string;
  name: string;
  facts: Map<string, FactHistory>;
  /** Oldest first. */
  readings: Reading[];
}

/** One step of a playbook as it was carried out. */
export interface DoneStep {
  vm: string;
  at: string;
  playbook: string;
  step: string;
  title: string;
  by: string;
  /** The confirmation as typed; null where nothing was asked. */
  confirmed: string | null;
  reason: string;
  requests: number;
  refused: number;
  /** null: not checked. */
  verified: { at: string; ok: boolean | null; text: string } | null;
  undone: { at: string; by: string; text: string } | null;
}

export interface CaseDigest {
  subjects: Subject[];
  steps: DoneStep[];
  notes: { at: string; by: string; text: string }[];
  errors: { at: string; text: string }[];
  scan: ScanDocument | null;
  scanWhere: string;
  /** What led from VM to VM, as it was read last; null when it was not. */
  incident: IncidentDocument | null;
  incidentWhere: string;
  kinds: Map<Entry['kind'], number>;
  actors: string[];
  firstAt: string;
  lastAt: string;
  /** Evidence that should have been read and could not be, each in a sentence. */
  unread: string[];
}

/** How much of each kind is held at once: a case can be longer than memory. */
const most = { facts: 200, readings: 200, steps: 500, notes: 2000, subjects: 100, errors: 200 };

const conclusionFact = factOf(conclusion);
const scanFact = factOf(scanDocument);
const incidentFact = factOf(incidentDocument);

/** "E14" for evidence/0014-…; "#20" for an entry without evidence. */
function evidenceLabel(entry: Entry): string {
  const number = /\d{4,9}/.exec(evidenceOf(entry)[0]?.file ?? '')?.[0];
  return number === undefined ? `#${entry.seq}` : `E${Number(number)}`;
}

/** The fact that a path into the triage document leads into: "posture.activity" of `posture.activity.entries[2]`. */
function factOfPath(path: string): string {
  return /^(?:posture\.)?[A-Za-z]+/.exec(path)?.[0] ?? '';
}

/** Reads the case once, from its first entry to its last. */
export async function digestCase(source: NotesSource): Promise<CaseDigest> {
  const reading = new DigestReading(source);
  for await (const entry of source.entries()) await reading.take(entry);
  return reading.digest();
}

class DigestReading {
  readonly #source: NotesSource;
  readonly #subjects = new Map<string, Subject>();
  readonly #steps: DoneStep[] = [];
  readonly #titles = new Map<string, string>();
  readonly #notes: CaseDigest['notes'] = [];
  readonly #errors: CaseDigest['errors'] = [];
  readonly #kinds = new Map<Entry['kind'], number>();
  readonly #actors = new Set<string>();
  readonly #unread: string[] = [];
  #scan: ScanDocument | null = null;
  #scanWhere = '';
  #incident: IncidentDocument | null = null;
  #incidentWhere = '';
  /** The VM that was opened last, and the one that the entry at hand is about: entries name it where a case holds several. */
  #opened: { id: string; name: string };
  #vm: { id: string; name: string };
  #firstAt = '';
  #lastAt = '';

  constructor(source: NotesSource) {
    this.#source = source;
    this.#opened = source.header.vm;
    this.#vm = source.header.vm;
  }

  async take(entry: Entry): Promise<void> {
    this.#firstAt ||= entry.at;
    this.#lastAt = entry.at;
    this.#kinds.set(entry.kind, (this.#kinds.get(entry.kind) ?? 0) + 1);
    if (this.#actors.size < 50 && entry.actor !== 'cordon') this.#actors.add(entry.actor);
    const opened = readBody(entry, 'open');
    if (opened) this.#opened = opened.vm;
    this.#vm = vmOf(entry) ?? this.#opened;
    const fact = readBody(entry, 'fact');
    if (fact) await this.#takeFact(entry, fact);
    await this.#takeStep(entry);
    const error = readBody(entry, 'error');
    if (error && this.#errors.length < most.errors) this.#errors.push({ at: entry.at, text: error.text });
    if (entry.kind === 'note' && this.#notes.length < most.notes) {
      const note = readBody({ kind: 'note', body: await this.#source.fullBody(entry) }, 'note');
      if (note) this.#notes.push({ at: entry.at, by: entry.actor, text: note.text });
    }
  }

  async #takeFact(entry: Entry, fact: FactBody): Promise<void> {
    const where = evidenceLabel(entry);
    if (fact.name === 'scan') {
      const read = scanFact.safeParse(await this.#evidence(fact));
      if (read.success && read.data.state === 'known') {
        this.#scan = read.data.value;
        this.#scanWhere = where;
      }
      return;
    }
    if (fact.name === 'incident') {
      const read = incidentFact.safeParse(await this.#evidence(fact));
      if (read.success && read.data.state === 'known') {
        this.#incident = read.data.value;
        this.#incidentWhere = where;
      }
      return;
    }
    const subject = this.#subjectOf(fact.vm ?? this.#vm);
    if (fact.name === 'conclusion') {
      await this.#takeConclusion(entry, fact, subject);
      return;
    }
    const before = subject.facts.get(fact.name);
    if (!before && subject.facts.size >= most.facts) return;
    subject.facts.set(fact.name, {
      first: before?.first ?? fact,
      firstAt: before?.firstAt ?? entry.at,
      last: fact,
      lastAt: entry.at,
      where,
    });
  }

  async #takeConclusion(entry: Entry, fact: FactBody, subject: Subject): Promise<void> {
    const read = conclusionFact.safeParse(await this.#evidence(fact));
    if (!read.success || read.data.state !== 'known') {
      this.#unread.push(`the conclusion of ${entry.at} about ${subject.name} (entry ${entry.seq}) cannot be read`);
      return;
    }
    // The first reading is what there was before; of many, the last ones count.
    if (subject.readings.length >= most.readings) subject.readings.splice(1, 1);
    const labels = new Map([...subject.facts].map(([name, { where }]) => [name, where]));
    const known = new Set(read.data.value.known);
    const own = evidenceLabel(entry);
    subject.readings.push({
      at: entry.at,
      conclusion: read.data.value,
      where: (path) => labels.get(factOfPath(path)) ?? own,
      knew: (path) => known.has(factOfPath(path)),
    });
  }

  async #evidence(fact: FactBody): Promise<unknown> {
    const ref = evidenceRef.safeParse(fact.evidence);
    return ref.success ? this.#source.evidence(ref.data) : null;
  }

  #subjectOf(vm: { id: string; name: string }): Subject {
    const key = (vm.id || vm.name).toLowerCase();
    const known = this.#subjects.get(key);
    if (known) return known;
    const subject: Subject = { id: vm.id, name: vm.name, facts: new Map(), readings: [] };
    if (this.#subjects.size < most.subjects) this.#subjects.set(key, subject);
    return subject;
  }

  /** The latest execution of a step on the VM that is open. */
  #step(playbook: string, step: string): DoneStep | undefined {
    return this.#steps.findLast(
      (one) => one.step === step && one.vm === this.#vm.name && (playbook === '' || one.playbook === playbook),
    );
  }

  #begin(entry: Entry, playbook: string, step: string): DoneStep {
    const begun: DoneStep = {
      vm: this.#vm.name,
      at: entry.at,
      playbook,
      step,
      title: this.#titles.get(`${this.#vm.name} ${playbook} ${step}`) ?? step,
      by: entry.actor,
      confirmed: null,
      reason: '',
      requests: 0,
      refused: 0,
      verified: null,
      undone: null,
    };
    if (this.#steps.length < most.steps) this.#steps.push(begun);
    return begun;
  }

  async #takeStep(entry: Entry): Promise<void> {
    if (entry.kind === 'plan') {
      const plan = readBody({ kind: 'plan', body: await this.#source.fullBody(entry) }, 'plan');
      for (const { id, title } of plan?.steps ?? [])
        this.#titles.set(`${this.#vm.name} ${plan?.playbook} ${id}`, title);
    }
    const confirmed = readBody(entry, 'confirm');
    if (confirmed) {
      const step = this.#begin(entry, confirmed.playbook, confirmed.step);
      step.confirmed = confirmed.typed;
      step.reason = confirmed.reason;
    }
    const undone = readBody(entry, 'undo');
    if (undone) {
      const step = this.#step(undone.playbook ?? '', undone.step);
      if (step) step.undone = { at: entry.at, by: entry.actor, text: undone.text ?? 'put back as it was' };
    }
    const intent = readBody(entry, 'intent');
    if (intent) {
      const open = this.#step(intent.playbook ?? '', intent.step);
      const step = open ?? this.#begin(entry, intent.playbook ?? '', intent.step);
      step.requests += 1;
    }
    const outcome = readBody(entry, 'outcome');
    const last = this.#steps.findLast(({ vm }) => vm === this.#vm.name);
    if (outcome?.ok === false && last) last.refused += 1;
    const checked = readBody(entry, 'verify');
    if (checked) {
      const open = this.#step(checked.playbook ?? '', checked.step);
      const result = { at: entry.at, ok: checked.ok, text: checked.text };
      if (entry.body.undo === true && open?.undone) open.undone = { ...open.undone, text: checked.text };
      else {
        const step = open && (open.verified === null || open.undone === null) ? open : undefined;
        (step ?? this.#begin(entry, checked.playbook ?? '', checked.step)).verified = result;
      }
    }
  }

  digest(): CaseDigest {
    return {
      subjects: [...this.#subjects.values()],
      steps: this.#steps,
      notes: this.#notes,
      errors: this.#errors,
      scan: this.#scan,
      scanWhere: this.#scanWhere,
      incident: this.#incident,
      incidentWhere: this.#incidentWhere,
      kinds: this.#kinds,
      actors: [...this.#actors],
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
      unread: this.#unread,
    };
  }
}

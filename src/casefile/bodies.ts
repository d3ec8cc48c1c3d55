import * as z from 'zod';
import type { Fact } from '../documents/fact.ts';
import { danger, plannedStep } from '../documents/run.ts';
import type { Entry, EntryKind } from '../documents/transcript.ts';

/** A file under the case's folder and its SHA-256 (hex): `{ "file": "evidence/0014-effective-nsg.json", … }`. */
export const evidenceRef = z.object({ file: z.string(), sha256: z.string(), bytes: z.int() });
export type EvidenceRef = z.infer<typeof evidenceRef>;

const vmRef = z.object({ id: z.string(), name: z.string() });
/** `tenantId` where it is another than that of the VM: a tenant to which the customer's is delegated. */
const operator = z.object({ upn: z.string(), oid: z.string(), tenantId: z.string().optional() });

/** The header: what stays true for the whole case. */
const caseBody = z.object({
  schema: z.literal('cordon.transcript/1'),
  caseId: z.string(),
  toolVersion: z.string(),
  tenantId: z.string(),
  subscriptionId: z.string(),
  operator,
  host: z.string(),
  osUser: z.string(),
  /** True when the case is about the built-in simulator, not Azure. */
  demo: z.boolean(),
  cloud: z.string(),
  vm: vmRef,
  /** Minutes east of UTC on the operator's machine. */
  timeZoneOffsetMinutes: z.number(),
});
export type CaseHeader = z.infer<typeof caseBody>;

const openBody = z.looseObject({
  vm: vmRef,
  /** Who, where and with what, when it differs from the header or the case is resumed. */
  operator: operator.optional(),
  host: z.string().optional(),
  toolVersion: z.string().optional(),
});

const factBody = z.looseObject({
  /** "exposure", "logons", "patches", "posture.backup" … */
  name: z.string(),
  /** Which VM, or which event logs, it is about; absent where the case's own VM is meant. */
  vm: vmRef.optional(),
  state: z.enum(['known', 'unknown']),
  summary: z.string(),
  source: z.string(),
  /** When the source was asked; absent when it could not be. */
  asOf: z.string().optional(),
  coverage: z.string(),
  notSeen: z.array(z.string()),
  because: z.string().optional(),
  cure: z.string().optional(),
  evidence: evidenceRef.optional(),
});

const queryBody = z.looseObject({
  service: z.string(),
  text: z.string(),
  /** null when the query failed. */
  rows: z.int().nullable(),
  /** SHA-256 of the answer as received, "" when there was none. */
  sha256: z.string(),
  durationSeconds: z.number(),
  error: z.string().optional(),
  /** Of a cluster of Azure Data Explorer: its id of the request (`x-ms-activity-id`). */
  requestId: z.string().optional(),
  cluster: z.looseObject({ uri: z.string(), database: z.string() }).optional(),
  evidence: evidenceRef.optional(),
});

const planBody = z.looseObject({
  playbook: z.string(),
  steps: z.array(plannedStep),
  evidence: evidenceRef.optional(),
});

const confirmBody = z.looseObject({
  playbook: z.string(),
  /** The step's id. */
  step: z.string(),
  /** Its place in the playbook, from 1. */
  number: z.int().optional(),
  level: danger,
  /** What the person typed: "y", the machine's name, or "" when nothing was asked. */
  typed: z.string(),
  reason: z.string(),
});

const intentBody = z.looseObject({
  /** Unique in the case; the outcome names it. */
  id: z.string(),
  action: z.string(),
  step: z.string(),
  playbook: z.string().optional(),
  request: z.looseObject({ method: z.string(), url: z.string(), apiVersion: z.string(), body: z.unknown() }),
  clientRequestId: z.string(),
  /** The resource as it was, from which the change is undone. */
  before: z.unknown().optional(),
  evidence: evidenceRef.optional(),
});

const outcomeBody = z.looseObject({
  /** The intent's id. */
  intent: z.string(),
  /** HTTP status, null when no answer came. */
  status: z.int().nullable(),
  /** null when it is not known whether it was done. */
  ok: z.boolean().nullable(),
  /** The operation's final state in Azure's word: "Succeeded". */
  result: z.string().optional(),
  requestId: z.string(),
  correlationId: z.string(),
  operationUrl: z.string().optional(),
  durationSeconds: z.number(),
  error: z.string().optional(),
  evidence: evidenceRef.optional(),
});

const verifyBody = z.looseObject({
  step: z.string(),
  playbook: z.string().optional(),
  /** null when it could not be checked. */
  ok: z.boolean().nullable(),
  text: z.string(),
  evidence: evidenceRef.optional(),
});

const undoBody = z.looseObject({
  step: z.string(),
  playbook: z.string().optional(),
  /** The state that is put back. */
  before: z.unknown(),
  text: z.string().optional(),
  evidence: evidenceRef.optional(),
});

const noteBody = z.looseObject({ text: z.string() });
const exportBody = z.looseObject({ format: z.string(), file: z.string(), sha256: z.string() });
const errorBody = z.looseObject({ text: z.string() });
const closeBody = z.looseObject({});

/** What an entry's body holds, by kind. More properties are allowed; they are kept and exported as they are. */
export const bodies = {
  case: caseBody,
  open: openBody,
  fact: factBody,
  query: queryBody,
  plan: planBody,
  confirm: confirmBody,
  intent: intentBody,
  outcome: outcomeBody,
  verify: verifyBody,
  undo: undoBody,
  note: noteBody,
  export: exportBody,
  error: errorBody,
  close: closeBody,
} as const satisfies Record<EntryKind, z.ZodType>;

export type BodyOf<K extends EntryKind> = z.infer<(typeof bodies)[K]>;
export type FactBody = BodyOf<'fact'>;
export type IntentBody = BodyOf<'intent'>;
export type OutcomeBody = BodyOf<'outcome'>;

/**
 * The body of an entry of that kind, or null when the entry is of another kind or its body has not that shape (another
 * version wrote it, or it was too large and is shortened: see `Transcript.fullBody`).
 */
export function readBody<K extends EntryKind>(of: { kind: Entry['kind']; body: unknown }, kind: K): BodyOf<K> | null {
  if (of.kind !== kind) return null;
  // One schema of the map, looked up by its key: the compiler cannot follow the correlation through safeParse.
  const schema: z.ZodType<BodyOf<K>> = bodies[kind] as unknown as z.ZodType<BodyOf<K>>;
  const read = schema.safeParse(of.body);
  return read.success ? read.data : null;
}

/** The `fact` entry's body for a fact, with a summary in words; the value itself belongs in evidence. */
export function factEntry(name: string, summary: string, fact: Fact<unknown>, evidence?: EvidenceRef): FactBody {
  const held = evidence === undefined ? {} : { evidence };
  if (fact.state === 'known') {
    const { source, asOf, coverage, notSeen } = fact;
    return { name, state: 'known', summary, source, asOf, coverage, notSeen, ...held };
  }
  const { source, because, cure } = fact;
  return { name, state: 'unknown', summary, source, coverage: '', notSeen: [], because, cure, ...held };
}

/** The VM that an entry names, as entries of a case with several VMs do; undefined where it names none. */
export function vmOf(of: { body: Record<string, unknown> }): z.infer<typeof vmRef> | undefined {
  return vmRef.safeParse(of.body.vm).data;
}

/** Every file the entry vouches for: its evidence, and the full body when the entry was too large. */
export function evidenceOf(of: { body: Record<string, unknown> }): EvidenceRef[] {
  const found: EvidenceRef[] = [];
  for (const held of [of.body.evidence, of.body.overflow]) {
    for (const one of Array.isArray(held) ? held : [held]) {
      const read = evidenceRef.safeParse(one);
      if (read.success) found.push(read.data);
    }
  }
  return found;
}

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { CaseHistory, CaseLog, KeptEvidence } from './case-log.ts';

/** What a later process needs to undo a step; kept as evidence, and named by the step's intents. */
const stepRecord = z.object({
  schema: z.literal('cordon.step/1'),
  /** The same for all records of one execution of the step; the last one kept counts. */
  id: z.string(),
  playbook: z.string(),
  step: z.string(),
  title: z.string(),
  action: z.string(),
  /** How it is undone, in words. */
  undo: z.string(),
  target: z.object({
    id: z.string(),
    name: z.string(),
    resourceGroup: z.string(),
    subscriptionId: z.string(),
    location: z.string(),
  }),
  responderAddress: z.string(),
  state: z.record(z.string(), z.unknown()),
});
export type StepRecord = z.infer<typeof stepRecord>;

export interface StepEvidence {
  id: string;
  evidence: KeptEvidence;
}

/** Keeps the record of a step; with `id` null it is the first of an execution. */
export async function keepStepRecord(
  log: CaseLog,
  id: string | null,
  about: Omit<StepRecord, 'schema' | 'id'>,
): Promise<StepEvidence> {
  const record: StepRecord = { schema: 'cordon.step/1', id: id ?? randomUUID(), ...about };
  return { id: record.id, evidence: await log.keep(`step-${record.step}`, record) };
}

const evidence = z.object({ file: z.string(), sha256: z.string(), bytes: z.number() });

/** A step of a case that changed Azure and has not been undone. */
export interface UndoableStep {
  record: StepRecord;
  evidence: KeptEvidence;
  /** When its first change was intended. */
  at: string;
  /** Was it verified? null when it was not: it may have been done in part. */
  verified: boolean | null;
}

/**
 * The executions of steps that sent changes and were not undone since, oldest first. Records that cannot be read are
 * named in `unreadable`, each in a sentence.
 */
export async function undoableSteps(history: CaseHistory): Promise<{ steps: UndoableStep[]; unreadable: string[] }> {
  const found = new Map<string, { step: string; evidence: KeptEvidence; at: string; verified: boolean | null }>();
  for (const { kind, body, at } of history.entries) {
    const id = typeof body.record === 'string' ? body.record : '';
    if (id === '') continue;
    const kept = evidence.safeParse(body.evidence);
    const step = typeof body.step === 'string' ? body.step : '';
    const known = found.get(id);
    if (kind === 'intent' && !known && kept.success) {
      found.set(id, { step, evidence: kept.data, at, verified: null });
    }
    if (kind === 'verify' && body.undo === true) {
      if (body.ok === true) found.delete(id);
    } else if (kind === 'verify' && known && kept.success) {
      found.set(id, { ...known, evidence: kept.data, verified: typeof body.ok === 'boolean' ? body.ok : null });
    }
  }
  const steps: UndoableStep[] = [];
  const unreadable: string[] = [];
  for (const one of found.values()) {
    try {
      const record = stepRecord.parse(await history.read(one.evidence));
      steps.push({ record, evidence: one.evidence, at: one.at, verified: one.verified });
    } catch (error) {
      const because = error instanceof Error ? error.message.split('\n')[0] : String(error);
      unreadable.push(`step ${one.step}: its record ${one.evidence.file} cannot be used: ${because}`);
    }
  }
  return { steps, unreadable };
}

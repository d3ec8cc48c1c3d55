import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Json, redact } from '../casefile/redaction.ts';
import type { Approval, ApprovalOver, ApprovedStep } from '../documents/approval.ts';
import { printable } from '../text/printable.ts';
import type { ActionPlan } from './action.ts';
import type { CaseLog } from './case-log.ts';
import type { Playbook } from './playbook.ts';

/** SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of a value. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}

/** The value without these texts, wherever they occur in it. */
function without(value: Json, made: readonly string[]): Json {
  if (typeof value === 'string') return made.reduce((text, one) => text.replaceAll(one, ''), value);
  if (Array.isArray(value)) return value.map((one) => without(one, made));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, without(one, made)]));
}

/** A step's plan as it is approved: without secrets, and without the names and times that each plan makes anew. */
export function stepToApprove(step: { id: string; action: string }, plan: ActionPlan | null, caseId: string) {
  const of: ApprovedStep = {
    ...step,
    danger: plan?.danger ?? 'none',
    refused: plan?.refused?.because ?? '',
    changes: (plan?.changes ?? []).map(({ method, resourceId, before, after }) => ({
      method,
      resourceId,
      before: before ?? null,
      after: after ?? null,
    })),
    touches: [...(plan?.touches ?? [])].sort(),
    state: plan?.state ?? null,
  };
  // The longest first: one may be a part of another.
  const made = [...(plan?.made ?? []), caseId].filter((text) => text !== '').sort((a, b) => b.length - a.length);
  return without(redact(of), made) as unknown as ApprovedStep;
}

/** The parameters of a run that are none of its steps': all of them, and all of the steps', are in the digest of its plan. */
export interface RunParameters {
  /** cordon's version. */
  tool: string;
  playbook: Playbook;
  responderAddress: string;
  reason: string;
}

/** The whole plan of a run with its digest, by which it is approved. */
export function approvalOf(about: RunParameters & { vms: ApprovalOver['vms'] }): Approval {
  const { tool, playbook, responderAddress, reason, vms } = about;
  const over: ApprovalOver = {
    schema: 'cordon.approval/1',
    tool,
    playbook: { name: playbook.name, sha256: digestOf(playbook) },
    responderAddress,
    reason,
    vms,
  };
  return { digest: digestOf(over), over };
}

/**
 * Enters the whole plan into the case, with its digest in full, and whether it was approved before. `afterwards`: it was put together
 * of what each run had planned when its turn came, all of which was confirmed beforehand.
 */
export async function enterPlan(
  log: CaseLog,
  { digest, over }: Approval,
  approved: boolean | 'afterwards',
): Promise<void> {
  const whole =
    approved === 'afterwards'
      ? `The whole plan, of each VM as it was planned in its turn: ${digest}. All of it was confirmed beforehand`
      : `The whole plan: ${digest}. Its approval was not demanded`;
  const evidence = await log.keep(approved === true ? 'approved-plan' : 'whole-plan', { digest, over });
  await log.append('note', {
    text: approved === true ? `This plan was approved: ${digest}` : whole,
    plan: digest,
    ...(approved === true ? { approved: digest } : {}),
    evidence,
  });
}

const most = 12;

/** The places at which two values differ, with both, as texts: "state.interfaces.0.etag: W/"1" → W/"2"". */
export function differencesBetween(before: unknown, now: unknown): string[] {
  const found: string[] = [];
  const compare = (a: unknown, b: unknown, path: string): void => {
    if (digestOf(a ?? null) === digestOf(b ?? null)) return;
    const both = [a, b].every((one) => typeof one === 'object' && one !== null);
    if (!both) {
      const text = (value: unknown) =>
        value === undefined ? '(nothing)' : printable(typeof value === 'string' ? value : JSON.stringify(value), 160);
      found.push(`${printable(path, 200)}: ${text(a)} → ${text(b)}`);
      return;
    }
    const names = new Set([...Object.keys(Object(a)), ...Object.keys(Object(b))]);
    for (const name of names) {
      compare(Reflect.get(Object(a), name), Reflect.get(Object(b), name), path === '' ? name : `${path}.${name}`);
    }
  };
  compare(before, now, '');
  return found.length > most ? [...found.slice(0, most), `and ${found.length - most} more`] : found;
}

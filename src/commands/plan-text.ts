import type { Approval } from '../documents/approval.ts';
import type { PlanDocument, PlannedStep, RunDocument } from '../documents/run.ts';
import { permissionText } from '../playbook/permission-text.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';

const line = (text: string, indent = 0) => `${' '.repeat(indent)}${printable(text, 1000)}`;

function heldMark(held: boolean | null): string {
  return held === null ? '?' : held ? '✓' : '✗';
}

function stepText(step: PlannedStep, number: number, vms: number): string[] {
  const lines = [line(`${number} ${step.id}: ${step.title}`)];
  const say = (label: string, texts: readonly string[]) => {
    for (const [index, text] of texts.entries())
      lines.push(line(`${(index === 0 ? label : '').padEnd(10)} ${text}`, 4));
  };
  for (const change of step.changes) {
    say('change', [`${change.method} ${change.resourceId}`]);
    say(
      '',
      change.diff.map((one) => `  ${one.property}: ${one.before}${one.before === '' ? '' : ' → '}${one.after}`),
    );
  }
  say('touches', step.touches);
  say('then', step.consequences ?? []);
  say('warning', step.warnings);
  const lacking = step.permissions.filter((one) => one.held !== true);
  if (step.permissions.length > 0 && lacking.length === 0) {
    say('you may', [`✓ ${counted(step.permissions.length, 'permission')}: all that it needs`]);
  } else {
    say(
      'you may',
      lacking.map((one) => `${heldMark(one.held)} ${permissionText(one)}`),
    );
  }
  if (step.changes.length > 0) {
    const typed = vms === 1 ? "the VM's name (--confirm)" : `the number of VMs (--confirm ${vms})`;
    const confirm = step.danger === 'disruptive' ? typed : 'y (--yes)';
    say('confirm', [confirm]);
    say('undo', [step.undo === '' ? 'cannot be undone' : step.undo]);
  }
  return lines;
}

/** A plan for people, a line each; `vms` is how many are confirmed at once. */
export function planText(plan: PlanDocument, vms = 1): string {
  const lines = [line(`${plan.playbook} on ${plan.vm.name}: the plan. Nothing is changed.`), line(plan.vm.id), ''];
  for (const [index, step] of plan.steps.entries()) lines.push(...stepText(step, index + 1, vms), '');
  if (plan.approval) lines.push(approvalText(plan.approval));
  return `${lines.join('\n').trimEnd()}\n`;
}

/** How exactly this plan is run, and no other. */
export function approvalText({ digest }: Approval): string {
  return `${line('to run this very plan and no other:', 0)}\n${line(`--approve ${digest}`, 4)}\n`;
}

const marks: Record<RunDocument['steps'][number]['outcome'], string> = {
  done: '✓',
  failed: '✗',
  skipped: '·',
  undone: '↶',
  'not-reached': ' ',
  running: '…',
};

/** How a run ended, for people. */
export function runText(run: RunDocument, summary: string): string {
  const lines = [line(`${run.playbook} on ${run.vm.name}`)];
  for (const step of run.steps) {
    lines.push(line(`${marks[step.outcome]} ${step.id}: ${step.title} — ${step.outcome}`));
    if (step.verified !== null && step.verified.text !== '') lines.push(line(step.verified.text, 4));
    if (step.error !== '') lines.push(line(step.error, 4));
    if (step.correlationIds.length > 0) lines.push(line(`correlation ${step.correlationIds.join(', ')}`, 4));
  }
  if (summary !== '') lines.push('', line(summary));
  if (run.autoUndo) {
    const { at, by } = run.autoUndo;
    const text =
      by === ''
        ? `To be undone at ${at}, and nothing does it by itself once cordon is gone: cordon undo ${run.case} --yes`
        : `Undone at ${at} by ${by}, unless you keep it: cordon undo ${run.case} --keep`;
    lines.push(line(text));
  }
  lines.push(line(`case ${run.case}`));
  return `${lines.join('\n')}\n`;
}

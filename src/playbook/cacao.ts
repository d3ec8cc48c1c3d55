import canonicalize from 'canonicalize';
import { nameUuid, uuidBytes } from '../text/name-uuid.ts';
import type { Playbook, PlaybookStep } from './playbook.ts';

/**
 * CACAO Security Playbooks 2.0 (OASIS Committee Specification 01, 2023-11-27; its JSON schemas, oasis-open/cacao-json-schemas
 * at 7285329, read 2026-11-30).
 */
const specification = 'cacao-2.0';

/** Ids of playbooks are of this namespace, over name and types (section 10.10). */
const playbookNamespace = uuidBytes('aa7caf3a-d55a-4e9a-b34e-056215fba56a');

const cordon = 'identity--0d1f0a4e-52c6-4a0e-9c57-6b8f4d0b7e21';
const extension = 'extension-definition--7c9e2b8a-41d3-4f6b-8a57-c2e0d95f1b34';

/** Not before it is anything a CACAO playbook. */
const firstExported = '2026-11-30T00:00:00.000Z';

type Activity = readonly [type: string, activity: string];

/**
 * What the actions are in CACAO's vocabularies (sections 3.1.1 and 3.1.2). Keeping evidence has no activity there: those
 * steps have none, and a playbook of nothing else has no type.
 */
const activities: ReadonlyMap<string, Activity> = new Map(
  Object.entries<Activity>({
    'nsg.lock': ['mitigation', 'restrict-access'],
    'jit.enable': ['mitigation', 'restrict-access'],
    'jit.request': ['remediation', 'configure-systems'],
    'public-ip.remove': ['mitigation', 'disconnect-system'],
    'identity.cut': ['mitigation', 'restrict-access'],
    'links.revoke': ['mitigation', 'restrict-access'],
    'account.disable': ['mitigation', 'restrict-access'],
    'vm.deallocate': ['mitigation', 'disconnect-system'],
    'patches.install': ['remediation', 'eliminate-risk'],
    'patches.assess': ['detection', 'scan-vulnerabilities'],
    'volatile.collect': ['investigation', 'scan-system'],
    'backup.undelete': ['remediation', 'restore-data'],
    'network.check': ['detection', 'scan-system'],
  }),
);

type Json = Record<string, unknown>;

const given = (all: Json): Json => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

/** What a person, or a program, is to do in a step. */
function commandText({ title, uses, check, with: settings, ask, note }: PlaybookStep): string {
  const action = uses ?? check;
  if (action === undefined) return ask ?? note ?? title;
  const values = settings === undefined ? '' : ` with ${canonicalize(settings)}`;
  return `${uses === undefined ? 'Check' : 'Do'}: ${title} (cordon's ${action}${values}) on __vm__:value`;
}

/** How a step ends up in the others: the ids of what follows success and failure. */
interface Ways {
  next: string;
  stopped: string;
  undo: (step: string) => string;
}

function failureOf({ whenFailed }: PlaybookStep, { next, stopped, undo }: Ways): string {
  if (whenFailed === 'go-on') return next;
  return typeof whenFailed === 'object' ? undo(whenFailed.undo) : stopped;
}

function describe({ guidance, undoAfterMinutes }: PlaybookStep): string | undefined {
  const undone =
    undoAfterMinutes === undefined ? '' : `Undone by itself after ${undoAfterMinutes} minutes unless it is kept.`;
  const text = [guidance?.trim() ?? '', undone].filter((part) => part !== '').join('\n\n');
  return text === '' ? undefined : text;
}

/** The playbook's steps as actions of a workflow, in their order. */
function workflowOf(playbook: Playbook, id: (type: string, name: string) => string, agent: string): Json {
  const end = id('end', 'end');
  const stopped = id('end', 'stopped');
  const stepIds = playbook.steps.map((step) => id('action', step.id));
  const undoId = (step: string) => id('action', `undo of ${step}`);
  const undone = new Set<string>();
  const workflow: Json = {
    [id('start', 'start')]: { type: 'start', name: 'Start', on_completion: stepIds[0] ?? end },
  };
  for (const [index, step] of playbook.steps.entries()) {
    const next = stepIds[index + 1] ?? end;
    if (typeof step.whenFailed === 'object') undone.add(step.whenFailed.undo);
    const activity = activities.get(step.uses ?? step.check ?? '')?.[1];
    workflow[stepIds[index] ?? ''] = given({
      type: 'action',
      name: step.title,
      description: describe(step),
      on_success: next,
      on_failure: failureOf(step, { next, stopped, undo: undoId }),
      commands: [given({ type: 'manual', command: commandText(step), playbook_activity: activity })],
      agent,
      step_extensions: { [extension]: extended(step) },
    });
  }
  for (const name of undone) {
    const what = playbook.steps.find((step) => step.id === name)?.title ?? name;
    workflow[undoId(name)] = {
      type: 'action',
      name: `Undo: ${what}`,
      on_completion: stopped,
      commands: [{ type: 'manual', command: `Undo: ${what} (cordon undo CASE --step ${name}) on __vm__:value` }],
      agent,
    };
  }
  workflow[end] = { type: 'end', name: 'End' };
  workflow[stopped] = { type: 'end', name: 'Stopped: a step failed' };
  return workflow;
}

/** The step as cordon's playbook file has it; names of three letters and more, as CACAO demands of extensions. */
function extended({ id, uses, check, with: settings, ask, note, whenFailed, undoAfterMinutes }: PlaybookStep): Json {
  const [when_failed, undo_after_minutes] = [whenFailed, undoAfterMinutes];
  return given({ step_id: id, uses, check, with: settings, ask, note, when_failed, undo_after_minutes });
}

/**
 * A playbook as a CACAO 2.0 document. Its actions are manual commands that name cordon's action and its settings; the
 * extension has them for programs. The same playbook always gives the same ids. `modified` is when its file was changed.
 */
export function cacaoOf(playbook: Playbook, { modified }: { modified: Date }): Json {
  const used = playbook.steps.flatMap(({ uses, check }) => {
    const found = activities.get(uses ?? check ?? '');
    return found ? [found] : [];
  });
  const types = [...new Set(used.map(([type]) => type))].sort();
  const about = given({ name: playbook.name, playbook_types: types.length > 0 ? types : undefined });
  const uuid = nameUuid(playbookNamespace, canonicalize(about) ?? '', 5);
  const id = (type: string, name: string) => `${type}--${nameUuid(uuidBytes(uuid), `${type} ${name}`, 4)}`;
  const agent = id('individual', 'responder');
  const changed = modified.toISOString();
  return given({
    type: 'playbook',
    spec_version: specification,
    id: `playbook--${uuid}`,
    name: playbook.name,
    description: [playbook.title, playbook.summary, playbook.order].filter(Boolean).join('\n\n'),
    playbook_types: types.length > 0 ? types : undefined,
    playbook_activities: types.length > 0 ? [...new Set(used.map(([, activity]) => activity))].sort() : undefined,
    playbook_processing_summary: { manual_playbook: true, extensions: true },
    created_by: cordon,
    created: firstExported,
    modified: changed > firstExported ? changed : firstExported,
    labels: playbook.answers.length > 0 ? playbook.answers.map((one) => `answers:${one}`) : undefined,
    playbook_variables: {
      __vm__: { type: 'string', description: 'Azure resource id of the virtual machine', external: true },
    },
    workflow_start: id('start', 'start'),
    workflow: workflowOf(playbook, id, agent),
    agent_definitions: { [agent]: { type: 'individual', name: 'Incident responder' } },
    extension_definitions: {
      [extension]: {
        type: 'extension-definition',
        name: 'cordon step',
        description: 'The step as the playbook file of cordon has it.',
        created_by: cordon,
        schema:
          'Items of `steps` in playbook.schema.json of cordon; whenFailed is when_failed, undoAfterMinutes undo_after_minutes, id step_id.',
        version: '1.0.0',
      },
    },
  });
}

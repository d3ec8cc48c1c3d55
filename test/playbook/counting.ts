import { z } from 'zod';
import type { EntryKind } from '../../src/documents/transcript.ts';
import type { Action, ActionPlan } from '../../src/playbook/action.ts';
import type { CaseLog } from '../../src/playbook/case-log.ts';
import { playbook as playbookSchema } from '../../src/playbook/playbook.ts';
import { createRun, type RunOptions, type StartedRun } from '../../src/playbook/runner.ts';

/** A VM. */
export const target = {
  id: '/subscriptions/s/resourceGroups/g/providers/x/vm/web01',
  name: 'web01',
  resourceGroup: 'g',
  subscriptionId: 's',
  location: 'l',
};

/** A plan that changes one thing. */
export function planOf(part: Partial<ActionPlan> = {}): ActionPlan {
  return {
    title: 'Do it',
    changes: [{ method: 'PUT', resourceId: '/a/b', diff: [], before: null, after: null }],
    touches: [],
    permissions: [],
    danger: 'disruptive',
    undo: 'puts it back',
    warnings: [],
    consequences: ['it stops'],
    state: {},
    ...part,
  };
}

/** A world of one number, and an action that raises it through the gate. */
export function counter(part: Partial<Action> = {}, plan: Partial<ActionPlan> = {}) {
  const world = { value: 0 };
  const pass = async (gate: Parameters<Action['apply']>[0]['gate'], by: number) => {
    const change = {
      method: 'PUT',
      url: 'https://x/a/b?api-version=1',
      apiVersion: '1',
      clientRequestId: `c${world.value}`,
      requestBody: {},
    };
    await gate.before(change);
    world.value += by;
    await gate.after(change, {
      ...change,
      requestHeaders: {},
      sentAt: '',
      durationSeconds: 0,
      status: 200,
      responseHeaders: {},
      responseBody: {},
      requestId: '',
      correlationId: 'k',
      error: '',
    });
  };
  const action: Action = {
    name: 'count.up',
    input: z.object({}),
    danger: 'disruptive',
    plan: async () => planOf(plan),
    apply: async (context) => {
      await pass(context.gate, 1);
      return {};
    },
    verify: async () => ({ ok: true, text: 'one more' }),
    undo: async (context) => {
      await pass(context.gate, -1);
      return { ok: true, text: 'one less' };
    },
    ...part,
  };
  return { world, action, pass };
}

/** A log in memory; `fail` decides which entries the disk refuses. */
export function memory(fail: (kind: EntryKind) => boolean = () => false) {
  const entries: { kind: EntryKind; body: Record<string, unknown> }[] = [];
  const log: CaseLog = {
    caseId: 'case-1',
    async append(kind, body) {
      if (fail(kind)) throw new Error('the disk is full');
      entries.push({ kind, body });
    },
    keep: async (name) => ({ file: `evidence/0001-${name}.json`, sha256: '', bytes: 0 }),
  };
  return { entries, log, kinds: () => entries.map((entry) => entry.kind) };
}

/** A run of one step, or of those given. */
export function runOf(action: Action, log: CaseLog, options: Partial<RunOptions> = {}, steps?: unknown[]): StartedRun {
  return createRun({
    playbook: playbookSchema.parse({
      name: 'p',
      title: 'P',
      summary: 'S',
      steps: steps ?? [{ id: 'one', title: 'One', uses: action.name }],
    }),
    actions: new Map([[action.name, action]]),
    target,
    log,
    responderAddress: '198.51.100.20',
    reason: 'because',
    readOnly: false,
    interactive: true,
    now: () => new Date('2026-11-23T02:20:11Z'),
    ...options,
  });
}

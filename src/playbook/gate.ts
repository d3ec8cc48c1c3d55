import { randomUUID } from 'node:crypto';
import type { ChangeGate, Exchange, OutgoingChange } from '../documents/exchange.ts';
import type { Change } from '../documents/run.ts';
import { answerOf, operationUrlOf } from './answer.ts';
import type { CaseLog, KeptEvidence } from './case-log.ts';

export interface GateOptions {
  log: CaseLog;
  playbook: string;
  /** The step's id. */
  step: string;
  action: string;
  /** What the plan showed, for the before-state of each intent. */
  changes: readonly Change[];
  /** What a later process needs to undo the step, by its id and file; null when nothing of it is kept. */
  record: { id: string; evidence: KeptEvidence } | null;
  /** Is called with each correlation id that Azure gives. */
  onCorrelation?: (id: string) => void;
}

/** An operation that Azure has accepted and that has not ended, as far as is known. */
export interface RunningOperation {
  method: string;
  url: string;
  clientRequestId: string;
  operationUrl: string;
}

/** The gate of one step, and what it knows of the requests that passed. */
export interface StepGate extends ChangeGate {
  running(): RunningOperation[];
  /** Changing requests that left, and how many of them are known to have left nothing: not even a failed operation. */
  sent(): { left: number; notDone: number };
}

interface Passed {
  intent: string;
  change: OutgoingChange;
  exchange: Exchange | null;
  /** Was it done? null until that is known. */
  ok: boolean | null;
  /** It was not done, and yet something of it is there. */
  leaves: boolean;
}

function errorOf(exchange: Exchange): string {
  const body = exchange.responseBody;
  const envelope: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'error') : undefined;
  if (typeof envelope !== 'object' || envelope === null) return exchange.error || `HTTP ${exchange.status}`;
  return `${String(Reflect.get(envelope, 'code') ?? '')}: ${String(Reflect.get(envelope, 'message') ?? '')}`.slice(
    0,
    600,
  );
}

function pathOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname).toLowerCase();
  } catch {
    return pathname.toLowerCase();
  }
}

/** The request's id as the intent's entry has it, which its place in the chain makes; undefined where no chain is kept. */
function idIn(entry: unknown): string | undefined {
  const body: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'body') : undefined;
  const id: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'clientRequestId') : undefined;
  return typeof id === 'string' ? id : undefined;
}

/**
 * Every changing request of a step passes here: the intent is durable before it leaves, the outcome follows. Of a
 * long-running operation two outcomes are written: what Azure answered at first (`ok` null), and how it ended.
 */
export function stepGate(options: GateOptions): StepGate {
  const { log, playbook, step, action, changes } = options;
  const passed = new Map<OutgoingChange, Passed>();

  async function outcome(one: Passed, body: { ok: boolean | null; result: string; error: string }): Promise<void> {
    const { exchange } = one;
    one.ok = body.ok;
    const operationUrl = exchange ? operationUrlOf(exchange) : '';
    await log.append('outcome', {
      intent: one.intent,
      status: exchange && exchange.status !== 0 ? exchange.status : null,
      ok: body.ok,
      result: body.result,
      clientRequestId: one.change.clientRequestId,
      requestId: exchange?.requestId ?? '',
      correlationId: exchange?.correlationId ?? '',
      ...(operationUrl === '' ? {} : { operationUrl }),
      durationSeconds: exchange?.durationSeconds ?? 0,
      ...(body.error === '' ? {} : { error: body.error }),
    });
  }

  return {
    async before(change) {
      const path = pathOf(change.url);
      const planned = changes.find(
        (one) => one.method === change.method && path.endsWith(one.resourceId.toLowerCase()),
      );
      const intent = randomUUID();
      const entry = await log.append('intent', {
        id: intent,
        action,
        step,
        playbook,
        request: {
          method: change.method,
          url: change.url,
          apiVersion: change.apiVersion,
          body: change.requestBody ?? null,
        },
        clientRequestId: change.clientRequestId,
        ...(planned === undefined ? {} : { before: planned.before ?? null }),
        ...(options.record === null ? {} : { record: options.record.id, evidence: options.record.evidence }),
      });
      const clientRequestId = idIn(entry) ?? change.clientRequestId;
      passed.set(change, { intent, change: { ...change, clientRequestId }, exchange: null, ok: null, leaves: false });
      return clientRequestId;
    },
    async after(change, exchange) {
      const one = passed.get(change);
      if (!one) return;
      one.exchange = exchange;
      if (exchange.correlationId !== '') options.onCorrelation?.(exchange.correlationId);
      const { from, fate } = answerOf(exchange);
      if (fate === 'done') await outcome(one, { ok: true, result: 'Succeeded', error: '' });
      else if (fate === 'begun') await outcome(one, { ok: null, result: 'accepted', error: '' });
      else if (fate === 'refused') await outcome(one, { ok: false, result: 'refused', error: errorOf(exchange) });
      else if (fate === 'conflict') await outcome(one, { ok: null, result: 'refused', error: errorOf(exchange) });
      else if (from === 'none') await outcome(one, { ok: null, result: 'no answer', error: exchange.error });
      else if (from === 'other') {
        await outcome(one, {
          ok: null,
          result: 'no answer of Azure’s',
          error: `HTTP ${exchange.status} without its ids`,
        });
      } else await outcome(one, { ok: null, result: 'no clear answer', error: errorOf(exchange) });
    },
    async settled(clientRequestId, end) {
      const one = [...passed.values()].findLast(
        (each) => each.change.clientRequestId === clientRequestId && each.ok === null,
      );
      if (!one) return;
      one.leaves = end.leaves === true;
      await outcome(one, end);
    },
    running() {
      return [...passed.values()]
        .filter(({ ok, exchange }) => ok === null && exchange !== null && answerOf(exchange).fate === 'begun')
        .map(({ change, exchange }) => ({
          method: change.method,
          url: change.url.split('?')[0] ?? '',
          clientRequestId: change.clientRequestId,
          operationUrl: exchange ? operationUrlOf(exchange) : '',
        }));
    },
    sent() {
      const all = [...passed.values()];
      const begun = (exchange: Exchange | null) => exchange !== null && answerOf(exchange).fate === 'begun';
      const notDone = all.filter(({ ok, leaves, exchange }) => ok === false && !leaves && !begun(exchange));
      return { left: all.length, notDone: notDone.length };
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { textAt } from '../arm/json.ts';
import { secondsToWait } from '../azure/client/azure-error.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError, isNotSignedIn } from '../azure/client/failure.ts';
import type { ChangeGate, Exchange, OutgoingChange } from '../documents/exchange.ts';
import { type ActionContext, longWaitText, NotWaitedFor } from '../playbook/action.ts';
import { answerOf, operationUrlOf } from '../playbook/answer.ts';
import { fateOf } from './fate.ts';
import type { Fate, SentChange } from './fates/sent-change.ts';

/** Azure accepted an operation that then failed, or answered with an error: Azure's code, and a sentence to show. */
export class AzureRefusal extends Error {
  override readonly name: string = 'AzureRefusal';
  readonly statusCode: number;
  readonly code: string;

  constructor(what: string, error: unknown, more = '') {
    const { code, status, message } = azureError(error);
    const said =
      status === 0 && code === '' ? message : `${[status || '', code].filter(Boolean).join(' ')}: ${message}`;
    super([`${what}: ${said}`, more].filter(Boolean).join(' '), { cause: error });
    // A sign-in that is not enough is refused before, or with, the request: 401 in either case.
    this.statusCode = isNotSignedIn(error) ? 401 : status;
    this.code = code;
  }
}

/**
 * It is not known whether Azure did it: no clear answer came, and Azure could not be asked, or does not report it yet.
 */
export class UnknownOutcome extends AzureRefusal {
  override readonly name = 'UnknownOutcome';
}

/** It was not done, as Azure shows it. The answer is not Azure's word: its status says nothing of what is permitted. */
class FoundNotDone extends AzureRefusal {
  override readonly statusCode: number = 0;
}

interface Poller<T> extends PromiseLike<T> {
  readonly operationState: { status: string; error?: Error } | undefined;
}

export interface BeginOptions {
  updateIntervalInMs: number;
  abortSignal: AbortSignal;
}

/** How often Azure is asked before "it is not there" is believed: a request may still be on its way. */
const patience = 5;

/** How long a change is sent again that Azure refused because it was busy; each time is a request of its own. */
const busyMilliseconds = 60_000;

/** Azure did nothing, and says that the same may be sent again. */
function isBusy({ statusCode, code }: AzureRefusal): boolean {
  return (
    statusCode === 429 ||
    (statusCode === 409 && /^(AnotherOperationInProgress|RetryableError|ReferencedResourceNotProvisioned)$/i.test(code))
  );
}

/** The change that passes a gate, its answer, and what Azure says of the operation that it began. */
interface Passage {
  gate: ChangeGate;
  sent(): SentChange | null;
  exchange(): Exchange | null;
  /** Did the answer name an operation to follow? */
  named(): boolean;
  /** Azure's word on the operation: "succeeded", "failed", "canceled"; "" when it has not said so, as far as is known. */
  word(): string;
}

function pass(context: ActionContext, now: () => Date): Passage {
  let sent: SentChange | null = null;
  let exchange: Exchange | null = null;
  let word = '';
  const { gate } = context;
  return {
    sent: () => sent && { ...sent, accepted: exchange !== null && answerOf(exchange).fate === 'begun' },
    exchange: () => exchange,
    named: () => exchange !== null && operationUrlOf(exchange) !== '',
    word: () => word,
    gate: {
      async before(change: OutgoingChange) {
        const clientRequestId = (await gate.before(change)) ?? change.clientRequestId;
        const { method, url, requestBody } = change;
        sent = { at: now().toISOString(), method, url, clientRequestId, body: requestBody };
        exchange = null;
        word = '';
        return clientRequestId;
      },
      async after(change, answered) {
        exchange = answered;
        await gate.after(change, answered);
      },
      read(answered) {
        const seconds = secondsToWait(answered.responseHeaders['retry-after'] ?? '') ?? 0;
        if (seconds * 1000 > busyMilliseconds)
          context.progress({ fraction: null, text: `Azure asks to wait ${seconds} s until it is asked how far it is` });
        if (answered.status !== 200 || answerOf(answered).from !== 'azure') return;
        // Resources have no such word at their root: it is that of an operation.
        const status = textAt(answered.responseBody, 'status').toLowerCase();
        if (/^(succeeded|failed|cancell?ed)$/.test(status)) word = status;
      },
    },
  };
}

function answerOfPassage({ exchange }: Passage) {
  const answered = exchange();
  return answered === null ? 'unknown' : answerOf(answered).fate;
}

/** Waits between two questions to Azure; rejects when the run was stopped. */
export async function pause(connection: Connection, context: ActionContext): Promise<void> {
  await sleep(connection.pollIntervalMs, undefined, { signal: context.signal });
}

/** Asks until Azure reports the outcome, or until it is known that it does not; at most until the given time. */
async function learnFate(
  connection: Connection,
  context: ActionContext,
  sent: SentChange,
  until: number,
): Promise<Fate> {
  for (let asked = 1; ; asked += 1) {
    let fate: Fate;
    try {
      fate = await fateOf(connection, sent, context.signal);
    } catch (error) {
      if (context.signal.aborted) throw error;
      fate = { ok: null, running: false, text: `Azure could not be asked: ${azureError(error).message}` };
    }
    if (fate.ok === true) return fate;
    const enough = fate.running ? performance.now() > until : asked >= patience;
    if (enough) return fate;
    context.progress({ fraction: null, text: `no clear answer; asking Azure: ${fate.text}` });
    await pause(connection, context);
  }
}

/** Finds out what became of a change whose answer did not show it, and reports that to the gate. */
async function settleOpen(
  connection: Connection,
  context: ActionContext,
  sent: SentChange,
  until: number,
): Promise<Fate> {
  const fate = await learnFate(connection, context, sent, until);
  await context.gate.settled?.(sent.clientRequestId, {
    ok: fate.ok,
    result: `asked: ${fate.text}`,
    error: '',
    leaves: fate.leaves === true,
  });
  return fate;
}

function outcomeError(what: string, failure: unknown, fate: Fate): AzureRefusal {
  if (fate.ok === false) return new FoundNotDone(what, failure, `Asked afterwards: ${fate.text}.`);
  return new UnknownOutcome(what, failure, `Whether it was done is not known: ${fate.text}.`);
}

/** What a change gave; `result` is null where it was done and its answer was lost, which `fate` then shows. */
export type Sent<T> = { result: T; fate: null } | { result: null; fate: Fate };

/**
 * Sends a change once. Where no clear answer came, or the operation was not followed to its end, Azure is asked what
 * became of it, and that is reported to the gate. Throws an AzureRefusal when it was not done, an UnknownOutcome when that is
 * not known.
 */
async function sendOnce<T>(
  connection: Connection,
  context: ActionContext,
  what: string,
  begin: () => PromiseLike<T>,
  follows: boolean,
): Promise<Sent<T>> {
  const until = performance.now() + connection.operationLimitMs;
  const passage = pass(context, () => connection.clock.now());
  let failure: unknown = new Error('the answer was not one of Azure’s, or did not say how it ended');
  try {
    const result = await connection.changing(passage.gate, async () => begin());
    const sent = passage.sent();
    const answer = answerOfPassage(passage);
    if (sent === null || (answer === 'begun' && follows)) return { result, fate: null };
    if (answer === 'done' || (answer === 'begun' && passage.word() === 'succeeded')) {
      await context.gate.settled?.(sent.clientRequestId, { ok: true, result: 'Succeeded', error: '' });
      return { result, fate: null };
    }
    const fate = await settleOpen(connection, context, sent, until);
    // Azure took it and names no operation to follow: it shows when Azure has come to it.
    const taken = answer === 'begun' && fate.ok === null && !passage.named();
    if (fate.ok === true || taken) return answer === 'begun' ? { result, fate: null } : { result: null, fate };
    throw outcomeError(what, failure, fate);
  } catch (error) {
    if (error instanceof AzureRefusal) throw error;
    failure = error;
  }
  return afterFailure({ connection, context, what, passage, failure, until });
}

/** The request was refused, or its answer was lost, or it could not be followed: what became of it? */
async function afterFailure(of: {
  connection: Connection;
  context: ActionContext;
  what: string;
  passage: Passage;
  failure: unknown;
  until: number;
}): Promise<{ result: null; fate: Fate }> {
  const { connection, context, what, passage, failure, until } = of;
  const sent = passage.sent();
  const answer = answerOfPassage(passage);
  if (sent === null || answer === 'refused') throw new AzureRefusal(what, failure);
  const end = (ok: boolean, result: string) =>
    context.gate.settled?.(sent.clientRequestId, { ok, result, error: new AzureRefusal(what, failure).message });
  const word = passage.word();
  if (word === 'failed' || word.startsWith('cancel')) {
    await end(false, word === 'failed' ? 'Failed' : 'Canceled');
    throw new AzureRefusal(what, failure);
  }
  // Stopped by the user: the record says what is open, and the next start asks.
  if (context.signal.aborted) throw new UnknownOutcome(what, failure);
  if (answer === 'conflict') {
    // A request that was delivered twice is refused the second time, although the first did it.
    // A resource that is being deleted still answers for some moments.
    const deleting = sent.method === 'DELETE';
    const fate = deleting
      ? await learnFate(connection, context, sent, until)
      : await fateOf(connection, sent, context.signal);
    if (fate.ok !== true && fate.asSent !== true) {
      await end(false, 'refused');
      throw new AzureRefusal(what, failure);
    }
  }
  const fate = await settleOpen(connection, context, sent, until);
  if (fate.ok === true) return { result: null, fate };
  throw outcomeError(what, failure, fate);
}

/**
 * Waits as long as Azure asks for, when that is more than a minute: where a user says so, or for as long as an operation
 * may take. Throws NotWaitedFor, or the refusal with the time that Azure asks for.
 */
async function waitLong(
  connection: Connection,
  context: ActionContext,
  about: { what: string; seconds: number; refusal: AzureRefusal; waited: number },
): Promise<void> {
  const { what, seconds, refusal, waited } = about;
  const told = performance.now();
  const long = { what, seconds, until: new Date(connection.clock.now().getTime() + seconds * 1000).toISOString() };
  if (context.askToWait) {
    const answer = await context.askToWait(long);
    if (answer !== 'wait') throw new NotWaitedFor(long, answer);
  } else if (waited > connection.operationLimitMs) {
    throw new AzureRefusal(
      what,
      refusal.cause,
      `${longWaitText(long)}: longer than is waited here. Run it again then.`,
    );
  }
  context.progress({ fraction: null, text: longWaitText(long) });
  // The answer took a part of the time.
  const left = Math.max(0, seconds * 1000 - (performance.now() - told));
  await sleep(left, undefined, { signal: context.signal });
}

/**
 * As `sendOnce`, and again for a minute where Azure refuses because it is busy: each time a request of its own, with an
 * intent of its own. With `follows` the caller follows what an accepted request began, and reports its end to the gate.
 */
export async function send<T>(
  connection: Connection,
  context: ActionContext,
  what: string,
  begin: () => PromiseLike<T>,
  { follows = false }: { follows?: boolean } = {},
): Promise<Sent<T>> {
  let until = performance.now() + Math.min(busyMilliseconds, connection.operationLimitMs);
  let waited = 0;
  for (;;) {
    try {
      return await sendOnce(connection, context, what, begin, follows);
    } catch (error) {
      const again = error instanceof AzureRefusal && isBusy(error) && !context.signal.aborted;
      if (!again) throw error;
      const seconds = azureError(error.cause).retryAfterSeconds ?? 0;
      const wait = Math.max(connection.pollIntervalMs, seconds * 1000);
      if (wait > Math.min(busyMilliseconds, connection.operationLimitMs)) {
        waited += wait;
        await waitLong(connection, context, { what, seconds, refusal: error, waited });
        until = performance.now() + busyMilliseconds;
        continue;
      }
      if (performance.now() + wait > until) throw error;
      const reason = error.code || String(error.statusCode);
      context.progress({ fraction: null, text: `Azure is busy (${reason}): it is sent again` });
      await sleep(wait, undefined, { signal: context.signal });
    }
  }
}

/**
 * Sends a change through the gate and follows the long-running operation to its end, which is reported to the gate too.
 * `what` names it for people: "PUT web01-nic". null when it was done, which had to be read from Azure since the answer
 * was lost. Throws an AzureRefusal when it was not done, an UnknownOutcome when that is not known.
 */
export async function follow<T>(
  connection: Connection,
  context: ActionContext,
  what: string,
  begin: (options: BeginOptions) => Poller<T>,
): Promise<T | null> {
  const { result } = await send(connection, context, what, () =>
    begin({
      updateIntervalInMs: connection.pollIntervalMs,
      abortSignal: AbortSignal.any([context.signal, AbortSignal.timeout(connection.operationLimitMs)]),
    }),
  );
  return result;
}

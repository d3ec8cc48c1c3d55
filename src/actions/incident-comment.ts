import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Json, textAt } from '../arm/json.ts';
import { shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { ifThere } from '../azure/client/failure.ts';
import {
  countComments,
  isIncidentId,
  readSentinelIncident,
  sentinelVersion,
  workspaceOf,
} from '../azure/readers/sentinel.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { send } from './operation.ts';
import { preflight } from './preflight/preflight.ts';
import { refusedPlan } from './refused-plan.ts';

/**
 * "A single comment can contain up to 30,000 characters", an incident up to 100 comments; deleting one takes Microsoft
 * Sentinel Contributor (Microsoft Learn, "Investigate Microsoft Sentinel incidents in depth"; read 2026-11-30 in a copy).
 */
export const longestComment = 30_000;
const mostComments = 100;

const commentSettings = z.strictObject({
  incident: z
    .string()
    .refine(isIncidentId, 'the resource id of a Microsoft Sentinel incident')
    .describe('Resource id of the Microsoft Sentinel incident.'),
  message: z.string().min(1).max(longestComment).describe('The comment: plain text or Markdown.'),
});

const commentState = z.looseObject({ commentId: z.string(), incident: z.string(), message: z.string() });
type CommentState = z.infer<typeof commentState>;

const action = 'Microsoft.SecurityInsights/incidents/comments';
const urlOf = (commentId: string): string => `${commentId}?api-version=${sentinelVersion}`;

async function readComment(connection: Connection, id: string, signal: AbortSignal): Promise<Json | null> {
  const found = await ifThere(connection.get(urlOf(id), signal));
  return found?.body ?? null;
}

/** The request for a comment, whose text is left as it is. */
const bodyOf = (message: string): Json => ({ properties: { message } });

async function planComment(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const { incident: id, message } = commentSettings.parse(input);
  const found = await readSentinelIncident(connection, id, context.signal);
  const title = `Comment on incident ${found?.number ?? shortName(id)}`;
  if (found === null) return refusedPlan(title, 'impossible', `There is no incident ${printable(shortName(id), 80)}.`);
  const there = await countComments(connection, id, context.signal);
  if (there >= mostComments) {
    const because = `The incident has ${counted(there, 'comment')}: Sentinel takes no more than ${mostComments}.`;
    return refusedPlan(title, 'impossible', because);
  }
  const commentId = `${id}/comments/${randomUUID()}`;
  const scope = workspaceOf(id);
  const ahead = await preflight(connection, context, {
    needed: [
      { action: `${action}/write`, scope },
      { action: `${action}/delete`, scope, forUndo: true },
    ],
    intended: [
      { method: 'PUT', resourceId: commentId, body: bodyOf(message) },
      { method: 'DELETE', resourceId: commentId, forUndo: true },
    ],
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  return {
    title,
    changes: [
      {
        method: 'PUT',
        resourceId: commentId,
        diff: [
          { property: 'comment', before: '(none)', after: printable(message, 400) },
          { property: 'length', before: '', after: `${message.length} of ${longestComment} characters` },
        ],
        before: null,
        after: bodyOf(message),
      },
    ],
    touches: [],
    permissions: ahead.permissions,
    danger: 'reversible',
    undo: 'deletes the comment, which takes Microsoft Sentinel Contributor',
    made: [shortName(commentId)],
    warnings: [
      ...(/^closed$/i.test(found.status) ? [`The incident ${found.number ?? ''} is closed.`] : []),
      ...ahead.warnings,
    ],
    consequences: [
      `Everybody who may read the workspace ${shortName(scope)} reads it, in “${found.title}”, under your name.`,
      'Automation rules and connectors may send it on.',
    ],
    state: { commentId, incident: id, message } satisfies CommentState,
  };
}

async function postComment(connection: Connection, context: ActionContext, planned: ActionPlan): Promise<CommentState> {
  const state = commentState.parse(planned.state);
  if ((await readComment(connection, state.commentId, context.signal)) !== null) {
    throw new StalePlan(`a comment ${shortName(state.commentId)} exists by now.`);
  }
  await send(connection, context, `comment on ${shortName(state.incident)}`, () =>
    connection.change('PUT', urlOf(state.commentId), bodyOf(state.message), context.signal),
  );
  return state;
}

async function verifyComment(
  connection: Connection,
  { signal }: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = commentState.parse(given);
  const now = await readComment(connection, state.commentId, signal);
  if (now === null) return { ok: false, text: 'The comment is not there.' };
  const message = textAt(now, 'properties', 'message');
  if (message === '') return { ok: null, text: 'The comment is there, and Azure does not print its text.' };
  const same = message === state.message;
  const by = printable(textAt(now, 'properties', 'author', 'userPrincipalName'), 120);
  return same
    ? { ok: true, text: `The incident has the comment${by === '' ? '' : `, by ${by}`}.` }
    : { ok: false, text: 'The comment is there, with another text than was sent.' };
}

/** Deletes the comment where it is still as it was sent. */
async function undoComment(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = commentState.parse(given);
  const now = await readComment(connection, state.commentId, context.signal);
  if (now === null) return { ok: true, text: 'The comment is not there any more.' };
  if (textAt(now, 'properties', 'message') !== state.message && context.overDrift !== true) {
    return { ok: false, text: 'The comment was edited since: it is left as it is.' };
  }
  await send(connection, context, `DELETE comment on ${shortName(state.incident)}`, () =>
    connection.change('DELETE', urlOf(state.commentId), undefined, context.signal),
  );
  const left = await readComment(connection, state.commentId, context.signal);
  return left === null
    ? { ok: true, text: 'The comment is deleted.' }
    : { ok: false, text: 'The comment is still there.' };
}

/** A comment on an incident of Microsoft Sentinel. */
export const incidentComment = (connection: Connection): Action => ({
  name: 'incident.comment',
  input: commentSettings,
  danger: 'reversible',
  plan: (context, input) => planComment(connection, context, input),
  apply: (context, plan) => postComment(connection, context, plan),
  verify: (context, state) => verifyComment(connection, context, state),
  undo: (context, state) => undoComment(connection, context, state),
});

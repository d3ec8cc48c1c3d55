import { createActions } from '../actions/actions.ts';
import { longestComment } from '../actions/incident-comment.ts';
import { parseResourceId } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { findSentinelIncident, workspaceOf } from '../azure/readers/sentinel.ts';
import { type CaseReader, defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { caseSummary } from '../casefile/case-summary.ts';
import { notesSourceOf } from '../casefile/write-export.ts';
import { type ExitCode, exitCode, Failure } from '../failure.ts';
import type { Target } from '../playbook/action.ts';
import { type Playbook, playbook as playbookSchema } from '../playbook/playbook.ts';
import { caseLogOf } from '../session/playbooks/playbook-shelf.ts';
import { printable } from '../text/printable.ts';
import { readApproved } from './approved-plan.ts';
import { demandSameAzure, demandWhole } from './case-demands.ts';
import { onInterrupt } from './on-interrupt.ts';
import { type ConnectionFlags, type Opened, openConnection, type Streams } from './options.ts';
import { runPlaybook } from './run.ts';
import { settleOpenIntents } from './settle-open-intents.ts';
import { targetOfId } from './target-of-id.ts';

export interface PostFlags extends ConnectionFlags {
  /** The incident: resource id, GUID or number. */
  sentinel: string;
  cases?: string;
  dryRun?: boolean;
  yes?: boolean;
  approve?: string;
  reason?: string;
  readOnly?: boolean;
  json?: boolean;
}

/** Characters of a comment that are shown before it is posted: a guidance has no more. */
const longestShown = 3_800;

/** The comment as it is read before it is published under one's name: a paragraph each line. */
function shownText(message: string): string {
  const shown = message.slice(0, longestShown);
  const lines = shown.split('\n').filter((one) => one.trim() !== '');
  const rest = message.length - shown.length;
  const more = rest > 0 ? [`… and ${rest} more characters, which --dry-run shows.`] : [];
  return ['This is published under your name:', ...lines, ...more].join('\n\n').slice(0, 4_000);
}

/** The one step of a post, as a playbook: planned, confirmed, recorded and undone as any other. */
function postingTo(incident: string, message: string): Playbook {
  return playbookSchema.parse({
    name: 'post-to-incident',
    title: 'Post a summary of the case',
    summary: 'A comment on an incident of Microsoft Sentinel, with the first page of the case notes.',
    steps: [
      {
        id: 'comment',
        title: 'Comment on the incident',
        guidance: shownText(message),
        uses: 'incident.comment',
        with: { incident, message },
      },
    ],
  });
}

/** The VM of the case; of a case without one, the workspace, to which the comment goes. */
function targetOf({ header }: CaseReader, incident: string): Target {
  const workspace = workspaceOf(incident);
  const target = targetOfId(header.vm) ?? targetOfId({ id: workspace, name: parseResourceId(workspace)?.name ?? '' });
  if (!target) throw new Failure('case post: neither the case nor the incident names a resource', exitCode.usage);
  return target;
}

async function lastTime(found: CaseReader): Promise<string> {
  let last = '';
  for await (const { at } of found.entries()) last = at;
  return last;
}

/**
 * The playbook that puts the first page of the case's notes on an incident, with the id of the incident and the comment. Throws
 * a Failure where there is no such incident.
 */
export async function postingOfCase(found: CaseReader, wanted: string, connection: Connection) {
  const { id: incident } = await findSentinelIncident(connection, wanted);
  // As of the last entry: the same case gives the same text, which can be approved.
  const message = await caseSummary(await notesSourceOf(found, await lastTime(found)), longestComment);
  return { playbook: postingTo(incident, message), incident, message };
}

async function post(found: CaseReader, flags: PostFlags, opened: Opened, streams: Streams): Promise<ExitCode> {
  const { connection } = opened;
  const now = () => connection.clock.now();
  const { approve, ...options } = flags;
  const approved = approve === undefined ? undefined : await readApproved(approve);
  const { playbook, incident, message } = await postingOfCase(found, flags.sentinel, connection);
  // The plan shows its beginning; what is published under one's name is to be read whole.
  if (flags.dryRun && !flags.json) {
    for (const line of message.split('\n')) streams.stdout.write(`  ${printable(line, 4000)}\n`);
    streams.stdout.write('\n');
  }
  return runPlaybook(
    { ...options, ...(approved ? { approved } : {}) },
    {
      playbook,
      actions: createActions(connection),
      target: targetOf(found, incident),
      responderAddress: '',
      now,
      caseId: found.id,
      onInterrupt,
      async openCase() {
        const file = await openCaseStore(flags.cases ?? defaultCaseRoot(), { now }).open(found.id);
        const { name } = await connection.signedIn();
        const log = caseLogOf({ id: file.id, file, actor: name }, now);
        await settleOpenIntents(file, log, connection, streams.stderr);
        return { log, close: () => file.close(name) };
      },
    },
    streams,
  );
}

/**
 * `cordon case post CASE --sentinel INCIDENT`: puts the first page of the case notes on an incident of Microsoft Sentinel, as a
 * change like any other. Returns the exit code of the run.
 */
export async function casePost(id: string, flags: PostFlags, streams: Streams): Promise<ExitCode> {
  const found = await openCaseStore(flags.cases ?? defaultCaseRoot()).read(id);
  await demandWhole(found);
  const opened = await openConnection(flags);
  try {
    demandSameAzure(found, opened.connection);
    return await post(found, flags, opened, streams);
  } finally {
    await opened.close();
  }
}

import type { Connection } from '../azure/client/connection.ts';
import { azureError, gapOf } from '../azure/client/failure.ts';
import { loginLine } from '../azure/client/sign-in-failure.ts';
import { TimeLimitExceeded } from '../azure/client/time-limits.ts';
import { withoutSecondFactor } from '../azure/client/who-acts.ts';
import type { Action, ActionContext } from '../playbook/action.ts';
import { accountDisable } from './account-disable.ts';
import { backupTrigger } from './backup-trigger.ts';
import { backupUndelete } from './backup-undelete.ts';
import { disksExport } from './disks-export.ts';
import { disksSnapshot } from './disks-snapshot.ts';
import { identityCut } from './identity-cut.ts';
import { incidentComment } from './incident-comment.ts';
import { refusedForInstance } from './instance-refusals.ts';
import { jitEnable } from './jit-enable.ts';
import { jitRequest } from './jit-request.ts';
import { linksRevoke } from './links-revoke.ts';
import { networkCheck } from './network-check.ts';
import { nsgLock } from './nsg-lock.ts';
import { patchesAssess } from './patches-assess.ts';
import { patchesInstall } from './patches-install.ts';
import { publicIpRemove } from './public-ip-remove.ts';
import { vmDeallocate } from './vm-deallocate.ts';
import { volatileCollect } from './volatile-collect.ts';

/** All that can be changed in Azure, and what is looked at around it, by name. Nothing is asked of Azure yet. */
export function createActions(connection: Connection): Map<string, Action> {
  const all = [
    nsgLock(connection),
    disksSnapshot(connection),
    disksExport(connection),
    backupTrigger(connection),
    backupUndelete(connection),
    patchesAssess(connection),
    jitEnable(connection),
    jitRequest(connection),
    publicIpRemove(connection),
    identityCut(connection),
    linksRevoke(connection),
    vmDeallocate(connection),
    patchesInstall(connection),
    volatileCollect(connection),
    accountDisable(connection),
    incidentComment(connection),
    networkCheck(connection),
  ];
  return new Map(all.map((action) => [action.name, tellingQueries(connection, action)]));
}

/** Properties of the sign-in for which Azure will refuse a change, or record it under another name. */
async function aboutTheSignIn(connection: Connection): Promise<string[]> {
  const who = await connection.signedIn().catch(() => null);
  if (!who) return [];
  const line = `${withoutSecondFactor}: ${loginLine(who.tenantId)}`;
  return [...(who.secondFactor === false ? [line] : []), ...who.warnings];
}

/** A refusal by Azure while a plan was made, with its cure. Other errors are returned as they are. */
function withCure(error: unknown): unknown {
  const { status } = azureError(error);
  if (status < 400 && !(error instanceof TimeLimitExceeded)) return error;
  const { because, cure } = gapOf(error);
  return new Error(`${because}; ${cure}.`, { cause: error });
}

/** The action, with the queries that it sends reported to its caller; its requests end when it is stopped. */
function tellingQueries(connection: Connection, action: Action): Action {
  const { undo, kept } = action;
  const told = <T>(context: ActionContext, work: () => Promise<T>): Promise<T> =>
    connection.until(context.signal, () => connection.askedBy((query) => context.asked(query), work));
  return {
    ...action,
    plan: (context, input) =>
      told(context, async () => {
        const refused = refusedForInstance(action.name, context.target);
        if (refused) return refused;
        const plan = await connection
          .planning(() => action.plan(context, input))
          .catch((error: unknown) => {
            throw withCure(error);
          });
        const odd = plan.changes.length > 0 ? await aboutTheSignIn(connection) : [];
        return odd.length > 0 ? { ...plan, warnings: [...odd, ...plan.warnings] } : plan;
      }),
    apply: (context, planned) => told(context, () => action.apply(context, planned)),
    verify: (context, state) => told(context, () => action.verify(context, state)),
    ...(undo ? { undo: (context, state) => told(context, () => undo.call(action, context, state)) } : {}),
    ...(kept ? { kept: (context, state) => told(context, () => kept.call(action, context, state)) } : {}),
  };
}

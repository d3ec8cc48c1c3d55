import { listAt, textAt } from '../../arm/json.ts';
import { listOfArm } from '../client/arm-pages.ts';
import type { Connection } from '../client/connection.ts';
import { covers } from './role-permissions.ts';

const version = '2022-04-01';
const pageLimit = 10;

/** A deny assignment that may take a permission away from the caller. */
export interface DenyAssignment {
  name: string;
  scope: string;
  actions: string[];
  notActions: string[];
  /** For the caller or for all principals: true; for groups or others, of whom it is not seen whether the caller is one: null. */
  mine: boolean | null;
}

/** What a deny assignment calls all principals (Microsoft Learn, "Understand Azure deny assignments"). */
const EVERYBODY = '00000000-0000-0000-0000-000000000000';

/** The deny assignments at, above and below a scope; `cut` says that there are more than were read. Throws the client's error. */
export async function readDenyAssignments(
  connection: Connection,
  scope: string,
  signal?: AbortSignal,
): Promise<{ denials: DenyAssignment[]; cut: string }> {
  const caller = (await connection.signedIn()).objectId.toLowerCase();
  const denials: DenyAssignment[] = [];
  const url = `${scope}/providers/Microsoft.Authorization/denyAssignments?api-version=${version}`;
  const { entries, cut } = await listOfArm(connection, url, pageLimit, signal);
  for (const one of entries) {
    const idsOf = (list: string) => listAt(one, 'properties', list).map((each) => textAt(each, 'id').toLowerCase());
    const principals = idsOf('principals');
    if (idsOf('excludePrincipals').includes(caller)) continue;
    const permissions = listAt(one, 'properties', 'permissions');
    const texts = (list: string) => permissions.flatMap((each) => listAt(each, list).map(String));
    denials.push({
      name: textAt(one, 'properties', 'denyAssignmentName') || textAt(one, 'name'),
      scope: textAt(one, 'properties', 'scope'),
      actions: texts('actions'),
      notActions: texts('notActions'),
      mine: principals.includes(EVERYBODY) || principals.includes(caller) ? true : null,
    });
  }
  return { denials, cut };
}

/** Does it deny the action at the scope? */
export function denies({ actions, notActions, scope: at }: DenyAssignment, action: string, scope: string): boolean {
  const below = `${scope.toLowerCase()}/`.startsWith(`${at.toLowerCase().replace(/\/$/, '')}/`);
  return below && actions.some((one) => covers(one, action)) && !notActions.some((one) => covers(one, action));
}

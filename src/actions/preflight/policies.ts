import { parentOf, parseResourceId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import {
  type PolicyRefusal,
  readPolicyRefusals,
  type WrittenResource,
} from '../../azure/readers/policy-restrictions.ts';
import { bounded, distinct, groupOf, type Intended, type Outlook, why } from './intended.ts';

/** The resource of a PUT, as Azure Policy is asked about it; undefined where what is sent is not known. */
function writtenBy({ method, resourceId, body }: Intended): WrittenResource | undefined {
  const parsed = parseResourceId(resourceId);
  if (method !== 'PUT' || body === undefined || !parsed) return undefined;
  const isChild = parsed.names.length > 1 && !/\/locations\//i.test(parsed.type);
  return {
    resourceGroup: groupOf(resourceId),
    type: parsed.type,
    name: parsed.name,
    parent: isChild ? parentOf(resourceId) : '',
    body,
  };
}

const told = ({ assignment, assignmentId, reason }: PolicyRefusal, { resourceId }: Intended): string =>
  `The policy assignment "${assignment}" (${assignmentId}) refuses PUT of ${shortName(resourceId)}${reason === '' ? '' : `: ${reason}`}.`;

const cure =
  'Ask the customer for an exemption from it (Resource Policy Contributor, Microsoft.Authorization/policyExemptions/write); a role of yours does not help.';

/** What one PUT would be refused for; `unseen` says why it is not known, and is "" where it is. */
async function lookAtOne(
  connection: Connection,
  one: Intended,
  signal: AbortSignal,
): Promise<Outlook & { unseen: string }> {
  const resource = writtenBy(one);
  const none = { blocked: [], warnings: [], unseen: '' };
  if (resource === undefined) return none;
  try {
    const refusals = await bounded(connection, signal, (ending) => readPolicyRefusals(connection, resource, ending));
    const texts = refusals.map((refusal) => told(refusal, one));
    return one.forUndo === true
      ? {
          ...none,
          warnings: texts.map((text) => `An undo cannot do all of it: ${text} It stays as it is then. ${cure}`),
        }
      : { ...none, blocked: texts.map((text) => `${text} ${cure}`) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ...none, unseen: why(error) };
  }
}

/** Asks Azure Policy about everything that is to be written, by a change or by its undo. */
export async function lookAtPolicies(
  connection: Connection,
  intended: readonly Intended[],
  signal: AbortSignal,
): Promise<Outlook> {
  const asked = distinct(intended, (one) => JSON.stringify([one.resourceId, one.forUndo === true, one.body]));
  const found = await Promise.all(
    asked.map(async (one) => ({ ...(await lookAtOne(connection, one, signal)), name: shortName(one.resourceId) })),
  );
  const unseen = found.filter((one) => one.unseen !== '');
  const names = [...new Set(unseen.map(({ name }) => name))].join(', ');
  const notSeen =
    unseen[0] === undefined
      ? []
      : [
          `Not seen: what Azure Policy says of ${names} (${unseen[0].unseen}). A policy that forbids it refuses it when it is sent.`,
        ];
  return {
    blocked: found.flatMap(({ blocked }) => blocked),
    warnings: [...found.flatMap(({ warnings }) => warnings), ...notSeen],
  };
}

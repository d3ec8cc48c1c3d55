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

/** Asks Azure Policy about everything that is to be written, by a change or by its undo. */
export async function lookAtPolicies(
  connection: Connection,
  intended: readonly Intended[],
  signal: AbortSignal,
): Promise<Outlook> {
  const outlook: Outlook = { blocked: [], warnings: [] };
  const unseen: { resourceId: string; because: string }[] = [];
  const asked = distinct(intended, (one) => JSON.stringify([one.resourceId, one.forUndo === true, one.body]));
  await Promise.all(
    asked.map(async (one) => {
      const resource = writtenBy(one);
      if (resource === undefined) return;
      try {
        const refusals = await bounded(connection, signal, (ending) =>
          readPolicyRefusals(connection, resource, ending),
        );
        for (const refusal of refusals) {
          if (one.forUndo === true)
            outlook.warnings.push(`An undo cannot do all of it: ${told(refusal, one)} It stays as it is then. ${cure}`);
          else outlook.blocked.push(`${told(refusal, one)} ${cure}`);
        }
      } catch (error) {
        if (signal.aborted) throw error;
        unseen.push({ resourceId: one.resourceId, because: why(error) });
      }
    }),
  );
  const [first] = unseen;
  if (first !== undefined) {
    const names = [...new Set(unseen.map(({ resourceId }) => shortName(resourceId)))];
    outlook.warnings.push(
      `Not seen: what Azure Policy says of ${names.join(', ')} (${first.because}). A policy that forbids it refuses it when it is sent.`,
    );
  }
  return outlook;
}

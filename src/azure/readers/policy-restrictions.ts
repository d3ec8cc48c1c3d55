import { at, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { azureError } from '../client/failure.ts';

const version = '2023-03-01';

/** A policy assignment by which Azure Policy will refuse a resource as it would be written. */
export interface PolicyRefusal {
  /** Its display name, or its name where that cannot be read. */
  assignment: string;
  assignmentId: string;
  /** What of the resource it refuses, as Azure reports it; "" when it does not. */
  reason: string;
}

/** A resource as it would be written. */
export interface WrittenResource {
  /** "/subscriptions/…/resourceGroups/…" */
  resourceGroup: string;
  /** "Microsoft.Network/networkSecurityGroups" */
  type: string;
  name: string;
  /** Id of the resource that it is a child of; "" for none. */
  parent: string;
  body: Json;
}

const most = 20;
const deny = (effect: string) => /^deny$/i.test(effect);

/** The value that the body has for a field of Azure Policy; undefined where it has none, or where the field is an alias. */
function fieldIn(body: Json, field: string): string | undefined {
  const tag = /^tags(?:\.|\[')([^\]']+)/i.exec(field)?.[1];
  if (tag === undefined) return textAt(body, field) || undefined;
  const { tags } = body;
  const found = isObject(tags)
    ? Object.entries(tags).find(([name]) => name.toLowerCase() === tag.toLowerCase())
    : undefined;
  return found === undefined ? undefined : String(found[1]);
}

/** Does a restriction of a field refuse this body? What policy itself would add is no refusal. */
function refuses(restriction: unknown, field: string, body: Json): boolean {
  if (!deny(textAt(restriction, 'policyEffect'))) return false;
  const value = fieldIn(body, field);
  const values = listAt(restriction, 'values').map((one) => String(one).toLowerCase());
  const named = value !== undefined && values.includes(value.toLowerCase());
  switch (textAt(restriction, 'result').toLowerCase()) {
    case 'required':
      if (value === undefined) return /^tags\b/i.test(field) && textAt(restriction, 'defaultValue') === '';
      return values.length > 0 && !named;
    case 'deny':
      return named;
    default:
      return false;
  }
}

/** The refusals, by assignment id in lower case. */
function refusalsIn(answer: Json, body: Json): Map<string, { id: string; reason: string }> {
  const found = new Map<string, { id: string; reason: string }>();
  const note = (policy: unknown, reason: string) => {
    const id = textAt(policy, 'policyAssignmentId');
    const key = id.toLowerCase();
    if (found.size < most && !found.get(key)?.reason) found.set(key, { id, reason: printable(reason, 200) });
  };
  for (const one of listAt(answer, 'contentEvaluationResult', 'policyEvaluations')) {
    const against = /^noncompliant$/i.test(textAt(one, 'evaluationResult'));
    if (against && deny(textAt(one, 'effectDetails', 'policyEffect')))
      note(at(one, 'policyInfo'), textAt(one, 'evaluationDetails', 'reason'));
  }
  for (const field of listAt(answer, 'fieldRestrictions')) {
    for (const restriction of listAt(field, 'restrictions')) {
      if (refuses(restriction, textAt(field, 'field'), body))
        note(at(restriction, 'policy'), textAt(restriction, 'reason'));
    }
  }
  return found;
}

/** Asks at the resource group; at the subscription where the group itself may not be asked, or does not exist yet. */
async function ask(connection: Connection, resource: WrittenResource, signal: AbortSignal): Promise<Json> {
  const { resourceGroup, type, name, parent, body } = resource;
  const at = (scope: string) =>
    `${scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions?api-version=${version}`;
  const resourceContent = { ...body, type, name };
  try {
    const scope = parent === '' ? {} : { scope: parent };
    const { body: answer } = await connection.ask(
      at(resourceGroup),
      { resourceDetails: { resourceContent, ...scope } },
      signal,
    );
    return answer;
  } catch (error) {
    const { status } = azureError(error);
    if (status !== 403 && status !== 404) throw error;
    const subscription = resourceGroup.split('/').slice(0, 3).join('/');
    const scope = parent === '' ? resourceGroup : parent;
    const { body: answer } = await connection.ask(
      at(subscription),
      { resourceDetails: { resourceContent, scope } },
      signal,
    );
    return answer;
  }
}

/**
 * The policy assignments that will refuse a resource with this content, by "Policy Restrictions - Check At Resource Group
 * Scope" (or at subscription scope), 2023-03-01. Throws the client's error.
 */
export async function readPolicyRefusals(
  connection: Connection,
  resource: WrittenResource,
  signal: AbortSignal,
): Promise<PolicyRefusal[]> {
  const found = [...refusalsIn(await ask(connection, resource, signal), resource.body).values()];
  return Promise.all(
    found.map(async ({ id, reason }) => {
      const shown = await connection
        .get(`${id}?api-version=2022-06-01`, signal)
        .then(({ body }) => textAt(body, 'properties', 'displayName'))
        .catch(() => '');
      return { assignment: printable(shown || shortName(id), 120), assignmentId: id, reason };
    }),
  );
}

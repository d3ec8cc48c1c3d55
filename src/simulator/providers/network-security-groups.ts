import { AzureError, invalidReference } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, param, type Reply, type Route } from '../call.ts';
import { type Json, record, records, same, text } from '../json.ts';
import { demandIdle, startNetwork, startNetworkDeletion } from '../long-running.ts';
import { present } from '../present.ts';
import { neededAction, parentId } from '../resource-id.ts';
import { checkConflicts, checkRule, printedRule } from '../security-rule.ts';
import { newEtag } from '../store.ts';
import type { ArmResource } from '../world.ts';
import { guidOf } from '../world-settlement.ts';
import { demandGroup, resourceAt } from './resource-reads.ts';
import { roomForGroup } from './usages.ts';
import { demandMatch, demandRegion, referenceHolds, tagsOf } from './writes.ts';

const type = 'Microsoft.Network/networkSecurityGroups';

const rulesIn = (group: ArmResource): Json[] => records(group.properties?.securityRules);

/** Application security groups that rules name must exist, and the caller must be permitted to join them. */
function checkReferences(call: Call, groupId: string, rules: Json[], region: string): void {
  for (const rule of rules) {
    const properties = record(rule.properties);
    for (const field of ['sourceApplicationSecurityGroups', 'destinationApplicationSecurityGroups']) {
      for (const reference of records(properties[field])) {
        const id = text(reference.id) ?? '';
        if (referenceHolds(call, id, region) === undefined) throw invalidReference(id, groupId);
        const { action, scope } = neededAction(call.method, call.path);
        call.azure.permissions.demandLinked(
          action,
          scope,
          'Microsoft.Network/applicationSecurityGroups/joinNetworkSecurityRule/action',
          id,
        );
      }
    }
  }
}

/** Rules as they were written, each with a name, checked one by one and against each other. */
function checkedRules(call: Call, groupId: string, given: unknown, region: string): Json[] {
  const rules = records(given);
  if (rules.length > 1000) {
    throw new AzureError(
      400,
      'MaxSecurityRulesPerNetworkSecurityGroupExceeded',
      `Network security group ${groupId} cannot have more than 1000 security rules.`,
      { extra: { details: [] } },
    );
  }
  const names = new Set<string>();
  for (const rule of rules) {
    const name = text(rule.name) ?? '';
    checkName(name);
    if (names.has(name.toLowerCase())) {
      throw new AzureError(
        400,
        'DuplicateResourceName',
        `Resource ${groupId} has two child resources with the same name (${name}).`,
        {
          extra: { details: [] },
        },
      );
    }
    names.add(name.toLowerCase());
    checkRule(rule, `${groupId}/securityRules/${name}`);
  }
  checkConflicts(rules);
  checkReferences(call, groupId, rules, region);
  return rules;
}

function checkName(name: string): void {
  if (/^[a-z0-9]([\w.-]{0,78}\w)?$/i.test(name)) return;
  throw new AzureError(
    400,
    'InvalidResourceName',
    `Resource name ${name} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.`,
    { extra: { details: [] } },
  );
}

interface Written {
  region: string;
  tags: Record<string, string> | undefined;
  rules: Json[];
  flush: unknown;
}

/** Writes a group in state Updating, to be settled by an operation; a failed one leaves the goal written and not in force. */
function write(
  call: Call,
  id: string,
  before: ArmResource | undefined,
  wanted: Written,
): { group: ArmResource; headers: Record<string, string> } {
  const { store, pace } = call.azure;
  const etag = newEtag();
  const name = before?.name ?? id.slice(id.lastIndexOf('/') + 1);
  const print = (state: string): ArmResource => ({
    name,
    id,
    etag,
    type,
    location: before?.location ?? wanted.region,
    ...(wanted.tags !== undefined && { tags: wanted.tags }),
    properties: {
      provisioningState: state,
      resourceGuid: before?.properties?.resourceGuid ?? guidOf(etag),
      ...(wanted.flush !== undefined && { flushConnection: wanted.flush }),
      securityRules: wanted.rules.map((rule) => printedRule(rule, id, etag, state)),
    },
  });
  const finish = (state: string): void => {
    if (store.get(id)?.etag === etag) store.put(print(state), { pending: state !== 'Succeeded', silent: true });
    if (state === 'Succeeded') store.settle(id);
  };
  store.put(print('Updating'), { pending: true });
  const { headers } = startNetwork(call, wanted.region, {
    target: id,
    duration: pace.network,
    finish: () => finish('Succeeded'),
    fail: () => finish('Failed'),
  });
  return { group: print('Updating'), headers };
}

const put: Handler = (call) => {
  demandGroup(call);
  const before = call.azure.store.get(call.path);
  const id = before?.id ?? call.path;
  const body = bodyOf(call);
  checkName(param(call, 'name'));
  demandMatch(call, before);
  const region = demandRegion(call, body, before);
  if (before === undefined) roomForGroup(call, region);
  const properties = record(body.properties);
  const rules = checkedRules(call, id, properties.securityRules, region);
  demandIdle(call, id);
  const { group, headers } = write(call, id, before, {
    region,
    tags: tagsOf(body),
    rules,
    flush: properties.flushConnection,
  });
  return { status: before === undefined ? 201 : 200, headers, body: present(group, call.azure) };
};

const patch: Handler = (call) => {
  const before = resourceAt(call);
  demandMatch(call, before);
  const tags = tagsOf(bodyOf(call));
  const { tags: _, ...rest } = before;
  const after: ArmResource = { ...rest, etag: newEtag(), ...(tags !== undefined && { tags }) };
  call.azure.store.put(after);
  return { status: 200, body: present(after, call.azure) };
};

const remove: Handler = (call) => {
  const { store, relations } = call.azure;
  const before = store.get(call.path);
  if (before === undefined) return { status: 204 };
  demandMatch(call, before);
  const users = [...relations.interfacesOfGroup(before.id), ...relations.subnetsOfGroup(before.id)];
  if (users.length > 0) {
    throw new AzureError(
      400,
      'InUseNetworkSecurityGroupCannotBeDeleted',
      `Network security group ${before.id} cannot be deleted because it is in use by the following resources: ${users.join(', ')}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.`,
      { extra: { details: [] } },
    );
  }
  return startNetworkDeletion(call, before);
};

/** The group that a rule's path lies in. */
const groupOf = (call: Call): ArmResource => resourceAt(call, parentId(call.path));

function writeRules(
  call: Call,
  group: ArmResource,
  rules: Json[],
): { group: ArmResource; headers: Record<string, string> } {
  return write(call, group.id, group, {
    region: group.location ?? '',
    tags: group.tags,
    rules,
    flush: group.properties?.flushConnection,
  });
}

const putRule: Handler = (call): Reply => {
  const group = groupOf(call);
  const name = param(call, 'rule');
  checkName(name);
  const known = rulesIn(group).find((rule) => same(text(rule.name), name));
  demandMatch(call, known === undefined ? undefined : { ...group, etag: known.etag });
  const others = rulesIn(group).filter((rule) => rule !== known);
  const rule: Json = { name: text(known?.name) ?? name, properties: bodyOf(call).properties };
  checkRule(rule, `${group.id}/securityRules/${name}`);
  checkConflicts([...others, rule]);
  checkReferences(call, group.id, [rule], group.location?.toLowerCase() ?? '');
  demandIdle(call, group.id);
  const written = writeRules(call, group, [...others, rule]);
  const printed = rulesIn(written.group).find((each) => same(text(each.name), name));
  return { status: known === undefined ? 201 : 200, headers: written.headers, body: printed };
};

const removeRule: Handler = (call): Reply => {
  const group = groupOf(call);
  const others = rulesIn(group).filter((rule) => !same(text(rule.name), param(call, 'rule')));
  if (others.length === rulesIn(group).length) return { status: 204 };
  demandIdle(call, group.id);
  const { headers } = writeRules(call, group, others);
  const location = headers['azure-asyncoperation']?.replace('/operations/', '/operationResults/');
  return { status: 202, headers: { ...headers, ...(location !== undefined && { location }) } };
};

const root = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${type}/{name}`;

export const networkSecurityGroupRoutes: Route[] = [
  { method: 'PUT', template: root, handler: put },
  { method: 'PATCH', template: root, handler: patch },
  { method: 'DELETE', template: root, handler: remove },
  { method: 'PUT', template: `${root}/securityRules/{rule}`, handler: putRule },
  { method: 'DELETE', template: `${root}/securityRules/{rule}`, handler: removeRule },
];

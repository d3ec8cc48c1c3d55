import type { Azure } from './azure.ts';
import { AzureError } from './azure-error.ts';
import { at, isRecord, type Json, list, record, same, text } from './json.ts';
import { lastSegment, readPath, typeOf, within } from './resource-id.ts';
import type { ArmResource } from './world.ts';

/** A resource as it would be written. */
export interface Written {
  type: string;
  name: string;
  location: string | undefined;
  tags: Json;
  properties: Json;
}

/** A policy whose rule a resource meets. */
export interface PolicyHit {
  assignment: ArmResource;
  definition: Json;
  definitionId: string;
  /** "deny", "audit" and so on, in lower case. */
  effect: string;
  /** The tag whose absence the rule is about, where it is. */
  missingTag: string | undefined;
}

/** A field of Azure Policy: a top-level one, a tag in its three writings, or an alias of a property of the type. */
function fieldOf(resource: Written, field: string): unknown {
  const tag = /^tags(?:\.|\[')([^\]']+)(?:'\])?$/i.exec(field)?.[1] ?? /^tags\[([^\]']+)\]$/i.exec(field)?.[1];
  if (tag !== undefined) return Object.entries(resource.tags).find(([name]) => same(name, tag))?.[1];
  if (/^(type|name|location)$/i.test(field)) return at(resource, field.toLowerCase());
  if (!field.toLowerCase().startsWith(`${resource.type.toLowerCase()}/`)) return undefined;
  return at(resource.properties, ...field.slice(resource.type.length + 1).split('.'));
}

const equal = (one: unknown, other: unknown): boolean => String(one).toLowerCase() === String(other).toLowerCase();

type Operator = (found: unknown, wanted: unknown) => boolean;

/** The operators of Azure Policy that the simulator knows. Text is compared without case. */
const operators: ReadonlyMap<string, Operator> = new Map(
  Object.entries<Operator>({
    equals: (found, wanted) => found !== undefined && equal(found, wanted),
    notequals: (found, wanted) => !(found !== undefined && equal(found, wanted)),
    in: (found, wanted) => found !== undefined && list(wanted).some((one) => equal(found, one)),
    notin: (found, wanted) => !(found !== undefined && list(wanted).some((one) => equal(found, one))),
    exists: (found, wanted) => (found !== undefined) === equal(wanted, true),
    like: (found, wanted) => {
      const pattern = String(wanted)
        .split('*')
        .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*');
      return found !== undefined && new RegExp(`^${pattern}$`, 'i').test(String(found));
    },
  }),
);

function meets(condition: unknown, resource: Written): boolean {
  if (!isRecord(condition)) return false;
  if (condition.allOf !== undefined) return list(condition.allOf).every((one) => meets(one, resource));
  if (condition.anyOf !== undefined) return list(condition.anyOf).some((one) => meets(one, resource));
  if (condition.not !== undefined) return !meets(condition.not, resource);
  const found = fieldOf(resource, text(condition.field) ?? '');
  return Object.entries(condition).some(
    ([name, wanted]) => operators.get(name.toLowerCase())?.(found, wanted) ?? false,
  );
}

/** The tag that a rule wants to exist, anywhere in it. */
function tagWanted(condition: unknown): string | undefined {
  if (!isRecord(condition)) return undefined;
  const tag = /^tags(?:\.|\[')([^\]']+)/i.exec(text(condition.field) ?? '')?.[1];
  if (tag !== undefined && equal(condition.exists, false)) return tag;
  for (const below of [...list(condition.allOf), ...list(condition.anyOf)]) {
    const found = tagWanted(below);
    if (found !== undefined) return found;
  }
  return undefined;
}

const assignmentScope = (id: string): string =>
  id.replace(/\/providers\/microsoft\.authorization\/policyassignments\/[^/]+$/i, '');

/** Does an assignment reach a path? One of a management group reaches every subscription here. */
function reaches(assignment: ArmResource, path: string): boolean {
  const scope = assignmentScope(assignment.id);
  const below = /^\/providers\/microsoft\.management\//i.test(scope) || within(path, scope);
  return below && !list(at(assignment.properties, 'notScopes')).some((one) => within(path, String(one)));
}

/** The policies in force at a path whose rule the resource meets. */
export function policiesOn(azure: Azure, path: string, resource: Written): PolicyHit[] {
  return azure.store.ofType('Microsoft.Authorization/policyAssignments').flatMap((assignment) => {
    if (!reaches(assignment, path) || same(text(at(assignment.properties, 'enforcementMode')), 'DoNotEnforce'))
      return [];
    const definitionId = text(at(assignment.properties, 'policyDefinitionId')) ?? '';
    const definition = record(azure.store.get(definitionId)?.properties);
    const rule = record(definition.policyRule);
    const effect = text(at(rule.then, 'effect'))?.toLowerCase() ?? 'audit';
    if (!meets(rule.if, resource)) return [];
    return [{ assignment, definition, definitionId, effect, missingTag: tagWanted(rule.if) }];
  });
}

/** A body with a value at a field: of an array's `[*]`, one more element. What is there already stays, unless it `replaces`. */
function withField(body: Json, type: string, field: string, value: unknown, replaces: boolean): Json {
  const tag = /^tags\['([^']+)'\]$/i.exec(field)?.[1] ?? /^tags\.(.+)$/i.exec(field)?.[1];
  const path = tag === undefined ? ['properties', ...field.slice(type.length + 1).split('.')] : ['tags', tag];
  const put = (into: Json, [name = '', ...rest]: string[]): Json => {
    const key = name.replace(/\[\*\]$/, '');
    if (rest.length > 0) return { ...into, [key]: put(record(into[key]), rest) };
    if (key !== name) return { ...into, [key]: [...list(into[key]), value] };
    return into[key] === undefined || replaces ? { ...into, [key]: value } : into;
  };
  return put(body, path);
}

/**
 * The body of a write as the policies with the effects append and modify leave it, before the provider gets it
 * (learn.microsoft.com/azure/governance/policy/concepts/effect-append and effect-modify, as read 2026-11-30). Of modify the
 * operations add and addOrReplace; an array's `[*]` gets one more element, where none of its name is there.
 */
export function changedByPolicies(azure: Azure, path: string, body: unknown): unknown {
  const type = typeOf(readPath(path));
  const hits = policiesOn(azure, path, writtenAt(path, body));
  const changes = hits.flatMap(({ effect, definition }) => {
    const details = at(definition, 'policyRule', 'then', 'details');
    if (effect === 'append') return list(details);
    return effect === 'modify' ? list(at(details, 'operations')) : [];
  });
  return changes.reduce<unknown>((before, change) => {
    const field = text(at(change, 'field')) ?? '';
    const value = at(change, 'value');
    const name = text(at(value, 'name'));
    if (!isRecord(before)) return before;
    if (name !== undefined && JSON.stringify(before).includes(JSON.stringify({ name }).slice(1, -1))) return before;
    return withField(before, type, field, value, equal(at(change, 'operation'), 'addOrReplace'));
  }, body);
}

const writtenAt = (path: string, body: unknown): Written => ({
  type: typeOf(readPath(path)),
  name: lastSegment(path),
  location: text(at(body, 'location')),
  tags: record(at(body, 'tags')),
  properties: record(at(body, 'properties')),
});

/** Refuses a write that a policy with the effect deny does not allow, in Resource Manager's words. */
export function allowedByPolicies(azure: Azure, path: string, body: unknown): void {
  const hit = policiesOn(azure, path, writtenAt(path, body)).find(({ effect }) => effect === 'deny');
  if (hit === undefined) return;
  const { assignment, definition, definitionId } = hit;
  const shown = text(at(assignment.properties, 'displayName')) ?? assignment.name;
  const identifiers = JSON.stringify([
    {
      policyAssignment: { name: shown, id: assignment.id },
      policyDefinition: { name: text(definition.displayName) ?? lastSegment(definitionId), id: definitionId },
    },
  ]);
  const info = {
    policyDefinitionDisplayName: text(definition.displayName),
    policyDefinitionId: definitionId,
    policyDefinitionName: lastSegment(definitionId),
    policyDefinitionEffect: 'deny',
    policyAssignmentId: assignment.id,
    policyAssignmentName: assignment.name,
    policyAssignmentDisplayName: shown,
    policyAssignmentScope: assignmentScope(assignment.id),
  };
  throw new AzureError(
    403,
    'RequestDisallowedByPolicy',
    `Resource '${lastSegment(path)}' was disallowed by policy. Policy identifiers: '${identifiers}'.`,
    { extra: { target: lastSegment(path), additionalInfo: [{ type: 'PolicyViolation', info }] } },
  );
}

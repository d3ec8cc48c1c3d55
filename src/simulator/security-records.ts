import type { Azure } from './azure.ts';
import { isRecord, type Json, record, same, text } from './json.ts';
import type { ArmResource, Row } from './world.ts';

// Defender's records exist twice in Azure: in Resource Manager and in Resource Graph's securityresources, with alerts in
// other letter case. A world may hold either; the other is made from it.

const firstLower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
const firstUpper = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function rename(object: Json, change: (name: string) => string): Json {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [change(name), value]));
}

/** Alerts are camelCase in Resource Manager and PascalCase in Resource Graph; free-form bags keep their names. */
function alertCase(properties: Json, change: (name: string) => string): Json {
  const renamed = rename(properties, change);
  const field = change('resourceIdentifiers');
  const identifiers = renamed[field];
  if (Array.isArray(identifiers)) {
    renamed[field] = identifiers.map((each) => (isRecord(each) ? rename(each, change) : each));
  }
  return renamed;
}

const isAlert = (type: string): boolean => /\/alerts$/i.test(type);

/** Resource Manager's name of a record type, for a type in any case. */
const properTypes = [
  'Microsoft.Security/Locations/alerts',
  'Microsoft.Security/assessments',
  'Microsoft.Security/assessments/subAssessments',
  'Microsoft.Security/secureScores',
  'Microsoft.Security/secureScores/secureScoreControls',
  'Microsoft.Security/pricings',
  'Microsoft.Security/softwareInventories',
];

const properType = (type: string): string => properTypes.find((each) => same(each, type)) ?? type;

function fromGraph(row: Row): ArmResource | undefined {
  const { id, name, type } = row;
  if (typeof id !== 'string' || typeof type !== 'string') return undefined;
  let properties = record(row.properties);
  if (isAlert(type)) {
    properties = alertCase(properties, firstLower);
    // Resource Manager prints these from 2022-01-01 on; the clients ask with 2021-11-01.
    for (const later of ['techniques', 'subTechniques', 'supportingEvidence']) delete properties[later];
  }
  if (!isAlert(type) && isRecord(properties.resourceDetails)) {
    const details = rename(properties.resourceDetails, firstLower);
    properties = { ...properties, resourceDetails: { source: details.source ?? 'Azure', id: details.id } };
  }
  return { id, name: text(name) ?? id.slice(id.lastIndexOf('/') + 1), type: properType(type), properties };
}

/** Records of a type (`Microsoft.Security/pricings`), as Resource Manager prints them. */
export function securityRecords(azure: Azure, type: string): ArmResource[] {
  const found = new Map<string, ArmResource>();
  for (const { id, name, properties } of azure.store.ofType(type)) {
    const printed = isAlert(type) ? alertCase(record(properties), firstLower) : record(properties);
    found.set(id.toLowerCase(), { id, name, type: properType(type), properties: printed });
  }
  for (const row of azure.table('securityresources') ?? []) {
    if (!same(text(row.type), type)) continue;
    const converted = fromGraph(row);
    if (converted !== undefined && !found.has(converted.id.toLowerCase()))
      found.set(converted.id.toLowerCase(), converted);
  }
  return [...found.values()];
}

/** Whether a resource of the world belongs to securityresources and not to resources. */
export const isSecurityRecord = (type: string): boolean => properTypes.some((each) => same(each, type));

/** A record of the store as Resource Graph prints its properties. */
export function graphProperties(resource: ArmResource): Json {
  const properties = record(resource.properties);
  return isAlert(resource.type) ? alertCase(properties, firstUpper) : properties;
}

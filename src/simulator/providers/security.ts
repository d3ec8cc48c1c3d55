import { AzureError } from '../azure-error.ts';
import { type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { at, type Json, record, same, text } from '../json.ts';
import { within } from '../resource-id.ts';
import { securityRecords } from '../security-records.ts';
import type { ArmResource } from '../world.ts';

const scopeOf = (call: Call): string => call.path.replace(/\/providers\/microsoft\.security\/.*$/i, '');

const missing = (call: Call): AzureError =>
  new AzureError(404, 'ResourceNotFound', `The requested resource '${call.path}' was not found.`);

const inScope = (call: Call, type: string, scope = scopeOf(call)): ArmResource[] =>
  securityRecords(call.azure, type).filter((each) => within(each.id, scope));

function listing(type: string): Handler {
  return (call) => page(call, inScope(call, type));
}

function single(type: string): Handler {
  return (call) => {
    const wanted = call.path.toLowerCase();
    const found = inScope(call, type).find(
      (each) => each.id.toLowerCase() === wanted || same(each.name, param(call, 'name')),
    );
    if (found === undefined) throw missing(call);
    return ok(found);
  };
}

const alertType = 'Microsoft.Security/Locations/alerts';

const alerts: Handler = (call) => {
  const region = call.params.region;
  const found = inScope(call, alertType).filter(
    (each) => region === undefined || each.id.toLowerCase().includes(`/locations/${region.toLowerCase()}/`),
  );
  return page(call, found);
};

/** Assessments below a scope; of a resource, those on the resource itself. */
const assessments: Handler = (call) => {
  const scope = scopeOf(call);
  const found = securityRecords(call.azure, 'Microsoft.Security/assessments').filter((each) => {
    const details = text(at(each.properties, 'resourceDetails', 'id'));
    return within(each.id, scope) || (details !== undefined && within(details, scope));
  });
  return page(call, found.map(assessmentBody));
};

/** Resource Manager prints metadata only on demand, and the resource that an assessment is about by source and id. */
function assessmentBody(each: ArmResource): ArmResource {
  const { metadata: _, ...properties } = record(each.properties);
  const details = record(properties.resourceDetails);
  const id = text(details.id) ?? each.id.replace(/\/providers\/microsoft\.security\/.*$/i, '');
  return { ...each, properties: { ...properties, resourceDetails: { source: text(details.source) ?? 'Azure', id } } };
}

const subAssessments: Handler = (call) => {
  const scope = call.path.replace(/\/subAssessments$/i, '').replace(/\/providers\/microsoft\.security$/i, '');
  return page(call, inScope(call, 'Microsoft.Security/assessments/subAssessments', scope));
};

const controls: Handler = (call) => {
  const score = call.params.name;
  const found = inScope(call, 'Microsoft.Security/secureScores/secureScoreControls').filter(
    (each) => score === undefined || each.id.toLowerCase().includes(`/securescores/${score.toLowerCase()}/`),
  );
  // The definition is printed on demand only.
  const expanded = /definition/i.test(call.query.get('$expand') ?? '');
  return page(
    call,
    found.map((each): Json => {
      const { definition, ...properties } = record(each.properties);
      return { ...each, properties: expanded && definition !== undefined ? { ...properties, definition } : properties };
    }),
  );
};

const pricings: Handler = (call) => ok({ value: inScope(call, 'Microsoft.Security/pricings') });

const subscription = '/subscriptions/{subscription}/providers/Microsoft.Security';
const group = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Security';

export const securityRoutes: Route[] = [
  { method: 'GET', template: `${subscription}/alerts`, handler: alerts },
  { method: 'GET', template: `${group}/alerts`, handler: alerts },
  { method: 'GET', template: `${subscription}/locations/{region}/alerts`, handler: alerts },
  { method: 'GET', template: `${group}/locations/{region}/alerts`, handler: alerts },
  { method: 'GET', template: `${subscription}/locations/{region}/alerts/{name}`, handler: single(alertType) },
  { method: 'GET', template: `${group}/locations/{region}/alerts/{name}`, handler: single(alertType) },
  { method: 'GET', template: `${subscription}/secureScores`, handler: listing('Microsoft.Security/secureScores') },
  {
    method: 'GET',
    template: `${subscription}/secureScores/{name}`,
    handler: single('Microsoft.Security/secureScores'),
  },
  { method: 'GET', template: `${subscription}/secureScores/{name}/secureScoreControls`, handler: controls },
  { method: 'GET', template: `${subscription}/secureScoreControls`, handler: controls },
  { method: 'GET', template: '/{scope...}/providers/Microsoft.Security/pricings', handler: pricings },
  {
    method: 'GET',
    template: '/{scope...}/providers/Microsoft.Security/pricings/{name}',
    handler: single('Microsoft.Security/pricings'),
  },
  {
    method: 'GET',
    template: '/{scope...}/providers/Microsoft.Security/assessments/{name}/subAssessments',
    handler: subAssessments,
  },
  { method: 'GET', template: '/{scope...}/providers/Microsoft.Security/subAssessments', handler: subAssessments },
  { method: 'GET', template: '/{scope...}/providers/Microsoft.Security/assessments', handler: assessments },
  {
    method: 'GET',
    template: '/{scope...}/providers/Microsoft.Security/assessments/{name}',
    handler: single('Microsoft.Security/assessments'),
  },
  {
    method: 'GET',
    template: '/{scope...}/providers/Microsoft.Security/softwareInventories',
    handler: listing('Microsoft.Security/softwareInventories'),
  },
];

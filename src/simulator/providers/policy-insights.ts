import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, type Route } from '../call.ts';
import { at, type Json, record, text } from '../json.ts';
import { type PolicyHit, policiesOn } from '../policies.ts';

const referenceTo = ({ assignment, definitionId }: PolicyHit): Json => ({
  policyDefinitionId: definitionId,
  policyAssignmentId: assignment.id,
});

/** "Policy Restrictions", 2023-03-01: what Azure Policy would do to a resource with this content, at this scope. */
const checkRestrictions: Handler = (call: Call) => {
  const details = record(bodyOf(call).resourceDetails);
  const content = record(details.resourceContent);
  const type = text(content.type);
  if (type === undefined) {
    throw new AzureError(400, 'InvalidCheckRestrictionsRequest', "The 'resourceContent.type' property is required.");
  }
  const scope = text(details.scope) ?? call.path.replace(/\/providers\/microsoft\.policyinsights\/.*$/i, '');
  const hits = policiesOn(call.azure, scope, {
    type,
    name: text(content.name) ?? '',
    location: text(content.location),
    tags: record(content.tags),
    properties: record(content.properties),
  });
  const audited = at(call.body, 'includeAuditEffect') === true;
  const told = hits.filter(({ effect }) => effect === 'deny' || (audited && effect === 'audit'));
  // A field that is not in the content may still come: its absence is a restriction, not a refusal.
  const fields = told.flatMap((hit) =>
    hit.missingTag === undefined ? [] : [{ hit, field: `tags.${hit.missingTag}` }],
  );
  return ok({
    fieldRestrictions: fields.map(({ hit, field }) => ({
      field,
      restrictions: [
        {
          result: 'Required',
          policy: referenceTo(hit),
          policyEffect: hit.effect === 'deny' ? 'Deny' : 'Audit',
          reason: `${field} is required`,
        },
      ],
    })),
    contentEvaluationResult: {
      policyEvaluations: told
        .filter(({ missingTag }) => missingTag === undefined)
        .map((hit) => ({
          policyInfo: referenceTo(hit),
          evaluationResult: 'NonCompliant',
          evaluationDetails: { evaluatedExpressions: [] },
          effectDetails: { policyEffect: hit.effect === 'deny' ? 'Deny' : 'Audit' },
        })),
    },
  });
};

const check = 'providers/Microsoft.PolicyInsights/checkPolicyRestrictions';

export const policyInsightsRoutes: Route[] = [
  { method: 'POST', template: `/subscriptions/{subscription}/${check}`, handler: checkRestrictions },
  {
    method: 'POST',
    template: `/subscriptions/{subscription}/resourceGroups/{group}/${check}`,
    handler: checkRestrictions,
  },
];

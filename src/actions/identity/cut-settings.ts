import * as z from 'zod';

export const cutSettings = z.strictObject({});

/** A role assignment as it is put back: everything that a PUT of it can say. */
const cutRole = z.object({
  id: z.string(),
  scope: z.string(),
  /** "web01 (system-assigned)", for people. */
  identity: z.string(),
  /** The role's name, or its id where the name cannot be read. */
  role: z.string(),
  body: z.object({
    principalId: z.string(),
    roleDefinitionId: z.string(),
    principalType: z.string().optional(),
    description: z.string().optional(),
    condition: z.string().optional(),
    conditionVersion: z.string().optional(),
    delegatedManagedIdentityResourceId: z.string().optional(),
  }),
});
export type CutRole = z.infer<typeof cutRole>;

export const cutState = z.looseObject({
  roles: z.array(cutRole),
  /** The subscriptions that were looked through; the verification looks through them again. */
  subscriptions: z.array(z.string()),
});
export type CutState = z.infer<typeof cutState>;

/**
 * A managed identity's token lives for up to 24 hours, and cannot be taken back: learn.microsoft.com/entra/identity/
 * managed-identities-azure-resources/managed-identity-best-practice-recommendations, "Limitation of using managed
 * identities for authorization". Azure RBAC asks for the assignment at each request, so that a role
 * that is taken away is gone within ten minutes whatever token is shown: learn.microsoft.com/azure/role-based-access-control/
 * troubleshooting, "Role assignment changes are not being detected".
 */
const tokenHours = 24;

/** "2026-11-24 02:40Z", the time until which a token that was issued just before lives. */
export const tokensLiveUntil = (now: Date): string =>
  `${new Date(now.getTime() + tokenHours * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')}Z`;

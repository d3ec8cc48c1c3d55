import { listAt, textAt } from '../../arm/json.ts';
import { isGuid } from '../../arm/resource-id.ts';
import { printable } from '../../text/printable.ts';
import type { ArmGet } from './arm-get.ts';
import type { SignedIn } from './signed-in.ts';

/** The signed-in identity, how it signed in, and what the user should know about it. */
export interface WhoActs extends SignedIn {
  /** "Azure CLI" */
  through: string;
  /** One sentence each; empty when a user acts in the tenant that was asked for. */
  warnings: string[];
}

/**
 * Azure takes create, update and delete of persons only with a second factor ("Planning for mandatory multifactor
 * authentication for Azure", phase 2), and answers 401 with a claims challenge where the sign-in has none.
 */
export const withoutSecondFactor = 'no second factor went into this sign-in: Azure will want one before a change';

/** A tenant that the sign-in can see. */
export interface Tenant {
  id: string;
  /** In lower case. */
  domains: string[];
}

/** The tenants that the sign-in can see, with their domains (ARM, "Tenants - List"). Throws the SDK's error. */
export async function readTenants(get: ArmGet): Promise<Tenant[]> {
  const { body } = await get('/tenants?api-version=2022-12-01');
  return listAt(body, 'value').map((tenant) => ({
    id: textAt(tenant, 'tenantId').toLowerCase(),
    domains: [textAt(tenant, 'defaultDomain'), ...listAt(tenant, 'domains')]
      .filter((domain) => typeof domain === 'string')
      .map((domain) => domain.toLowerCase()),
  }));
}

/** Whether `wanted`, an id or a domain, is the tenant of the token. null where it cannot be determined. */
async function isTenant(id: string, wanted: string, tenants: () => Promise<Tenant[]>): Promise<boolean | null> {
  if (isGuid(wanted)) return id.toLowerCase() === wanted.toLowerCase();
  const seen = await tenants().catch(() => []);
  const own = seen.find((tenant) => tenant.id === id.toLowerCase());
  if (own?.domains.includes(wanted.toLowerCase())) return true;
  const other = seen.some((tenant) => tenant !== own && tenant.domains.includes(wanted.toLowerCase()));
  return other ? false : null;
}

/** Unusual properties of the identity that acts: an application, or another tenant than `wanted` ("" when none was asked for). */
export async function warningsAbout(
  who: SignedIn,
  wanted: string,
  tenants: () => Promise<Tenant[]>,
): Promise<string[]> {
  const warnings: string[] = [];
  if (who.kind === 'managed identity' || who.kind === 'application') {
    const what = who.kind === 'application' ? 'an application' : 'the managed identity of a resource';
    warnings.push(`${what} acts, not a person: ${who.name}. For your own sign-in: az login, then --auth cli`);
  }
  if (wanted !== '') {
    const same = await isTenant(who.tenantId, wanted, tenants);
    const name = printable(wanted, 80);
    if (same === false) {
      warnings.push(`this sign-in is of tenant ${who.tenantId}, not of ${name}: az login --tenant ${name}`);
    } else if (same === null) {
      warnings.push(`whether tenant ${who.tenantId} is ${name} could not be told: Azure names no domain of it`);
    }
  }
  return warnings;
}

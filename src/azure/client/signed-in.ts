import { nameOf } from '../../arm/resource-id.ts';
import { printable } from '../../text/printable.ts';

export interface SignedIn {
  /** The user principal name, or the application's id for a service principal. */
  name: string;
  objectId: string;
  tenantId: string;
  /** The public address that the sign-in came from, as Entra ID saw it; "" when the token does not report it. */
  address: string;
  kind: 'person' | 'application' | 'managed identity' | 'unknown';
  /** Did a second factor go into the sign-in? null where the token does not report it. */
  secondFactor: boolean | null;
}

/** The claims of a token, read and not verified: Azure verifies them. An opaque token has none. */
function claimsIn(token: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}

/**
 * Who acts: `idtyp` says it where Entra ID writes it ("Access token claims reference"); a managed identity's token
 * names its resource in `xms_mirid`; without either, only a user has a user principal name.
 */
function kindOf(claims: Record<string, unknown>): SignedIn['kind'] {
  if (typeof claims.xms_mirid === 'string') return 'managed identity';
  if (claims.idtyp === 'app') return 'application';
  if (claims.idtyp === 'user' || typeof claims.upn === 'string' || typeof claims.unique_name === 'string') {
    return 'person';
  }
  return typeof claims.appid === 'string' ? 'application' : 'unknown';
}

/**
 * A second factor is "mfa" among the authentication methods (`amr`). An application signs in without, and Azure
 * asks none of it.
 */
function secondFactorIn(claims: Record<string, unknown>, kind: SignedIn['kind']): boolean | null {
  if (kind !== 'person' || !Array.isArray(claims.amr)) return null;
  return claims.amr.includes('mfa');
}

/** Who a token for Azure Resource Manager speaks for. The token itself goes nowhere. */
export function identityOf(token: string): SignedIn {
  const claims = claimsIn(token);
  const kind = kindOf(claims);
  const claim = (...names: string[]) => {
    for (const name of names) {
      const value = claims[name];
      if (typeof value === 'string' && value !== '') return printable(value, 128);
    }
    return '';
  };
  const resource = typeof claims.xms_mirid === 'string' ? nameOf(claims.xms_mirid, 128) : '';
  return {
    name: resource || claim('upn', 'unique_name', 'preferred_username', 'app_displayname', 'appid') || 'unknown',
    objectId: claim('oid', 'sub'),
    tenantId: claim('tid'),
    address: claim('ipaddr'),
    kind,
    secondFactor: secondFactorIn(claims, kind),
  };
}

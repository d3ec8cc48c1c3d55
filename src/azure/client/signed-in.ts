import { printable } from '../../text/printable.ts';

export interface SignedIn {
  /** The user principal name, or the application's id for a service principal. */
  name: string;
  objectId: string;
  tenantId: string;
  /** The public address that the sign-in came from, as Entra ID saw it; "" when the token does not tell. */
  address: string;
}

/**
 * Who a token for Azure Resource Manager speaks for. The claims are read, not verified: Azure verifies them. The
 * token itself goes nowhere.
 */
export function identityOf(token: string): SignedIn {
  const payload = token.split('.')[1] ?? '';
  let claims: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) claims = { ...parsed };
  } catch {
    // An opaque token says nothing about its bearer.
  }
  const claim = (...names: string[]) => {
    for (const name of names) {
      const value = claims[name];
      if (typeof value === 'string' && value !== '') return printable(value, 128);
    }
    return '';
  };
  return {
    name: claim('upn', 'unique_name', 'preferred_username', 'app_displayname', 'appid') || 'unknown',
    objectId: claim('oid', 'sub'),
    tenantId: claim('tid'),
    address: claim('ipaddr'),
  };
}

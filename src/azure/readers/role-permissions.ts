/** What one role permits: of the caller at a scope, or by its definition. */
export interface Granted {
  actions: readonly string[];
  notActions: readonly string[];
}

/** Does a pattern of a role definition ("Microsoft.Network/*", "*" before "/read") cover the action? Case does not count. */
export function covers(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = action.toLowerCase();
  const [first = ''] = parts;
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from);
    if (found === -1 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}

/**
 * Is the action permitted? Each grant is a role assignment: within one, notActions take away from actions; another
 * grant may still give it (Azure RBAC, "NotActions").
 */
export function permits(grants: readonly Granted[], action: string): boolean {
  return grants.some(
    (grant) =>
      grant.actions.some((pattern) => covers(pattern, action)) &&
      !grant.notActions.some((pattern) => covers(pattern, action)),
  );
}

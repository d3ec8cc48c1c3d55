import { AzureError } from './azure-error.ts';
import { within } from './resource-id.ts';
import type { Caller, World } from './world.ts';

interface Rule {
  action: RegExp;
  scope: string | undefined;
  except: string | undefined;
  text: string;
}

const patternOf = (action: string): RegExp =>
  new RegExp(`^${action.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i');

const covers = ({ scope: below, except }: Rule, scope: string): boolean =>
  (below === undefined || within(scope, below)) && (except === undefined || !within(scope, except));

/** What the caller may do: everything but what the world denies. */
export class Permissions {
  readonly #rules: Rule[];
  readonly #caller: Caller;

  constructor(denied: World['denied'], caller: Caller) {
    this.#caller = caller;
    this.#rules = denied.map((entry) => {
      const action = typeof entry === 'string' ? entry : entry.action;
      const { scope, except } = typeof entry === 'string' ? { scope: undefined, except: undefined } : entry;
      return { action: patternOf(action), scope, except, text: action };
    });
  }

  /** Whether an action is permitted at a scope. */
  allows(action: string, scope: string): boolean {
    // A role on a part of a subscription makes the subscription itself visible.
    const seen = (rule: Rule) =>
      /^microsoft\.resources\/subscriptions\/read$/i.test(action) &&
      rule.except !== undefined &&
      within(rule.except, scope);
    return !this.#rules.some((rule) => rule.action.test(action) && covers(rule, scope) && !seen(rule));
  }

  /** Refuses with Resource Manager's sentence when the action is not permitted at the scope. */
  demand(action: string, scope: string): void {
    if (this.allows(action, scope)) return;
    throw new AzureError(
      403,
      'AuthorizationFailed',
      `The client '${this.#caller.upn}' with object id '${this.#caller.oid}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  }

  /** Refuses a write that ties in a resource which the caller may not join. */
  demandLinked(action: string, scope: string, linkedAction: string, linkedScope: string): void {
    if (this.allows(linkedAction, linkedScope)) return;
    throw new AzureError(
      403,
      'LinkedAuthorizationFailed',
      `The client '${this.#caller.upn}' with object id '${this.#caller.oid}' has permission to perform action '${action}' on scope '${scope}'; however, it does not have permission to perform action(s) '${linkedAction}' on the linked scope(s) '${linkedScope}' (respectively) or the linked scope(s) are invalid.`,
    );
  }

  /** The caller's permissions at a scope, in the shape of Microsoft.Authorization/permissions. */
  at(scope: string): { actions: string[]; notActions: string[]; dataActions: string[]; notDataActions: string[] }[] {
    const notActions = this.#rules.filter((rule) => covers(rule, scope)).map((rule) => rule.text);
    return [{ actions: ['*'], notActions: [...new Set(notActions)], dataActions: [], notDataActions: [] }];
  }
}

/** A case file that can be continued. */
export interface CaseChoice {
  id: string;
  vm: { id: string; name: string };
  /** ISO 8601 UTC: its last entry. */
  lastAt: string;
  entries: number;
}

/** What can be looked at, and continued. */
export interface Choices {
  subscriptions: readonly { id: string; name: string }[];
  /** Tenants that the sign-in can see; `name` is a domain, or the id where none is reported. */
  tenants: readonly { id: string; name: string }[];
  /** The newest first. */
  cases: readonly CaseChoice[];
  /** What could not be read, one sentence each. */
  gaps: readonly string[];
}

/** A subscription (null: all) of the tenant in view, or another tenant with all of its subscriptions. */
export type ContextChange =
  | { kind: 'subscription'; id: string | null; name: string }
  | { kind: 'tenant'; id: string; name: string };

/** The ways to Azure that the session can choose from. */
export interface Contexts {
  list(): Promise<Choices>;
  /**
   * Reads from there from now on; resolves to what the header calls it. What was begun elsewhere goes on there. Rejects,
   * and nothing has changed, when it cannot be read.
   */
  change(to: ContextChange): Promise<string>;
}

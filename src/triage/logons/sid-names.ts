/** Event of a new account: it alone reports both the account's name and its SID. */
const accountCreated = 4720;

const accountSid = /\bS-1-5-21(?:-\d{1,10}){4}\b/g;

/** Names of accounts by their SID, as a log reports them: a change of a group names its new member by SID alone. */
export class SidNames {
  readonly #names = new Map<string, string>();

  /** @param member the SID that the event names */
  learn(eventId: number, account: string, member: string): void {
    if (eventId === accountCreated && account !== '' && member.startsWith('S-1-5-21-'))
      this.#names.set(member, account);
  }

  /** A sentence with the account's name before each SID that the log gave one. */
  told(what: string): string {
    if (this.#names.size === 0 || !what.includes('S-1-5-21-')) return what;
    return what.replace(accountSid, (sid) => {
      const name = this.#names.get(sid);
      return name === undefined ? sid : `${name} (${sid})`;
    });
  }
}

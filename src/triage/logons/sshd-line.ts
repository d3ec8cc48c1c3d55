/** What one message of sshd or PAM says about a logon. */
export interface SshdLine {
  /**
   * `failed`: one refused guess. `trace`: an attempt was made, which `failed` lines of the same connection count
   * already. `accepted`: a logon. `exists`: the account is there, and may not log on.
   */
  kind: 'failed' | 'trace' | 'accepted' | 'exists';
  says: Says;
  /** A code of `failure-codes.ts`; "" when nothing failed. */
  code: string;
  /** As it is logged: see `escapes`. */
  account: string;
  address: string;
  /** 0 when the message names none. */
  port: number;
  /** "password", "publickey", "keyboard-interactive/pam"; "" when the message names none. */
  method: string;
  /** How many attempts the message stands for. */
  times: number;
  /** Did the client have no influence on the text after the address, so that the address is sshd's own for certain? */
  certain: boolean;
  /** Is it the last that sshd says of a connection? What its process id says next is of another, or PAM's summing up. */
  ends: boolean;
  /** How often vis(3) went over the account: sshd's unprivileged process escapes, and so does the one that logs for it. */
  escapes: 1 | 2;
  /** The PAM service ("sshd", "dovecot") and module ("pam_unix"); "" where it is not PAM that speaks. */
  service: string;
  module: string;
}

/**
 * Which program logs what of an attempt, since several lines report one.
 * - `password`, `interactive`: sshd refused a guess; `pam-error`: what PAM answered to an interactive one;
 * - `pam-failure`, `pam-more`, `pam-success`: what PAM's module says of guesses, `pam-more` of those it did not log;
 * - `key`: a key, or a host, was refused; `partial`: right, and another factor is asked for;
 * - `refused`: right, and refused for the account; `root-refused`: right, and root may not come this way;
 * - `locked`: refused whatever the password; `locks`: this guess was one too many, the next ones are;
 * - `session`: PAM opened the session of somebody who was let in, without saying how;
 * - `trace`, `exists`, `accepted`.
 */
export type Says =
  | 'password'
  | 'interactive'
  | 'pam-error'
  | 'pam-failure'
  | 'pam-more'
  | 'pam-success'
  | 'key'
  | 'partial'
  | 'refused'
  | 'root-refused'
  | 'locked'
  | 'locks'
  | 'session'
  | 'trace'
  | 'exists'
  | 'accepted';

export const nothing: SshdLine = {
  kind: 'trace',
  says: 'trace',
  code: '',
  account: '',
  address: '',
  port: 0,
  method: '',
  times: 1,
  certain: true,
  ends: false,
  escapes: 1,
  service: '',
  module: '',
};

/** A line that shows an attempt and is none of its own. */
export function trace(
  code: string,
  account: string | undefined,
  address: string | undefined,
  number?: string,
): SshdLine {
  return { ...nothing, code, account: account ?? '', address: address ?? '', port: Number(number ?? 0) };
}

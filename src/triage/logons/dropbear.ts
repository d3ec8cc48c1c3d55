import { nothing, type SshdLine, trace } from './sshd-line.ts';

// The messages of dropbear's server (github.com/mkj/dropbear, src/svr-auth.c, svr-authpasswd.c, svr-authpam.c,
// svr-authpubkey.c and svr-session.c at 1442f00d, 2026-07-23; before 0.53 they began with a small letter). A name stands in
// quotes, and is one of /etc/passwd; the client's end is last: host and port, with a colon between them also in IPv6.
const end = String.raw`<?(\S+):(\d{1,5})>?`;
const form = (text: string): RegExp => new RegExp(`^${text}$`, 'i');
const guessed = form(`(?:bad|too-long)( PAM)? password attempt for '(.*)' from ${end}`);
const nobody = form(`login attempt for nonexistent user(?: '.*')? from ${end}`);
const otherUser = form(String.raw`login attempt with wrong user (\S+) from ${end}`);
const entered = form(
  String.raw`(?:PAM )?(password|pubkey) auth succeeded for '(.*)'(?: with (?:\S+ )?key \S+(?: \S+)?)? from ${end}(, extra auth required)?`,
);
const blank = form(`auth succeeded with blank password for '(.*)' from ${end}`);
const badSignature = form(String.raw`pubkey auth bad signature for '(.*)' with key (?:\S+ )?\S+ from ${end}`);
const refusals: readonly RegExp[] = [
  form("user account '(.*)' is locked"),
  form("user '(.*)' has (?:invalid shell|blank password), rejected"),
  form(String.raw`logins are restricted to the group \S+ but user '(.*)' is not a member`),
  form('(root) login rejected'),
];
const left = form(
  String.raw`exit before auth(?: from ${end})?(?: \(user '(.*?)', (\d{1,5}) fails\)|: \(user '(.*?)', (\d{1,5}) fails\))?: (.*)`,
);
const last = new RegExp(` from ${end}$`);
/** Where it also writes to standard error, and a journal keeps that. */
const stamp = /^\[\d{1,10}\] [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /;
const hidden = '<invalid username>';

/** Reads one message of dropbear; null when it says nothing about a logon. */
export function parseDropbear(text: string): SshdLine | null {
  const message = text.replace(stamp, '');
  const about = (account = '', address = '', port = ''): SshdLine => ({
    ...nothing,
    account: account === hidden ? '' : account,
    address,
    port: Number(port),
  });
  let match = guessed.exec(message);
  if (match) {
    const code = match[2] === hidden ? 'sshd:invalid-user' : 'sshd:wrong-password';
    return { ...about(match[2], match[3], match[4]), kind: 'failed', says: 'password', code, method: 'password' };
  }
  match = nobody.exec(message);
  if (match) return { ...about('', match[1], match[2]), code: 'sshd:invalid-user' };
  match = otherUser.exec(message);
  if (match)
    return { ...about(match[1], match[2], match[3]), kind: 'exists', says: 'exists', code: 'sshd:not-allowed' };
  match = entered.exec(message);
  if (match) {
    const [, how = '', account, address, port, more] = match;
    const method = /^pub/i.test(how) ? 'publickey' : 'password';
    const line = { ...about(account, address, port), method };
    if (more === undefined) return { ...line, kind: 'accepted', says: 'accepted' };
    return { ...line, says: 'partial', code: method === 'password' ? 'sshd:partial' : 'sshd:partial-key' };
  }
  match = blank.exec(message);
  if (match) return { ...about(match[1], match[2], match[3]), kind: 'accepted', says: 'accepted', method: 'password' };
  match = badSignature.exec(message);
  if (match)
    return { ...about(match[1], match[2], match[3]), says: 'key', code: 'sshd:key-refused', method: 'publickey' };
  for (const refusal of refusals) {
    match = refusal.exec(message);
    if (match) return { ...trace('sshd:not-allowed', match[1], ''), kind: 'exists', says: 'exists' };
  }
  match = left.exec(message);
  return match && exit(match, about);
}

/** The end of a connection, with how many guesses it had: they count where the lines of the guesses are not there. */
function exit(
  match: RegExpExecArray,
  about: (account?: string, address?: string, port?: string) => SshdLine,
): SshdLine {
  const [, address, port, early, earlyFails, late, lateFails, reason = ''] = match;
  const own = address === undefined ? last.exec(reason) : null;
  const line = { ...about(early ?? late, address ?? own?.[1], port ?? own?.[2]), ends: true };
  const fails = Number(earlyFails ?? lateFails ?? 0);
  const code = /^max auth tries reached/i.test(reason) ? 'sshd:too-many' : 'sshd:gave-up';
  if (fails === 0) return { ...line, code };
  return { ...line, says: 'pam-more', code: 'sshd:wrong-password', module: 'dropbear', times: fails };
}

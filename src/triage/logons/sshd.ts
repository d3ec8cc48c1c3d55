import { parseDropbear } from './dropbear.ts';
import { nothing, type SshdLine, trace } from './sshd-line.ts';

/** No message of sshd is longer; an attacker's name may try to be. */
const longest = 4096;

const repeated = /^message repeated (\d{1,6}) times: \[ ?(.*?) ?\]$/;
/** Solaris writes its message id before the text. */
const solarisId = /^\[ID \d+ \w+\.\w+\] /;

// A name that was tried may itself hold " from 1.2.3.4 port 22 ssh2". Where nothing behind sshd's own address is the
// client's to choose, names are matched greedily and the pattern is tied to the end, so that what sshd wrote last
// decides. Behind `ssh2: ` a certificate's key id and a host's client name are the client's: the tail is read by its
// form, and where the account is there (no "invalid user") nothing before the first address can be an attacker's.
const fingerprint = String.raw`(?:(?:SHA256|SHA1|MD5|RIPEMD160):\S+|[0-9a-fx]{2}(?::[0-9a-fx]{2})+)`;
const port = String.raw`(?: port (\d{1,5}))?(?: ssh\d?)?`;
const end = String.raw`(?: \[preauth\])?$`;
const who = '(invalid user |illegal user )?';
const plain = new RegExp(String.raw`^(Failed|Accepted|Partial) (\S+) for ${who}(.*) from (\S+)${port}${end}`);
const withKey = new RegExp(
  String.raw`^(Failed|Accepted|Partial) (\S+) for ${who}(.*) from (\S+)${port}: [A-Za-z0-9-]+ ${fingerprint}${end}`,
);
const withCertificate = new RegExp(
  String.raw`^(Failed|Accepted|Partial) (\S+) for ${who}(.*?) from (\S+)${port}: \S+-CERT(?:-\S+)? (?:${fingerprint} )?ID .* \(serial \d+\) CA \S+ ${fingerprint}${end}`,
);
const withHost = new RegExp(
  String.raw`^(Failed|Accepted|Partial) (\S+) for ${who}(.*?) from (\S+)${port}: \S+ ${fingerprint}, client user ".*", client host ".*"${end}`,
);
/** Any other tail: of GSSAPI, of version 1 ("ruser …"), of what is still to come. */
const withTail = new RegExp(String.raw`^(Failed|Accepted|Partial) (\S+) for ${who}(.*?) from (\S+)${port}: .*$`);
const judged: readonly { pattern: RegExp; certain: boolean }[] = [
  { pattern: withKey, certain: true },
  { pattern: withCertificate, certain: false },
  { pattern: withHost, certain: false },
  { pattern: plain, certain: true },
  { pattern: withTail, certain: false },
];

const invalidUser = new RegExp(String.raw`^(?:Invalid|Illegal) user (.*) from (\S+?)(?: port (\d{1,5}))?${end}`);
const gaveUp = new RegExp(
  String.raw`^(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting) (authenticating|invalid) ?user (.*) (\S+) port (\d{1,5})(: Too many authentication failures)?${end}`,
);
/** The end of a connection by a fault of its own; the text behind the port is sshd's. */
const broke = new RegExp(
  String.raw`^(?:\w+: )?Connection from (authenticating|invalid) ?user (.*) (\S+) port (\d{1,5})(?: timed out|: .*)${end}`,
);
/** The names in brackets are the client's, but an address before them cannot be: it has no brackets around it. */
const changed = new RegExp(
  String.raw`^Disconnecting (authenticating|invalid) user (.*?) (\S+) port (\d{1,5}): Change of username or service not allowed: \(.*${end}`,
);
const changedBefore = /^Disconnecting: Change of username or service not allowed: \((.*?),[^,]*\) -> \(/;
const tooMany = new RegExp(
  String.raw`^(?:error: )?maximum authentication attempts exceeded for ${who}(.*) from (\S+)${port}${end}`,
);
const tooManyBefore = new RegExp(
  `^(?:error: )?(?:Disconnecting: )?Too many authentication failures(?: for ${who}(.*?))?${end}`,
);
const notAllowed = new RegExp(String.raw`^(?:error: )?User (.*?)(?: from (\S+))? not allowed because (.*?)${end}`);
const rootRefused = new RegExp(String.raw`^ROOT LOGIN REFUSED FROM (\S+)(?: port (\d{1,5}))?${end}`);
const denied = new RegExp(`^(?:fatal: |error: )?Access denied for user (.*) by PAM account configuration${end}`);
/** "RefuseConnection yes" (sshd_config(5), since 9.9). */
const prohibited = new RegExp(
  String.raw`^administratively prohibited connection for ${who}(.*) from (\S+) port (\d{1,5})${end}`,
);
/** A signature that fits the key, without the touch or the PIN that the key must have been given (auth2-pubkey.c). */
const unattended = new RegExp(
  String.raw`^(?:error: )?public key \S+ (?:\S+ )?signature for ${who}(.*) from (\S+) port (\d{1,5}) rejected: user (?:presence|verification) .*$`,
);
/** Of a key or certificate that may not come from this address: offered, perhaps without its private half (auth2-pubkeyfile.c). */
const elsewhere = new RegExp(
  String.raw`^(?:.*: )?Authentication tried for (.*) with (?:correct key but not from a permitted host \(host=\S*, ip=(\S+?)(?:, required=.*)?\)|valid certificate but not from a permitted source address \((\S+)\))\.?${end}`,
);
/** AIX (port-aix.c): its own restrictions, asked before sshd looks at a password, and after one that was right. */
const restricted = /^Login restricted for (.*?): (.*)$/;
const mustChange = /^Password can't be changed for user (.*?): .*$/;
/** tcp wrappers: the name before the brackets is what the client's own network calls it. */
const wrapped = /^(?:\w+: )?refused connect from (?:.*\((\S+)\)|(\S+))$/;
const pamError = new RegExp(
  String.raw`^(?:error: )?PAM: (Have exhausted maximum number of retries for service|Cannot make/remove an entry for the specified session|.*?) for (illegal user |invalid user )?(.*) from (\S+?)(?: via \S+)?${end}`,
);
/** Modules that refuse whatever the password is: too many failures before, a wait after one, no logon for long. */
const pamLocked =
  /^pam_(?:tally2?|lastlog)\((\w+):(?:auth|account)\): user (.*?)(?: \(\d+\) (?:tally \d+, deny \d+|has time limit \[\d+s left\] since last failure\.?)| inactive for \d+ days - denied)$/;
/** It is logged once, when the account becomes locked (pam_faillock.c). */
const pamLocks =
  /^pam_faillock\((\w+):(?:auth|account)\): Consecutive login failures for user (.*) account temporarily locked$/;
// Modules of a further factor name themselves as the program (pam_duo, sshd(pam_google_authenticator)). Duo is asked once the
// first factor was right (duo_unix, "pam_duo" of its documentation); a verification code may be asked before the password.
const duo = /^(?:pam_duo\(\w+:\w+\): )?(?:Failed|Aborted) Duo login for '(.*)' from (\S+?)(?:: .*)?$/;
const verification = /^(?:pam_google_authenticator(?:\(\w+:\w+\))?: )?Invalid verification code for (.*)$/;
const pamAccount = /^(pam_\w+)\((\w+):account\): (.*)$/;
const pamSuccess = /^(pam_\w+)\((\w+):auth\): authentication success; .*?rhost=(\S*)(?:\s+user=(.*))?$/;
/** Of sshd alone: sudo, cron and su open sessions too, and nobody comes from the network by them. */
const pamSession =
  /^(?:(pam_\w+)\(sshd:session\): |\(pam_unix\) )?session opened for user (.+?)(?:\(uid=\d+\))? by .*$/;
const pamFailure =
  /^(?:[\w-]+: )?(?:(pam_\w+)\((\w[\w.@-]*):\w+\): |\(pam_unix\) )?[Aa]uthentication failure;? logname=(\S*) uid=\S* euid=\S* tty=\S* (ruser=.*)$/;
const pamMore =
  /^(?:pam_\w+\(\w[\w.@-]*:\w+\): )?PAM (\d{1,4}) more authentication failures?; logname=(\S*) uid=\S* euid=\S* tty=\S* (ruser=.*)$/;
// sshd gives PAM no remote user, so what follows an empty one is the address, and a name tried may follow on it.
// A port that a service gives is the client's to choose, and the last address is PAM's own.
const ofSshd = /^ruser= +rhost=(\S*)(?:\s+user=(.*))?$/;
const ofOthers = /^ruser=.* rhost=(\S*)(?:\s+user=(.*))?$/;

/** Reasons of a PAM account module that are only given once the password was right. */
const accountReasons = [
  /^[Aa]ccess denied for user [`'"]?(.+?)['"]? from [`'"]?(\S+?)['"]?$/,
  /^[Aa]ccess denied for user [`'"]?(.+?)['"]?(?:: \d+ \(.*\))?$/,
  /^account (\S+) has expired\b.*$/,
  /^expired password for user (\S+) \(.*$/,
  /^user [`'"]?(.+?)['"]? (?:denied access|not allowed).*$/,
  /^requirement ".*" not met by user "(.+)"$/,
  /^Refused user (.+) for service \S+$/,
];

/** What PAM answers to; the line does not name it. */
const interactive = 'keyboard-interactive/pam';
const guessable = /^(?:password|keyboard-interactive|challenge-response)/;
const accountGone = /(?:account|credentials?) (?:has |have )?expired|no longer valid|new one required|required key/i;

/** Reads one message of sshd (or of PAM on its behalf); null when it says nothing about a logon. */
export function parseSshd(text: string): SshdLine | null {
  const message = text.slice(0, longest).trim().replace(solarisId, '');
  const again = repeated.exec(message);
  if (again) {
    const line = parseSshd(again[2] ?? '');
    return line && { ...line, times: line.times * Math.max(1, Number(again[1])) };
  }
  const line =
    credentialLine(message) ??
    connectionLine(message) ??
    refusalLine(message) ??
    pamLine(message) ??
    parseDropbear(message);
  return line && (message.endsWith('[preauth]') ? { ...line, escapes: 2 } : line);
}

/** "Failed password for …", "Accepted publickey for …", "Partial password for …" */
function credentialLine(message: string): SshdLine | null {
  for (const { pattern, certain } of judged) {
    const match = pattern.exec(message);
    if (!match) continue;
    // Without "invalid user" the name is one that is there, and nothing after its address is its doing.
    const [, verdict, method = '', invalid, account = '', address = '', number] =
      (match[3] === undefined && withTail.exec(message)) || match;
    // Only a key has a fingerprint behind it, and a password nothing: else the name that was tried wrote the tail.
    if (pattern !== plain && pattern !== withTail && guessable.test(method)) continue;
    // Old Solaris does not name an account that is not there.
    const hidden = account === '<invalid username>';
    const about = { ...nothing, account: hidden ? '' : account, address, port: Number(number ?? 0), method };
    const sure = certain || invalid === undefined;
    if (verdict === 'Accepted') return { ...about, kind: 'accepted', says: 'accepted', certain: sure };
    const guess = guessable.test(method);
    if (verdict === 'Partial')
      return { ...about, says: 'partial', code: guess ? 'sshd:partial' : 'sshd:partial-key', certain: sure };
    const absent = invalid !== undefined || hidden;
    // Keys offered and the probe for "none" come before any guess: they leave a trace and are no guess of their own.
    if (!guess) {
      const says = method === 'none' ? 'trace' : 'key';
      const code = absent ? 'sshd:invalid-user' : says === 'trace' ? 'sshd:gave-up' : 'sshd:key-refused';
      return { ...about, says, code, certain: sure };
    }
    const says = method === 'password' ? 'password' : 'interactive';
    return {
      ...about,
      kind: 'failed',
      says,
      code: absent ? 'sshd:invalid-user' : 'sshd:wrong-password',
      certain: sure,
    };
  }
  return null;
}

/** What sshd says of a connection that ended before a logon, or of the account that it asked for. */
function connectionLine(message: string): SshdLine | null {
  let match = invalidUser.exec(message);
  if (match) return trace('sshd:invalid-user', match[1], match[2], match[3]);
  match = changed.exec(message);
  if (match) {
    const absent = match[1] === 'invalid';
    const line = trace(absent ? 'sshd:invalid-user' : 'sshd:gave-up', match[2], match[3], match[4]);
    return { ...line, certain: !absent, ends: true };
  }
  match = gaveUp.exec(message);
  if (match) {
    const code = match[1] === 'invalid' ? 'sshd:invalid-user' : match[5] ? 'sshd:too-many' : 'sshd:gave-up';
    return { ...trace(code, match[2], match[3], match[4]), ends: true };
  }
  match = broke.exec(message) ?? prohibited.exec(message);
  if (match) {
    const absent = match[1]?.startsWith('invalid') === true;
    const code = absent
      ? 'sshd:invalid-user'
      : message.startsWith('admin')
        ? 'sshd:refused-connection'
        : 'sshd:gave-up';
    return { ...trace(code, match[2], match[3], match[4]), ends: true };
  }
  match = tooMany.exec(message);
  if (match) return trace(match[1] ? 'sshd:invalid-user' : 'sshd:too-many', match[2], match[3], match[4]);
  match = tooManyBefore.exec(message);
  if (match) return trace(match[1] ? 'sshd:invalid-user' : 'sshd:too-many', match[2], '');
  match = changedBefore.exec(message);
  if (match) return trace('sshd:gave-up', match[1], '');
  match = wrapped.exec(message);
  return match ? trace('sshd:refused-connection', '', match[1] ?? match[2]) : null;
}

/** Refusals although the credential was right, or was not checked. */
function refusalLine(message: string): SshdLine | null {
  let match = notAllowed.exec(message);
  if (match) return { ...trace('sshd:not-allowed', match[1], match[2]), kind: 'exists', says: 'exists' };
  match = restricted.exec(message);
  if (match) {
    const absent = /invalid login name or password/i.test(match[2] ?? '');
    if (absent) return trace('sshd:invalid-user', match[1], '');
    return { ...trace('sshd:not-allowed', match[1], ''), kind: 'exists', says: 'exists' };
  }
  match = mustChange.exec(message);
  if (match) return { ...trace('sshd:account-refused', match[1], ''), says: 'refused' };
  match = unattended.exec(message);
  if (match) {
    const line = trace(match[1] ? 'sshd:invalid-user' : 'sshd:partial-key', match[2], match[3], match[4]);
    return match[1] ? line : { ...line, says: 'partial', method: 'publickey' };
  }
  match = elsewhere.exec(message);
  if (match)
    return { ...trace('sshd:key-elsewhere', match[1], match[2] ?? match[3]), says: 'key', method: 'publickey' };
  match = rootRefused.exec(message);
  if (match) return { ...trace('sshd:root-refused', 'root', match[1], match[2]), says: 'root-refused' };
  match = denied.exec(message);
  return match ? { ...trace('sshd:account-refused', match[1], ''), says: 'refused', ends: true } : null;
}

function pamLine(message: string): SshdLine | null {
  let match = pamError.exec(message);
  if (match) {
    const [, reason = '', invalid, account, address] = match;
    const right = invalid === undefined && accountGone.test(reason);
    const code = invalid ? 'sshd:invalid-user' : right ? 'sshd:account-refused' : 'pam:failure';
    const wrong = code === 'pam:failure' && /^authentication (?:failure|error|failed)$/i.test(reason);
    return { ...trace(wrong ? 'sshd:wrong-password' : code, account, address), says: 'pam-error', method: interactive };
  }
  match = pamSuccess.exec(message);
  if (match) {
    const [, module = '', service = '', address, account] = match;
    return { ...trace('', account, address), says: 'pam-success', module, service };
  }
  match = pamSession.exec(message);
  if (match) return { ...trace('', match[2], ''), says: 'session', module: match[1] ?? 'pam_unix', service: 'sshd' };
  match = pamLocked.exec(message);
  if (match) return { ...trace('pam:locked-out', match[2], ''), says: 'locked', service: match[1] ?? '' };
  match = pamLocks.exec(message);
  if (match) return { ...trace('', match[2], ''), says: 'locks', service: match[1] ?? '' };
  match = duo.exec(message);
  if (match) return { ...trace('pam:factor-refused', match[1], match[2]), says: 'refused', service: 'sshd' };
  match = verification.exec(message);
  if (match) return { ...trace('pam:code-refused', match[1], ''), says: 'refused', service: 'sshd' };
  match = pamFailure.exec(message);
  if (match) return pamGuess(match[4] ?? '', match[3] ?? '', match[1] ?? 'pam_unix', serverOf(match[2]), 1);
  match = pamMore.exec(message);
  if (match) {
    const line = pamGuess(match[3] ?? '', match[2] ?? '', 'pam_unix', 'sshd', Number(match[1]));
    return line && { ...line, says: 'pam-more' };
  }
  match = pamAccount.exec(message);
  if (!match) return null;
  const [, module = '', service = '', said = ''] = match;
  for (const reason of accountReasons) {
    const found = reason.exec(said);
    if (found) return { ...trace('sshd:account-refused', found[1], found[2]), says: 'refused', module, service };
  }
  return null;
}

/** Dropbear is a server of SSH like sshd: each of its processes has one connection. */
const serverOf = (service = 'sshd'): string => (service === 'dropbear' ? 'sshd' : service);

function pamGuess(rest: string, logname: string, module: string, service: string, times: number): SshdLine | null {
  const told = rest.replace(/ \[preauth\]$/, '');
  const match = (service === 'sshd' ? ofSshd.exec(told) : null) ?? ofOthers.exec(told);
  // Without a remote host it is a local login: sudo, su, a console.
  if (!match?.[1]) return null;
  const account = match[2] ?? logname;
  return { ...trace('pam:failure', account, match[1]), says: 'pam-failure', module, service, times };
}

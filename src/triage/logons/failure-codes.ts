/**
 * What a failure says of the credential that was tried: it was `wrong`; it was `right`, and the logon was refused all the
 * same; or it was not what decided (`undecided`): not checked, or not recorded.
 */
export type Credential = 'wrong' | 'right' | 'undecided';

/** What a failure code says. `accountExists` is null where it shows nothing about the account. */
export interface FailureMeaning {
  meaning: string;
  accountExists: boolean | null;
  credential: Credential;
}

const wrong = (meaning: string, accountExists: boolean | null): FailureMeaning => ({
  meaning,
  accountExists,
  credential: 'wrong',
});
const right = (meaning: string): FailureMeaning => ({ meaning, accountExists: true, credential: 'right' });
const undecided = (meaning: string, accountExists: boolean | null = null): FailureMeaning => ({
  meaning,
  accountExists,
  credential: 'undecided',
});

/**
 * NTSTATUS codes of event 4625, from Microsoft's description of the event (table 12) and [MS-ERREF] 2.3.1. 0xc000006e is
 * given where "user name and authentication information are valid, but some user account restriction has prevented
 * successful authentication"; its substatuses (hours, workstation, expired password, disabled account) are of the same
 * stage (LsaLogonUser: "the user account and password are legitimate"), and so are the expired account and the right that
 * is not granted. A locked account is refused before its password is looked at. A computer's account gets 0xc0000199 in a
 * user's logon for its right password alone, and 0xc000006d for others (trustedsec.com/blog/diving-into-pre-created-computer-accounts);
 * of its two sisters, for accounts of trusts and of domain controllers, that is not documented.
 *
 * Kerberos' codes of 4768 and 4771 are those of RFC 4120 7.5.9, as Microsoft's descriptions of the events report them.
 */
const meanings: Record<string, FailureMeaning> = {
  '0xc0000022': undecided('access denied'),
  '0xc000005e': undecided('no logon server available'),
  '0xc000005f': undecided('the logon session is gone'),
  '0xc0000062': wrong('no well-formed account name', false),
  '0xc0000064': wrong('no such account', false),
  '0xc000006a': wrong('wrong password', true),
  '0xc000006c': undecided('password policy not met', true),
  '0xc000006d': wrong('wrong account or password', null),
  '0xc000006e': right('account restriction (the password was right)'),
  '0xc000006f': right('outside the allowed hours (the password was right)'),
  '0xc0000070': right('not from this workstation (the password was right)'),
  '0xc0000071': right('password expired (it was right)'),
  '0xc0000072': right('account disabled (the password was right)'),
  '0xc0000073': undecided('a name or SID could not be looked up'),
  '0xc000009a': undecided('not enough resources'),
  '0xc00000bb': undecided('not supported'),
  '0xc00000dc': undecided('server in the wrong state'),
  '0xc00000dd': undecided('domain in the wrong state'),
  '0xc00000de': undecided('domain controller in the wrong role'),
  '0xc00000df': undecided('no such domain'),
  '0xc00000e5': undecided('an internal error of Windows'),
  '0xc00000fe': undecided('no such authentication package'),
  '0xc000010b': undecided('invalid logon type'),
  '0xc0000133': undecided('clocks differ too much'),
  '0xc0000155': undecided('logon type not granted', true),
  '0xc000015b': right('logon type not granted (the password was right)'),
  '0xc000018a': undecided('the machine has no secret for its domain'),
  '0xc000018b': undecided('the domain has no account for the machine'),
  '0xc000018c': undecided('domain trust failed'),
  '0xc000018d': undecided('trust of the machine in its domain failed'),
  '0xc0000190': undecided('trust failed'),
  '0xc0000192': undecided('Netlogon not started'),
  '0xc0000193': right('account expired (the password was right)'),
  '0xc0000198': undecided('account of a domain trust: not for logons', true),
  '0xc0000199': right("a computer's account: not for logons (the password was right)"),
  '0xc000019a': undecided("a domain controller's account: not for logons", true),
  '0xc000019b': undecided('domain trust inconsistent'),
  '0xc0000224': right('must change the password (it was right)'),
  '0xc0000225': undecided('Windows error, not a wrong password'),
  '0xc0000233': undecided('no domain controller found'),
  '0xc0000234': undecided('account locked out', true),
  '0xc00002ee': undecided('an error during logon'),
  '0xc0000320': undecided('an error of Kerberos in a smart card logon'),
  '0xc0000321': undecided('the smart card could not be read'),
  '0xc0000380': wrong('wrong smart card PIN', true),
  '0xc0000381': undecided('smart card blocked', true),
  '0xc0000382': undecided('smart card without its PIN', true),
  '0xc0000383': undecided('no smart card'),
  '0xc0000384': undecided('smart card without a key'),
  '0xc0000385': undecided('smart card without a certificate'),
  '0xc0000386': undecided('smart card without its keys'),
  '0xc0000387': undecided('the smart card could not be read'),
  '0xc0000388': undecided('protocol downgrade refused'),
  '0xc0000389': undecided('certificate of the smart card revoked'),
  '0xc000038a': undecided('certificate of the smart card from an untrusted authority'),
  '0xc000038b': undecided('revocation of the certificate could not be checked'),
  '0xc000038c': undecided('certificate of the smart card not trusted'),
  '0xc000038d': undecided('certificate of the smart card expired'),
  '0xc0000413': undecided('authentication firewall', true),
  '0xc0000418': undecided('NTLM blocked'),
  '0x80090302': undecided('authentication package not supported'),
  '0x80090308': undecided('invalid authentication token'),
  '0x8009030e': undecided('no credentials given'),
  '0x0': undecided('no reason given'),
  'kerberos:0x6': wrong('no such account', false),
  'kerberos:0x7': undecided('no such service'),
  'kerberos:0x9': undecided('the account has no key', true),
  'kerberos:0xc': undecided('refused by policy: hours or workstation', true),
  'kerberos:0xe': undecided('encryption type not supported'),
  'kerberos:0x10': undecided('smart card logon not possible'),
  'kerberos:0x12': undecided('account disabled, expired or locked out', true),
  'kerberos:0x17': undecided('password expired (it may have been right)', true),
  'kerberos:0x18': wrong('wrong password', true),
  'kerberos:0x25': undecided('clocks differ too much'),
  // FailureReason, where both codes are zero: messages of msobjs.dll, as Microsoft's description of 4625 lists them.
  '%%2304': undecided('an error during logon'),
  '%%2305': right('account expired (the password was right)'),
  '%%2306': undecided('Netlogon not started'),
  '%%2307': undecided('account locked out', true),
  '%%2308': right('logon type not granted (the password was right)'),
  '%%2309': right('password expired (it was right)'),
  '%%2310': right('account disabled (the password was right)'),
  '%%2311': right('outside the allowed hours (the password was right)'),
  '%%2312': right('not from this workstation (the password was right)'),
  '%%2313': wrong('wrong account or password', null),
  // Of events that have no code of their own.
  'rdp:refused': wrong('wrong account or password', null),
  'rdp:denied': right('may not use Remote Desktop (the password was right)'),
  'explicit-credentials': undecided('attempt with explicit credentials, whose outcome is not recorded'),
  // What sshd and PAM say in words; the codes are this program's own.
  'sshd:wrong-password': wrong('wrong password', true),
  'sshd:password-refused': undecided('password refused (for root it may not have been looked at)', true),
  'sshd:invalid-user': wrong('no such account', false),
  'sshd:not-allowed': undecided('account may not log on (its password was not looked at)', true),
  'sshd:account-refused': right('account refused (the password or key was right)'),
  'sshd:key-account-refused': right('account refused (the key was right)'),
  'sshd:partial': right('another factor was missing (the password was right)'),
  'sshd:partial-key': right('another factor was missing (the key was right)'),
  'sshd:root-refused': right('root may not log on (the credential was right)'),
  'sshd:key-refused': wrong('key refused', null),
  'sshd:key-elsewhere': undecided('a key of the account, from an address that it may not come from', true),
  'sshd:gave-up': undecided('left before the logon was complete'),
  'sshd:too-many': undecided('too many attempts in one connection'),
  'sshd:refused-connection': undecided('connection refused before a logon'),
  'pam:failure': wrong('authentication failure', null),
  // Defender's words for it (FailureReason), of which Microsoft documents none.
  'defender:invalidusernameorpassword': wrong('wrong account or password', null),
  'reported:': undecided('failed logon, whose reason is not in the export'),
  'defender:': undecided('failed logon, whose reason Defender did not record'),
  'btmp:failed': undecided('failed logon, whose reason btmp does not keep'),
  // Audit keeps who, from where and whether, and no reason; sshd calls an account that may not log on invalid too.
  'audit:failure': wrong('authentication failure', null),
  'audit:refused': undecided('password refused (for root it may not have been looked at)', true),
  'audit:invalid-user': undecided('no such account, or one that may not log on'),
  'audit:login-failed': undecided('failed logon, whose reason audit does not keep'),
  'audit:account-refused': right('account refused (the password or key was right)'),
  'pam:factor-refused': right('another factor was refused (the password or key was right)'),
  'pam:code-refused': undecided('verification code refused (of the password it says nothing)', true),
  'pam:locked-out': undecided('account locked out', true),
};

const unnamed: FailureMeaning = undecided('unknown code');

/**
 * One form for the several that Windows, Log Analytics and readers of .evtx files print: "0xC000006A", "c000006a",
 * "0x00000000", "-1073741718" (signed decimal) become "0xc000006a", "0x0". Text that is no number stays, lower case;
 * nothing and `-` become "".
 */
export function normalCode(code: string): string {
  const text = code.trim().toLowerCase();
  if (text === '' || text === '-') return '';
  const hex = /^(?:0x([0-9a-f]{1,8})|([0-9a-f]{8}))$/.exec(text);
  if (hex) return `0x${Number.parseInt(hex[1] ?? hex[2] ?? '0', 16).toString(16)}`;
  const kerberos = /^kerberos:0x([0-9a-f]{1,8})$/.exec(text);
  if (kerberos) return `kerberos:0x${Number.parseInt(kerberos[1] ?? '0', 16).toString(16)}`;
  if (/^-?\d{1,10}$/.test(text)) return `0x${(Number(text) >>> 0).toString(16)}`;
  return text.slice(0, 64);
}

/**
 * The code that gives the reason: SubStatus, or Status when SubStatus is zero or absent. A lockout, for example, is
 * written as Status 0xc0000234 with SubStatus 0x0.
 */
export function failureCode(status: string, subStatus: string): string {
  const sub = normalCode(subStatus);
  if (sub !== '' && sub !== '0x0') return sub;
  const main = normalCode(status);
  return main === '' ? sub : main;
}

/** What a normalised code means. */
export function failureMeaning(code: string): FailureMeaning {
  return Object.hasOwn(meanings, code) ? (meanings[code] ?? unnamed) : unnamed;
}

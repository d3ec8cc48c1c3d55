/** What a failure code says. `accountExists` is null where it tells nothing about the account. */
export interface FailureMeaning {
  meaning: string;
  accountExists: boolean | null;
}

/**
 * NTSTATUS codes of event 4625, from Microsoft's description of the event and [MS-ERREF] 2.3.1. A refusal for
 * restrictions (hours, workstation, disabled, expired, locked, right not granted) is only given for an account that
 * is there; 0xc0000224 and 0xc0000071 only after the right password.
 */
const meanings: Record<string, FailureMeaning> = {
  '0xc000005e': { meaning: 'no logon server available', accountExists: null },
  '0xc0000064': { meaning: 'no such account', accountExists: false },
  '0xc000006a': { meaning: 'wrong password', accountExists: true },
  '0xc000006c': { meaning: 'password policy not met', accountExists: true },
  '0xc000006d': { meaning: 'wrong account or password', accountExists: null },
  '0xc000006e': { meaning: 'account restriction', accountExists: null },
  '0xc000006f': { meaning: 'outside the allowed hours', accountExists: true },
  '0xc0000070': { meaning: 'not from this workstation', accountExists: true },
  '0xc0000071': { meaning: 'password expired (it may have been right)', accountExists: true },
  '0xc0000072': { meaning: 'account disabled', accountExists: true },
  '0xc00000dc': { meaning: 'server in the wrong state', accountExists: null },
  '0xc0000133': { meaning: 'clocks differ too much', accountExists: null },
  '0xc000015b': { meaning: 'logon type not granted (the password was right)', accountExists: true },
  '0xc000018c': { meaning: 'domain trust failed', accountExists: null },
  '0xc0000192': { meaning: 'Netlogon not started', accountExists: null },
  '0xc0000193': { meaning: 'account expired (the password may have been right)', accountExists: true },
  '0xc0000224': { meaning: 'must change the password (it was right)', accountExists: true },
  '0xc0000225': { meaning: 'Windows error, not a wrong password', accountExists: null },
  '0xc0000234': { meaning: 'account locked out', accountExists: true },
  '0xc00002ee': { meaning: 'an error during logon', accountExists: null },
  '0xc0000380': { meaning: 'wrong smart card PIN', accountExists: true },
  '0xc0000388': { meaning: 'protocol downgrade refused', accountExists: null },
  '0xc0000413': { meaning: 'authentication firewall', accountExists: true },
  '0x80090302': { meaning: 'authentication package not supported', accountExists: null },
  '0x80090308': { meaning: 'invalid authentication token', accountExists: null },
  '0x8009030e': { meaning: 'no credentials given', accountExists: null },
  '0x0': { meaning: 'no reason given', accountExists: null },
  // What sshd and PAM say in words; the codes are this program's own.
  'sshd:wrong-password': { meaning: 'wrong password', accountExists: true },
  'sshd:invalid-user': { meaning: 'no such account', accountExists: false },
  'sshd:key-refused': { meaning: 'key refused', accountExists: null },
  'sshd:gave-up': { meaning: 'left before the logon was complete', accountExists: null },
  'sshd:too-many': { meaning: 'too many attempts in one connection', accountExists: null },
  'pam:failure': { meaning: 'authentication failure', accountExists: null },
};

const unnamed: FailureMeaning = { meaning: 'unknown code', accountExists: null };

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

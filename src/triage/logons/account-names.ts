/** An account as it is compared and as it is shown. An empty `key` means that no account was named. */
export interface AccountName {
  key: string;
  display: string;
}

const nobody: AccountName = { key: '', display: '-' };
/** Longer than any name that Windows or Linux accepts; a UPN has at most 1,024 characters. */
const longest = 1024;

/**
 * One account under the names that people and attackers type for it: `.\admin`, `HOST\admin`, `DOMAIN\admin`,
 * `admin@domain`, with trailing blanks or in another case, all have the key "admin". The display form keeps what was
 * typed. Nothing, blanks and `-` name no account.
 */
export function accountName(typed: string): AccountName {
  const display = typed.slice(0, longest).trim();
  if (display === '' || display === '-') return nobody;
  const bare = display.slice(display.lastIndexOf('\\') + 1);
  const at = bare.indexOf('@');
  const key = (at > 0 ? bare.slice(0, at) : bare).trim().toLowerCase();
  return key === '' || key === '-' ? { key: display.toLowerCase(), display } : { key, display };
}

/** Is it the session that carries no credential at all? Windows logs it as a success, and it proves no password. */
export function isAnonymous(key: string): boolean {
  return key === 'anonymous logon' || key === 'anonymous';
}

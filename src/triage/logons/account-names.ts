import { withUnseen } from '../../text/printable.ts';

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
 * typed, with letters that cannot be seen by their number: Windows and Linux compare them like others, so that a name that has one is another account. Nothing, blanks and `-` name no account.
 */
export function accountName(typed: string): AccountName {
  const display = typed.slice(0, longest).trim();
  if (display === '' || display === '-') return nobody;
  const bare = display.slice(display.lastIndexOf('\\') + 1);
  const at = bare.indexOf('@');
  const key = (at > 0 ? bare.slice(0, at) : bare).trim().toLowerCase();
  return key === '' || key === '-'
    ? { key: display.toLowerCase(), display: withUnseen(display) }
    : { key, display: withUnseen(display) };
}

/**
 * The domain that a name was typed with, as it is compared, or "" where none was: `DOMAIN\\admin`, `admin@domain.example`.
 * A NetBIOS name and the DNS name that begins with it are one domain; `.` is the computer itself.
 */
export function domainIn(typed: string): string {
  const display = typed.slice(0, longest).trim();
  const end = display.lastIndexOf('\\');
  if (end >= 0) return domainName(display.slice(0, end));
  const at = display.indexOf('@');
  return at > 0 ? domainName(display.slice(at + 1)) : '';
}

/** A domain as it is compared; nothing and `-` are none. */
export function domainName(text: string): string {
  const name = text.slice(0, longest).trim().toLowerCase();
  if (name === '' || name === '-') return '';
  // NetBIOS names end after 15 letters. An address is no name with labels.
  return /^[\d.]+$/.test(name) ? name : (name.split('.')[0] ?? name).slice(0, 15);
}

/** Is it the session that carries no credential at all? Windows logs it as a success, and it proves no password. */
export function isAnonymous(key: string): boolean {
  return key === 'anonymous logon' || key === 'anonymous';
}

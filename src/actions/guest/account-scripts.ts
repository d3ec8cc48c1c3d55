/**
 * Disables or enables a local account. The name is the intruder's to choose: it is never in the script's text. On Windows
 * parameters become a command line, so that the name comes as hexadecimal digits behind an x; on Linux they are the
 * environment, and the script takes no other characters than a name may have (learn.microsoft.com/azure/virtual-machines/
 * linux/run-command-managed, "Parameter and ProtectedParameter parameters", read 2026-11-30).
 */
export const accountScripts = {
  windows: `param([string]$Verb, [string]$Account)
$ErrorActionPreference = 'Stop'
if ($Account -notmatch '^x([0-9a-f][0-9a-f])+$') { [Console]::Error.Write('cordon: not a name'); exit 2 }
$hex = $Account.Substring(1)
$bytes = for ($i = 0; $i -lt $hex.Length; $i += 2) { [Convert]::ToByte($hex.Substring($i, 2), 16) }
$name = [Text.Encoding]::UTF8.GetString([byte[]]$bytes)
try {
  $user = Get-LocalUser | Where-Object { $_.Name -eq $name }
  if (-not $user) { [Console]::Error.Write('cordon: no such local account'); exit 3 }
  $was = if ($user.Enabled) { 'enabled' } else { 'disabled' }
  if ($Verb -eq 'disable') { Disable-LocalUser -SID $user.SID }
  if ($Verb -eq 'enable') { Enable-LocalUser -SID $user.SID }
  $now = if ((Get-LocalUser -SID $user.SID).Enabled) { 'enabled' } else { 'disabled' }
  [Console]::Out.Write("was=$was now=$now")
} catch { [Console]::Error.Write("cordon: $($_.FullyQualifiedErrorId)"); exit 4 }
`,
  linux: String.raw`#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
case "$Account" in
  '' | -* | *[!A-Za-z0-9._-]*) echo 'cordon: not a name' >&2; exit 2 ;;
esac
grep -q "^$(printf %s "$Account" | sed 's/\./\\./g'):" /etc/passwd || { echo 'cordon: no such local account' >&2; exit 3; }
state() {
  expires=$(grep "^$(printf %s "$Account" | sed 's/\./\\./g'):" /etc/shadow | cut -d: -f8)
  if [ -n "$expires" ] && [ "$expires" -le "$(( $(date +%s) / 86400 ))" ]; then echo disabled; else echo enabled; fi
}
was=$(state)
if [ "$Verb" = disable ]; then usermod -e 1 "$Account" || exit 4; fi
if [ "$Verb" = enable ]; then usermod -e '' "$Account" || exit 4; fi
printf 'was=%s now=%s' "$was" "$(state)"
`,
} as const;

/**
 * Why an account's name is not taken; "" when it is. Windows forbids these characters in the names of local accounts
 * (learn.microsoft.com/windows-server/administration/windows-commands/net-user; SAM account names have 20 characters at most);
 * of Linux, the names that useradd makes are taken.
 */
export function whyNotAnAccount(name: string, os: 'windows' | 'linux'): string {
  if (os === 'linux') {
    return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,31}$/.test(name)
      ? ''
      : 'a Linux account has 1 to 32 letters, digits, dots, underscores and hyphens';
  }
  const forbidden = /["/\\[\]:;|=,+*?<>@\p{C}]/u.test(name) || /^[\s.]*$/.test(name);
  return !forbidden && name.length <= 20
    ? ''
    : 'a local Windows account has 1 to 20 characters, none of "/\\[]:;|=,+*?<>@; give the name without its domain';
}

/** The parameters of a run: never the text of the script. */
export function accountParameters(
  verb: 'disable' | 'enable',
  account: string,
  os: 'windows' | 'linux',
): Record<string, string> {
  return { Verb: verb, Account: os === 'linux' ? account : `x${Buffer.from(account).toString('hex')}` };
}

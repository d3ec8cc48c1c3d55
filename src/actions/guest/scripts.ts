/** One run of a script in the guest, by its system. Scripts read only, unless their name says otherwise. */
export interface GuestScript {
  /** "processes" */
  part: string;
  windows: string;
  linux: string;
}

/**
 * The instance view keeps the last 4 KB of a script's output (learn.microsoft.com/azure/virtual-machines/linux/
 * run-command-managed, read 2026-11-30). So each part is a run of its own, and its last line says the SHA-256 and the size of
 * all that it printed: what was cut at the front is known to be.
 */
const windowsEnd = `
$text = ($lines | Out-String -Width 300) -replace "\`r", ''
$bytes = [Text.Encoding]::UTF8.GetBytes($text)
$hash = ([BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($bytes)) -replace '-', '').ToLower()
[Console]::Out.Write($text)
[Console]::Out.Write("cordon-end sha256=$hash bytes=$($bytes.Length)")
`;

const linuxEnd = `
text=$(collect 2>&1; printf x); text=\${text%x}
hash=$(printf %s "$text" | sha256sum | cut -d' ' -f1)
size=$(printf %s "$text" | wc -c | tr -d ' ')
printf '%scordon-end sha256=%s bytes=%s' "$text" "$hash" "$size"
`;

const windows = (body: string): string =>
  `$ErrorActionPreference = 'SilentlyContinue'\n[Console]::OutputEncoding = [Text.Encoding]::UTF8\n${body.trim()}\n${windowsEnd.trim()}\n`;
const linux = (body: string): string =>
  `#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nexport PATH LC_ALL=C\ncollect() {\n${body.trim()}\n}\n${linuxEnd.trim()}\n`;

/** What vanishes first, in the order in which it does: RFC 3227, section 2.1. The newest comes last: it is kept. */
export const volatileScripts: readonly GuestScript[] = [
  {
    part: 'connections',
    windows: windows(
      "$lines = Get-NetTCPConnection | Sort-Object CreationTime | ForEach-Object { '{0} {1}:{2} {3}:{4} pid={5} {6:o}' -f $_.State, $_.LocalAddress, $_.LocalPort, $_.RemoteAddress, $_.RemotePort, $_.OwningProcess, $_.CreationTime }",
    ),
    linux: linux('ss -Htunap 2>/dev/null || netstat -tunap 2>/dev/null || cat /proc/net/tcp /proc/net/tcp6'),
  },
  {
    part: 'processes',
    windows: windows(
      "$lines = Get-CimInstance Win32_Process | Sort-Object CreationDate | ForEach-Object { 'pid={0} ppid={1} {2:o} {3} {4}' -f $_.ProcessId, $_.ParentProcessId, $_.CreationDate, $_.ExecutablePath, $_.CommandLine }",
    ),
    linux: linux('ps -eo lstart=,pid=,ppid=,user=,args= --sort=start_time'),
  },
  {
    part: 'sessions',
    windows: windows(
      "$lines = @(quser.exe 2>&1) + @(Get-CimInstance Win32_LogonSession | Sort-Object StartTime | ForEach-Object { 'type={0} {1:o} {2} id={3}' -f $_.LogonType, $_.StartTime, $_.AuthenticationPackage, $_.LogonId })",
    ),
    linux: linux('last -Fw 2>/dev/null | head -n 30\nwho -a'),
  },
  {
    part: 'autoruns',
    windows: windows(
      "$lines = @(Get-CimInstance Win32_StartupCommand | ForEach-Object { 'run {0} {1} {2}' -f $_.Location, $_.Name, $_.Command }) + @(Get-CimInstance Win32_Service | Where-Object { $_.StartMode -eq 'Auto' -and $_.PathName -notmatch '\\\\Windows\\\\' } | ForEach-Object { 'service {0} {1}' -f $_.Name, $_.PathName }) + @(Get-ScheduledTask | Where-Object { $_.TaskPath -notlike '\\Microsoft\\*' } | ForEach-Object { 'task {0}{1} {2}' -f $_.TaskPath, $_.TaskName, (($_.Actions | ForEach-Object { $_.Execute + ' ' + $_.Arguments }) -join '; ') })",
    ),
    linux: linux(
      [
        'for f in /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/*; do [ -f "$f" ] && grep -Hv "^ *\\(#\\|$\\)" "$f"; done',
        'systemctl list-unit-files --state=enabled --no-legend --no-pager 2>/dev/null',
        'for f in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do [ -f "$f" ] && ls -l --time-style=full-iso "$f" && cut -c1-120 "$f"; done',
        'find /etc/systemd/system /etc/cron.d /etc/init.d /etc/ld.so.preload -newermt "30 days ago" -type f -printf "%TY-%Tm-%TdT%TTZ %p\\n" 2>/dev/null | sort',
      ].join('\n'),
    ),
  },
];

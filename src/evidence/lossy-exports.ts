interface LossyExport {
  begins: RegExp;
  because: string;
}

const viewer = 'it is CSV of Event Viewer, without computer, record number and time zone: save the log as .evtx or XML';

/**
 * By how they begin: what programs write that leaves out what makes it evidence, and what to make in its place. Of Run Command the
 * answer keeps the last 4,096 bytes alone (learn.microsoft.com/azure/virtual-machines/windows/run-command, as of 2026-11); last(1),
 * utmpdump(1) of util-linux 2.40, journalctl(1) of systemd 256.
 */
const exports: readonly LossyExport[] = [
  {
    begins: /^Event\[\d+\]:?\s*\r?\n\s*Log Name:/,
    because: 'it is the text of wevtutil, without the names of its fields: export XML (wevtutil qe LOG /f:xml)',
  },
  {
    begins: /^"?(?:Keywords|Level)"?[,\t]"?Date and Time"?[,\t]"?Source"?[,\t]"?Event ID"?[,\t]/,
    because: viewer,
  },
  {
    // Export-Csv writes the name of an object's type in its place.
    begins:
      /^(?:#TYPE [^\r\n]*\r?\n)?"[^"\r\n]{1,80}"[,;\t][^\r\n]{1,4000}\r?\n[^\r\n]{0,8000}"Microsoft\.(?:Graph\.(?:Beta\.)?PowerShell\.Models|Azure\.Commands\.\w+\.OutputClasses|Azure\.PowerShell\.Cmdlets\.\w+\.Models)\.[\w.]+"/,
    because:
      'it is Export-Csv of objects, of which it has the types in place of the values: export with ConvertTo-Json -Depth 10',
  },
  {
    begins: /^\s*\{\s*"value"\s*:\s*\[\s*\{\s*"code"\s*:\s*"(?:ComponentStatus|ProvisioningState)\//,
    because:
      'it is the answer of a Run Command, which keeps the last 4 KB of what the script wrote: have it write a file, and name that',
  },
  {
    begins: /^[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \S{1,10} \[s=[0-9a-f]{32};/,
    because: 'it is a journal as -o verbose prints it: export it with -o export or -o json',
  },
];

/** By their lines; the same. */
const logs: readonly LossyExport[] = [
  {
    // In any language, and with tabs and no header where it was saved as text.
    begins:
      /^[^,;\t\d]{1,60}([,;\t])[^,;\t]*\d{1,2}:\d\d:\d\d[^,;\t]*\1Microsoft-Windows-[^,;\t]{1,80}\1\d{1,5}\1[^,;\t]*\1/,
    because: viewer,
  },
  {
    begins: /^[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?!UTC )[A-Z]{2,5} \S+ [^\s:[]+(?:\[\d+\])?: /,
    because:
      'its times are in a zone that it has the letters of alone: export it with -o short-iso or -o export, or with --utc',
  },
  {
    begins: /^\[ *\d{1,9}\.\d{6}\] \S+ [^\s:[]+\[\d+\]: /,
    because: 'it has times since the start of the computer alone: export it with -o short-iso or -o export',
  },
  {
    begins: /^(?:Failed|Accepted) \S+ for (?:invalid user )?\S* ?from \S+ port \d+/,
    because: 'it has the messages of sshd without their times: export the journal with -o short-iso or -o export',
  },
  {
    begins:
      /^\S*\s+(?:pts\/\d+|tty\S*|ssh:notty|system boot)\s+.*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d/,
    because: 'it is what last or lastb prints, with times of an unnamed zone: give wtmp or btmp itself',
  },
  {
    begins: /^\[\d\] \[\d{5,10}\] \[.{4}\] \[.*\] \[\d{4}-\d\d-\d\dT/,
    because: 'it is what utmpdump prints: give wtmp or btmp itself, or make it again (utmpdump -r FILE > wtmp)',
  },
  {
    begins: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} fail2ban\.\S+\s+\[\d+\]: /,
    because:
      'it has the addresses that fail2ban saw, in an unnamed zone, and no logon: give auth.log, secure or the journal',
  },
];

const linesTried = 5;

/** Why an export is not read that leaves out what makes it evidence; "" for any other. `lines`: the first that hold anything. */
export function lossyExport(text: string, lines: readonly string[]): string {
  const found =
    exports.find(({ begins }) => begins.test(text)) ??
    logs.find(({ begins }) => lines.slice(0, linesTried).some((line) => begins.test(line.slice(0, 1024))));
  return found?.because ?? '';
}

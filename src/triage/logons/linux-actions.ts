/** A line of syslog by the program that wrote it. */
interface ProgramLine {
  program: string;
  message: string;
}

const changed =
  /\b(?:new (?:user|group|users)|add(?:ed|ing)?|change[ds]?|changed user|lock|unlock|delete[ds]?|remove[ds]?|set by)\b/i;

/** Programs that change accounts, groups, passwords and shells, and report each change with one of these words. */
const changers = [
  'useradd',
  'usermod',
  'userdel',
  'groupadd',
  'groupmod',
  'groupdel',
  'groupmems',
  'gpasswd',
  'passwd',
  'chpasswd',
  'chage',
  'chsh',
  'chfn',
  'adduser',
  'newusers',
];

const asAnother = /^(?:\(to |Successful su |\+ )|\(su(?:-l)?:session\): session opened/;

const tests: ReadonlyMap<string, (message: string) => boolean> = new Map([
  ...changers.map((program) => [program, (text: string) => !/^failed /i.test(text) && changed.test(text)] as const),
  ...['sudo', 'sudo-rs', 'pkexec'].map((program) => [program, (text: string) => /\bCOMMAND\b/i.test(text)] as const),
  ...['su', 'su-l'].map((program) => [program, (text: string) => asAnother.test(text)] as const),
  ...['vipw', 'vigr'].map((program) => [program, (text: string) => /\b(?:edited|changed)\b/i.test(text)] as const),
  ['doas', (text) => /^\S+ ran command /.test(text)],
  // A table of /etc/cron.d or of a user that was written past crontab(1); a job of at(1) is named when it runs.
  ...['cron', 'crond'].map((program) => [program, (text: string) => /\) RELOAD \(/.test(text)] as const),
  ['atd', (text) => /^Starting job \d+ /.test(text)],
  ['crontab', (text) => /\b(?:REPLACE|DELETE)\b/i.test(text)],
]);

/**
 * Typical actions of an intruder on Linux, in the words of the log: accounts, groups, passwords, shells, cron tables, and
 * commands as another account; "" for any other line. In Log Analytics `linux-aftermath.kql` finds the same.
 */
export function linuxAction({ program, message }: ProgramLine): string {
  const test = tests.get(program.toLowerCase());
  if (!test) return '';
  const text = message.trim();
  return test(text) ? `${program}: ${text}` : '';
}

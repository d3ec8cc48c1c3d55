import type { Command } from '../src/session/commands.ts';
import type { Session } from '../src/session/session.ts';
import type { Mode, SessionState } from '../src/session/state.ts';

/** One thing a user can do: its keys, its words, where it applies, and what it asks of the session. */
export interface Binding {
  id: string;
  /** As they are written on screen: "Enter", "Tab", "Ctrl+C", "p". */
  keys: readonly string[];
  /** A word or two, for the footer. */
  name: string;
  /** A sentence, for help, palette and README. */
  description: string;
  modes: readonly Mode[];
  /** Leads to a change in Azure; it asks before. */
  danger: boolean;
  footer: boolean;
  /** Can be run from help and palette. */
  runnable: boolean;
  /** Why it cannot be done now; "" when it can. It stays in its place and says so. */
  disabled?(state: SessionState): string;
  /** Has it a place in the footer now? Always, when absent. */
  offered?(state: SessionState): boolean;
  commands(state: SessionState, session: Session): Command[];
}

type Usual = 'danger' | 'footer' | 'runnable';

/** A row of the action table: what it does not say is usual. */
export type Given = Omit<Binding, Usual> & Partial<Pick<Binding, Usual>>;

/** Most actions change nothing, are in the footer, and can be run from help and palette. */
export const bindingOfRow = (given: Given): Binding => ({ danger: false, footer: true, runnable: true, ...given });

/** The views of VMs and of what is known of them. */
export const aboutMachines: readonly Mode[] = [
  'suspects',
  'triage',
  'detail',
  'address',
  'findings',
  'time-line',
  'moment',
  'incident',
];
export const views: readonly Mode[] = [...aboutMachines, 'log-report', 'chooser', 'run', 'act', 'transcript', 'entry'];
/** Where text is typed. */
export const texts: readonly Mode[] = ['input', 'palette', 'prompt-text'];
export const everywhere: readonly Mode[] = [...views, 'help', ...texts, 'prompt-key', 'prompt-next'];

/** The commands of an action that always asks the same. */
export const one = (command: Command) => (): Command[] => [command];

/** The places where keys go, in words. */
export const modeNames: Record<Mode, string> = {
  suspects: 'suspects',
  triage: 'triage',
  detail: 'detail',
  address: 'address',
  findings: 'findings',
  'time-line': 'time line',
  moment: 'entry of the time line',
  entry: 'entry of the transcript',
  incident: 'incident',
  'log-report': 'event logs without a VM',
  chooser: 'playbooks',
  run: 'playbook in progress',
  act: 'playbook on several VMs',
  transcript: 'transcript',
  help: 'help',
  palette: 'command palette',
  input: 'text input',
  'prompt-key': 'prompt (y)',
  'prompt-text': 'prompt (text)',
  'prompt-next': 'after a no',
};

import type { Sort } from '../words/suspects-columns.ts';
import type { ContextChange } from './contexts.ts';
import type { Pane } from './state.ts';

/** What a view can ask of the session. */
export type Command =
  /** Moves the cursor; `of` bounds it in lists that the session does not hold. */
  | { type: 'move'; by: number; of?: number }
  | { type: 'edge'; to: 'first' | 'last'; of?: number }
  | { type: 'open' }
  | { type: 'back' }
  | { type: 'pane'; to: Pane | 'next' | 'previous' }
  | { type: 'zoom' }
  /** What the addresses behind the selected burst did elsewhere. */
  | { type: 'trace' }
  | { type: 'next-address'; by: 1 | -1 }
  /** Looks at another step of the playbook on screen. */
  | { type: 'next-step'; by: 1 | -1 }
  /** By the next column, the one before, or the other way round. */
  | { type: 'sort'; by?: 1 | -1; reverse?: boolean }
  /** By this column; by the same again: the other way round. */
  | { type: 'sort-by'; sort: Sort }
  /** Draws the whole screen again. */
  | { type: 'redraw' }
  /** Marks the VM under the cursor, or takes its mark away. */
  | { type: 'mark' }
  | { type: 'refresh' }
  | { type: 'filter' }
  | { type: 'note' }
  /** Asks for exported event logs to open; `close-logs` goes back to Log Analytics. */
  | { type: 'open-logs' }
  | { type: 'close-logs' }
  | { type: 'search' }
  | { type: 'transcript' }
  | { type: 'findings' }
  | { type: 'time-line' }
  /** What leads from the VM to others. */
  | { type: 'incident' }
  | { type: 'playbooks' }
  | { type: 'choose'; index: number }
  | { type: 'jobs' }
  | { type: 'help' }
  | { type: 'palette' }
  /** Offers subscriptions, tenants and cases to choose from. */
  | { type: 'contexts' }
  | { type: 'change-context'; to: ContextChange }
  /** Continues a case, in place of the one that is open for its VM. */
  | { type: 'open-case'; id: string }
  /** Lets the shell have the terminal until it gives it back. */
  | { type: 'suspend' }
  | { type: 'copy'; text: string; what: string }
  | { type: 'export' }
  /** Leaves out of the transcript what was only read and asked, or shows it again. */
  | { type: 'decided' }
  /** Asks for a time-stamping authority, and has it stamp the case. */
  | { type: 'stamp-case' }
  /** Asks for an incident, and plans a comment on it with the summary of the case. */
  | { type: 'post-case' }
  | { type: 'insert'; text: string }
  | { type: 'erase'; what: 'before' | 'under' | 'word' | 'to-start' | 'to-end' }
  | { type: 'cursor'; to: 'left' | 'right' | 'start' | 'end' | 'word-left' | 'word-right' }
  /** An earlier entry of an input like this one: older, or newer. */
  | { type: 'recall'; by: 1 | -1 }
  /** Completes the name of a file. */
  | { type: 'complete' }
  /** Writes the note in the user's own editor. */
  | { type: 'edit-note' }
  /** The thing after or before the one whose detail is on screen. */
  | { type: 'next-item'; by: 1 | -1 }
  | { type: 'open-vm'; id: string }
  /** Reads again by itself, or stops that. */
  | { type: 'auto-refresh' }
  | { type: 'submit' }
  | { type: 'yes' }
  | { type: 'no' }
  /** After a No at a step: leave it out, end the playbook, ask again, or let it wait. */
  | { type: 'skip' }
  | { type: 'end-run' }
  | { type: 'ask-again' }
  | { type: 'later' }
  /** Gives the keys to the prompt that waits on screen. */
  | { type: 'focus-prompt' }
  /** Continues the playbook on screen where it was ended. */
  | { type: 'resume' }
  | { type: 'undo' }
  /** Asks whether to undo the lock at the VM on screen, of this session or another. */
  | { type: 'undo-lock' }
  | { type: 'keep' }
  | { type: 'quit' }
  /** Leaves at once, whatever runs. */
  | { type: 'leave' }
  /** A line for the user; it is a refusal or a fault unless `tone` says otherwise. */
  | { type: 'tell'; text: string; tone?: 'plain' }
  /** What the user has to do to sign in; "" once that is over. */
  | { type: 'sign-in'; text: string }
  /** A key was pressed, whatever it does; "paste" for pasted text. */
  | { type: 'key'; name: string }
  /** A frame that shows this prompt (`promptFrameKey`) was written to the terminal. */
  | { type: 'prompt-shown'; key: string }
  | { type: 'resize'; columns: number; rows: number }
  | { type: 'tick' };

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** What each command does. A part of the session handles some; `createSession` joins them, so that none is forgotten. */
export type Handlers = { readonly [T in Command['type']]: (command: CommandOf<T>) => void };

/** Carries out a command. */
export function handle<T extends Command['type']>(handlers: Handlers, command: CommandOf<T>): void {
  const type: T = command.type;
  handlers[type](command);
}

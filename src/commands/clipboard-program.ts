import { spawn } from 'node:child_process';

type Environment = { TMUX?: string | undefined; SSH_CONNECTION?: string | undefined };

interface Program {
  command: string;
  args: string[];
  encoding: 'utf8' | 'utf16le';
}

/**
 * The program that reaches the clipboard where the terminal may not take OSC 52: the tmux around us, and on the computer
 * itself pbcopy of macOS (whose Terminal ignores the sequence) or clip.exe of Windows, which reads UTF-16. Null over SSH:
 * there the clipboard of this computer is not the user's.
 */
export function clipboardProgram(platform: NodeJS.Platform, environment: Environment): Program | null {
  if (environment.TMUX) return { command: 'tmux', args: ['load-buffer', '-w', '-'], encoding: 'utf8' };
  if (environment.SSH_CONNECTION) return null;
  if (platform === 'darwin') return { command: 'pbcopy', args: [], encoding: 'utf8' };
  return platform === 'win32' ? { command: 'clip.exe', args: [], encoding: 'utf16le' } : null;
}

/** Gives a text to that program. Failing is silent: the sequence was written too. */
export function toClipboardProgram(text: string): void {
  const program = clipboardProgram(process.platform, process.env);
  if (!program) return;
  const child = spawn(program.command, program.args, { stdio: ['pipe', 'ignore', 'ignore'] });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.stdin.end(text, program.encoding);
  child.unref();
}

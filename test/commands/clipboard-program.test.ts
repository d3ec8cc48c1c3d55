import { describe, expect, it } from 'vitest';
import { clipboardProgram } from '../../src/commands/clipboard-program.ts';

describe('the program beside the terminal’s own clipboard', () => {
  it('is tmux inside tmux, pbcopy on macOS, clip.exe with UTF-16 on Windows, and none on Linux', () => {
    expect(clipboardProgram('darwin', { TMUX: '/tmp/tmux-0/default,1,0' })?.command).toBe('tmux');
    expect(clipboardProgram('darwin', {})).toEqual({ command: 'pbcopy', args: [], encoding: 'utf8' });
    expect(clipboardProgram('win32', {})).toEqual({ command: 'clip.exe', args: [], encoding: 'utf16le' });
    expect(clipboardProgram('linux', {})).toBeNull();
  });

  it('is none over SSH, where the clipboard here is not the user’s', () => {
    expect(clipboardProgram('darwin', { SSH_CONNECTION: '198.51.100.20 50000 10.0.0.4 22' })).toBeNull();
  });
});

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Hands the terminal to `work`, and takes it back. */
export type LendTerminal = (work: () => Promise<void>) => Promise<void>;

/** The user's editor; the caller that draws on the terminal hands it over meanwhile. */
export interface Editor {
  lend: LendTerminal | null;
  edit(text: string): Promise<string | null>;
}

function run(command: string, file: string): Promise<void> {
  return new Promise((done, failed) => {
    // The variable may hold arguments ("code --wait"), as for git and others.
    const child =
      process.platform === 'win32'
        ? spawn(command, [file], { stdio: 'inherit', shell: true })
        : spawn('/bin/sh', ['-c', `${command} "$1"`, 'sh', file], { stdio: 'inherit' });
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`${command} ended with ${code}`))));
  });
}

/** An editor by $VISUAL or $EDITOR. The text lies in a file of its own meanwhile, which only the user can read. */
export function personsEditor(environment: { VISUAL?: string | undefined; EDITOR?: string | undefined }): Editor {
  const editor: Editor = {
    lend: null,
    async edit(text) {
      const command = environment.VISUAL || environment.EDITOR || 'vi';
      const { lend } = editor;
      if (!lend) throw new Error('there is no terminal to lend to it');
      const folder = await mkdtemp(join(tmpdir(), 'cordon-note-'));
      try {
        const file = join(folder, 'note.md');
        await writeFile(file, text, { mode: 0o600 });
        await lend(() => run(command, file));
        const written = await readFile(file, 'utf8');
        return written.trim() === text.trim() ? null : written;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
  return editor;
}

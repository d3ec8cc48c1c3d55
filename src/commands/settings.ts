import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { exitCode, Failure } from '../failure.ts';

/** What a user has set once for all sessions, in cordon.yaml. */
export interface Settings {
  theme: 'auto' | 'dark' | 'light' | 'high-contrast' | 'colour-blind';
  mouse: boolean;
  /** Seconds between readings that begin by themselves from the start; null: none does. */
  refresh: number | null;
  /** Heads of the columns of the suspects list, in their order; null: all. */
  columns: string[] | null;
  /** Keys by the name of the action in docs/keys.md. */
  keys: Record<string, string[]>;
  /** The local time is beside UTC. */
  localTime: boolean;
  /** Appended lines instead of a screen, for screen readers. */
  screenReader: boolean;
}

export const usualSettings: Settings = {
  theme: 'auto',
  mouse: true,
  refresh: null,
  columns: null,
  keys: {},
  localTime: false,
  screenReader: false,
};

/** Where cordon.yaml is looked for: `CORDON_CONFIG`, or the folder of the user's configuration. */
export function settingsFile(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.CORDON_CONFIG) return environment.CORDON_CONFIG;
  const folder =
    process.platform === 'win32'
      ? join(environment.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'cordon', 'Config')
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Preferences', 'cordon')
        : join(environment.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'cordon');
  return join(folder, 'cordon.yaml');
}

/** The settings of the file, the usual ones where it says nothing or is not there. Throws a Failure that names the place. */
export async function readSettings(file = settingsFile()): Promise<Settings> {
  // The YAML parser is loaded only where there is a file: the first frame waits for this.
  if (!existsSync(file)) return usualSettings;
  const { parseSettings } = await import('./settings-file.ts');
  const { settings, problems } = await parseSettings(file);
  if (problems.length > 0) throw new Failure(`${file}: ${problems.join('; ')}`, exitCode.usage);
  return settings;
}

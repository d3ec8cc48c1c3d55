import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitCode, Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';

/** What finding a browser depends on, so that a test can play another system. */
export interface BrowserSurroundings {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  exists(path: string): boolean;
}

const here: BrowserSurroundings = { platform: process.platform, env: process.env, exists: existsSync };

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

/** The Chromium, Chrome or Edge that is installed, or null; `CORDON_CHROMIUM` names another one. */
export function findChromium({ platform, env, exists }: BrowserSurroundings = here): string | null {
  const chosen = env.CORDON_CHROMIUM;
  if (chosen) return exists(chosen) ? chosen : null;
  return candidates(platform, env).find((path) => exists(path)) ?? null;
}

function candidates(platform: NodeJS.Platform, env: BrowserSurroundings['env']): string[] {
  if (platform === 'win32') {
    const roots = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter((root) => root !== undefined);
    const programs = ['Microsoft\\Edge\\Application\\msedge.exe', 'Google\\Chrome\\Application\\chrome.exe'];
    return programs.flatMap((program) => roots.map((root) => `${root}\\${program}`));
  }
  if (platform === 'darwin') {
    const programs = ['Google Chrome', 'Microsoft Edge', 'Chromium'];
    return programs.map((program) => `/Applications/${program}.app/Contents/MacOS/${program}`);
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

const longestSeconds = 120;

/**
 * Prints one HTML page, which loads nothing, as PDF by a headless browser with a profile of its own. Throws a Failure
 * that says what is missing, or what the browser said.
 */
export async function printPdf(html: string, browser: string | null = findChromium()): Promise<Uint8Array> {
  if (browser === null) {
    throw new Failure(
      'no Chromium, Chrome or Edge was found to print the PDF: set CORDON_CHROMIUM to one, or export --format html and print that',
      exitCode.usage,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'cordon-pdf-'));
  try {
    const page = join(folder, 'notes.html');
    const printed = join(folder, 'notes.pdf');
    await writeFile(page, html, { mode: 0o600 });
    await run(browser, [
      '--headless',
      '--disable-gpu',
      '--disable-extensions',
      '--no-first-run',
      '--no-pdf-header-footer',
      // Chromium refuses to run as root with its sandbox; the page is our own and its policy lets nothing load or run.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${join(folder, 'profile')}`,
      `--print-to-pdf=${printed}`,
      pathToFileURL(page).href,
    ]);
    return await readFile(printed);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const because = error instanceof Error ? error.message : String(error);
    throw new Failure(`${browser} did not print the PDF: ${printable(because, 500)}`, exitCode.usage, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function run(browser: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(browser, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: longestSeconds * 1000 });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(new Error(code === null ? `no answer within ${longestSeconds} s` : said.trim() || `exit code ${code}`));
    });
  });
}

import { Writable } from 'node:stream';
import { theirTurn } from '../azure/client/in-turns.ts';
import type { TriageOptions } from '../azure/readers/asked.ts';
import { exitCode, Failure } from '../failure.ts';
import type { Session } from '../session/session.ts';
import type { SimulatorThread } from '../simulator/host.ts';
import { skeleton } from '../skeleton.ts';
import type { ExploitedCatalog } from '../triage/known-exploited.ts';
import { burstOptions } from './burst-options.ts';
import { toClipboardProgram } from './clipboard-program.ts';
import { personsEditor } from './editor.ts';
import { stopped } from './job-control.ts';
import { type AzurePorts, latePorts, type Place } from './late-ports.ts';
import { allowedAddress } from './lock-options.ts';
import type { Opened, Streams, WorkbenchFlags } from './options.ts';
import { debugFile, guardScreen } from './screen-guard.ts';
import { readSettings, type Settings, settingsFile } from './settings.ts';

/** Options of the readings. Files are read, and what reads them is loaded, only where they are given. */
async function readingOptions(flags: WorkbenchFlags): Promise<TriageOptions & { exploited?: ExploitedCatalog }> {
  const exploited = flags.kev ? await (await import('./kev-file.ts')).exploitedOption(flags) : {};
  const tags = flags.serviceTags
    ? await (await import('./service-tags-file.ts')).serviceTagsOption(flags, new Date())
    : {};
  return { ...burstOptions(flags), ...exploited, ...tags };
}

/** Is the screen heard, not seen? By the option, by the settings, or by the variable that Ink itself heeds. */
const hears = (flags: WorkbenchFlags, settings: Settings): boolean =>
  flags.screenReader === true || settings.screenReader || process.env.INK_SCREEN_READER === 'true';

/** What the session takes of the settings. */
function sessionSettings({ refresh, columns, localTime }: Settings) {
  return {
    localTime,
    ...(columns === null ? {} : { columns }),
    ...(refresh === null ? {} : { refreshSeconds: refresh, autoRefresh: true }),
  };
}

/** Opens the VM of that name or id once it is listed; says so where the list has none, or several. */
function opensWhenListed(session: Session, wanted: string): void {
  const key = wanted.toLowerCase().replace(/\/$/, '');
  const stop = session.subscribe(() => {
    const { scan } = session.state();
    const found = scan.rows.filter(({ id, name }) => id.toLowerCase() === key || name.toLowerCase() === key);
    const [row] = found;
    if (scan.state !== 'done' && scan.state !== 'failed' && !row) return;
    stop();
    const told = row ? `${wanted} names ${found.length} VMs: choose one.` : `There is no VM ${wanted} in the list.`;
    queueMicrotask(() =>
      session.dispatch(row && found.length === 1 ? { type: 'open-vm', id: row.id } : { type: 'tell', text: told }),
    );
  });
}

/** The latency of the simulator where none is asked for: as Azure's. */
const usualLatency = 'realistic';

/**
 * Starts the simulator of the demo while the first frame is still being made: it takes as long on another core. Undefined
 * where there is none, or where files have to be read for it first.
 */
function earlySimulator(flags: WorkbenchFlags): Promise<SimulatorThread> | undefined {
  if (!flags.demo || flags.world || flags.faults || flags.simulator) return undefined;
  const begun = import('../simulator/host.ts').then(({ startSimulatorThread }) =>
    startSimulatorThread({ latency: flags.latency ?? usualLatency }),
  );
  // An error is reported where the simulator is awaited.
  begun.catch(() => {});
  return begun;
}

/** Loads one piece after another, so that keys get their turn in between. */
async function loadInPieces(pieces: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const piece of pieces) {
    await theirTurn();
    await piece();
  }
}

/** What the list of VMs needs. */
const listPieces = [
  () => import('./options.ts'),
  () => import('../azure/scan.ts'),
  () => import('../azure/triage.ts'),
  () => import('./azure-reading.ts'),
];

/** What the cases and the playbooks need. */
const keptPieces = [
  () => import('../documents/triage.ts'),
  () => import('../playbook/playbook-file.ts'),
  () => import('./azure-ports.ts'),
];

/** A code, or an address, to sign in with must be read on the terminal before a screen is drawn over it. */
const signsInFirst = ({ auth }: WorkbenchFlags) => auth === 'device-code' || auth === 'browser';

/**
 * `cordon`: the workbench. Without a terminal it prints the triage report of the most suspicious VM. The first frame
 * waits for nothing: sign-in, the simulator, Azure's clients, cases and playbooks come after it. `program` is cordon's own
 * file, of which a process is started that undoes changes not kept by their deadline.
 */
export async function workbench(flags: WorkbenchFlags, streams: Streams, program?: string): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    if (flags.vm !== undefined) return (await import('./triage.ts')).triage(flags.vm, flags, streams);
    const { report } = await import('./report.ts');
    return report(flags, streams);
  }
  allowedAddress(flags);
  const simulator = earlySimulator(flags);
  const settings = await readSettings();
  const debug = flags.debug === undefined ? null : debugFile(flags.debug);
  const options = await readingOptions(flags);
  // The screen is the workbench's while it runs: other messages are printed when it is left.
  const asides: string[] = [];
  let showSignIn: ((text: string) => void) | undefined;
  const connect = async (): Promise<Opened> => {
    const { openConnection, toSignIn } = await import('./options.ts');
    return openConnection(
      { latency: usualLatency, ...flags },
      (sentence) => asides.push(sentence),
      (text) => (showSignIn ?? toSignIn)(text),
      simulator,
    );
  };
  const first = signsInFirst(flags) ? await connect() : null;
  // Ink's colours are decided when it is imported.
  if (process.env.NO_COLOR) process.env.FORCE_COLOR = '0';
  const { createSession, rebind, runWorkbench, terminalClipboard, wallStopwatch } = await import(
    './workbench-parts.ts'
  );
  const clashes = rebind(settings.keys);
  if (clashes.length > 0) throw new Failure(`${settingsFile()}: keys: ${clashes.join('; ')}`, exitCode.usage);
  let failed: { error: unknown } | null = null;
  let base: Opened | null = null;
  /** Without it there is no session: it ends, and its error is that of the command. */
  const needed = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      failed = { error };
      session.dispatch({ type: 'leave' });
      throw error;
    }
  };
  const portsOf = async (opened: Opened, given: WorkbenchFlags): Promise<AzurePorts> => {
    const { azureReading } = await import('./azure-reading.ts');
    return {
      ...azureReading(opened, options),
      kept: () =>
        needed(async () => {
          await loadInPieces(keptPieces);
          const { keptPorts } = await import('./azure-ports.ts');
          return keptPorts(given, opened.connection, program);
        }),
    };
  };
  const open = async ({ tenant, subscription }: Place) => {
    if (base) {
      const to = {
        ...(tenant ? { tenant } : {}),
        ...(subscription === undefined ? {} : { subscription: subscription === null ? [] : [subscription] }),
      };
      return portsOf(base.another(to), { ...flags, ...to });
    }
    // The frame goes out before anything else takes the processor.
    return needed(async () => {
      await loadInPieces(listPieces);
      base = await (first ?? connect());
      return portsOf(base, flags);
    });
  };
  const late = latePorts(open, {
    simulated: flags.demo === true || flags.world !== undefined || flags.simulator !== undefined,
    ...(options.exploited ? { exploited: options.exploited } : {}),
  });
  // Loaded when the first log is opened: most sessions open none.
  const logs = async () => {
    const { openedLogs } = await import('./opened-logs.ts');
    return openedLogs({ thresholds: burstOptions(flags).thresholds, now: late.now });
  };
  const editor = personsEditor(process.env);
  const session = createSession(
    {
      reader: late.reader,
      cases: late.cases,
      playbooks: late.playbooks,
      contexts: late.contexts,
      eventLogs: {
        open: async (...log) => (await logs()).open(...log),
        report: async (...log) => (await logs()).report(...log),
        complete: async (typed) => (await import('./path-completion.ts')).completedPath(typed, /\.evtx$/i),
      },
      clipboard: terminalClipboard((sequence) => process.stdout.write(sequence), process.env, toClipboardProgram),
      stopwatch: wallStopwatch,
      editor: (text) => editor.edit(text),
      suspend: () => void stopped(editor.lend),
      quit: () => {},
    },
    {
      readOnly: flags.readOnly === true,
      scope: 'signing in…',
      readScope: late.scope,
      halfDone: late.halfDone,
      ...sessionSettings(settings),
    },
  );
  if (flags.demo === true) {
    session.dispatch({
      type: 'tell',
      tone: 'plain',
      text: 'Try it: Enter opens web01 · p contains it · t case file · e notes · ? keys',
    });
  }
  if (flags.vm !== undefined) opensWhenListed(session, flags.vm);
  // A defect in one reading must not end the session, nor the case with it.
  const defect = (error: unknown) =>
    session.dispatch({ type: 'tell', text: `A defect in cordon: ${error instanceof Error ? error.message : error}` });
  process.on('unhandledRejection', defect);
  // A sign-in that Entra wants renewed, or with more than it had, is asked for on the screen.
  showSignIn = (text) => session.dispatch({ type: 'sign-in', text });
  const before = skeleton();
  before?.take();
  const guard = guardScreen(debug);
  const stderr = Object.assign(new Writable(), { write: guard.stderr.write });
  try {
    const { stdin, stdout } = process;
    const lend = (lent: typeof editor.lend) => {
      editor.lend = lent;
    };
    const { theme, mouse } = settings;
    const screenReader = hears(flags, settings);
    await runWorkbench({
      session,
      stdin,
      stdout,
      stderr,
      lend,
      theme,
      mouse,
      screenReader,
      entered: before !== undefined,
    });
  } finally {
    guard.end();
    process.off('unhandledRejection', defect);
    await late.close();
    for (const aside of asides) streams.stderr.write(`cordon: ${aside}\n`);
  }
  if (failed !== null) throw (failed as { error: unknown }).error;
  for (const problem of late.problems()) streams.stderr.write(`A playbook could not be used: ${problem}\n`);
  return exitCode.done;
}

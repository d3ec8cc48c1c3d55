import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { factEntry } from '../casefile/bodies.ts';
import { type CaseFile, type CaseStore, defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { known } from '../documents/fact.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';

/** Which case a command enters what it found into, and where that is kept. */
export interface CaseFlags {
  case: string;
  cases?: string;
}

const storeOf = ({ cases }: CaseFlags): CaseStore => openCaseStore(cases ?? defaultCaseRoot());

/** Refuses a case that is not there: that should not be found out after a gigabyte was read. */
export async function checkCase(flags: CaseFlags): Promise<void> {
  await storeOf(flags).read(flags.case);
}

/** Opens the case, lets `write` enter what there is under the name of who is logged in here, and closes it. */
export async function intoCase(
  flags: CaseFlags,
  write: (file: CaseFile, actor: string) => Promise<void>,
): Promise<void> {
  const file = await storeOf(flags).open(flags.case);
  const actor = userInfo().username;
  try {
    await write(file, actor);
  } finally {
    await file.close(actor);
  }
}

/** A file that was read, at the least with its size and digest. */
interface ReadFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** Enters files that were read, with their digests: `name` says what they are, "event logs". */
export async function enterFiles(
  file: CaseFile,
  actor: string,
  name: string,
  files: readonly ReadFile[],
  { asOf, notSeen }: { asOf: string; notSeen: readonly string[] },
): Promise<void> {
  const whole = files.map((one) => ({ ...one, path: resolve(one.path) }));
  const fact = known(whole, {
    source: `exported ${name}`,
    asOf,
    coverage: 'the whole files',
    notSeen: [...notSeen],
  });
  const told = whole
    .map(({ path, bytes, sha256 }) => `${path}, ${counted(bytes, 'byte')}, sha256 ${sha256}`)
    .join('; ');
  const evidence = await file.evidence.writeJson(name, fact);
  await file.transcript.append(
    'fact',
    actor,
    factEntry(name, printable(`${name} opened read-only: ${told}`, 2000), fact, evidence),
  );
}

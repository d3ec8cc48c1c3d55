import type { ColumnType } from '../kql/types.ts';

/**
 * The time of an event has two names in Defender's tables: what advanced hunting calls Timestamp, an export of Log Analytics
 * has as TimeGenerated ("date and time the event was recorded by the MDE agent on the endpoint"; Azure Monitor Logs
 * reference, DeviceImageLoadEvents, and advanced hunting's reference, both as of 2026-07-27).
 */
const twins: ReadonlyMap<string, string> = new Map([
  ['Timestamp', 'TimeGenerated'],
  ['TimeGenerated', 'Timestamp'],
]);

/** By documented column that a file with these columns lacks: its column that has the same values. */
export function standInsOf(
  names: ReadonlySet<string>,
  documented: Readonly<Record<string, ColumnType>>,
): ReadonlyMap<string, string> {
  const both = [...twins.keys()].every((name) => Object.hasOwn(documented, name));
  return new Map(both ? [...twins].filter(([name, twin]) => !names.has(name) && names.has(twin)) : []);
}

/** One remark for each column that a query needs and the file has under its other name. */
export const standInNotes = (
  file: string,
  standIns: ReadonlyMap<string, string>,
  asked: ReadonlySet<string>,
): string[] =>
  [...standIns]
    .filter(([name]) => asked.has(name))
    .map(([name, twin]) => `${file}: it has no ${name}: its ${twin} is the same time, and stands for it`);

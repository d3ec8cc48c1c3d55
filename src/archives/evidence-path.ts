/** Between an archive's path and the name of a member in it, as in Java's addresses of what a .jar holds. */
const mark = '!';

/** The path of a member: `case.zip!C/Windows/System32/winevt/Logs/Security.evtx`; again for an archive in an archive. */
export const memberPath = (archive: string, member: string): string => `${archive}${mark}${member}`;

/** The ways in which a path can be an archive and a member: names of files, and of members, may hold a `!` themselves. */
export function* memberSplits(path: string): Generator<{ archive: string; member: string }> {
  for (let at = path.indexOf(mark); at >= 0; at = path.indexOf(mark, at + 1))
    if (at > 0 && at + 1 < path.length) yield { archive: path.slice(0, at), member: path.slice(at + 1) };
}

/** The last part of a path, of a member of an archive too: `Security.evtx`. */
export const baseName = (path: string): string => path.split(/[\\/]|!(?=[^!]*$)/).at(-1) || path;

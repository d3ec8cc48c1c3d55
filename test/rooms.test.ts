import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** What each room may import besides itself, as ARCHITECTURE's table says: paths of folders or files without ending. */
function roomsOfTheTable(): [room: string, allowed: string[]][] {
  const rows = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').matchAll(
    /^\| `((?:src\/|views)[^`]*)` \|.*\| ([^|]+) \|$/gm,
  );
  return [...rows]
    .map(([, room = '', allowed = '']): [string, string[]] => [
      room,
      allowed
        .split(', ')
        .filter((name) => name !== '—')
        .map((name) => (name === 'views' ? name : `src/${name}`)),
    ])
    .filter(([, allowed]) => !allowed.includes('src/all'));
}
const rooms = roomsOfTheTable();

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

interface Import {
  target: string;
  /** `import type` disappears when the code is compiled. */
  typeOnly: boolean;
  dynamic: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(/^(?:import|export)\s(type\s)?[^;'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm)) {
    found.push({ target: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined, dynamic: false });
  }
  for (const match of text.matchAll(/\bimport\('([^']+)'\)/g)) {
    found.push({ target: match[1] ?? '', typeOnly: false, dynamic: true });
  }
  return found.map((one) =>
    one.target.startsWith('.') ? { ...one, target: relative(root, resolve(root, dirname(file), one.target)) } : one,
  );
}

const files = [...sources('src'), ...sources('views')];
const graph = new Map(files.map((file) => [file, importsOf(file)]));

describe('rooms', () => {
  it('reads the imports of the whole house', () => {
    const edges = [...graph.values()].flat().filter(({ target }) => /^(src|views)\//.test(target));
    expect(files.length).toBeGreaterThan(80);
    expect(edges.length).toBeGreaterThan(200);
    expect(edges.filter(({ target }) => !files.includes(target))).toEqual([]);
  });

  it('names every folder in the table of ARCHITECTURE.md', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `src/${name}`);
    const table = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    expect(folders.filter((folder) => !table.includes(`| \`${folder}\` |`))).toEqual([]);
    expect(rooms.length).toBeGreaterThan(10);
  });

  it.each(rooms)('%s imports only what it may', (room, allowed) => {
    const strangers = [...graph]
      .filter(([file]) => file === room || file.startsWith(`${room}/`))
      .flatMap(([file, imports]) =>
        imports
          .filter(({ target }) => /^(src|views)\//.test(target))
          .filter(
            ({ target }) =>
              ![room, ...allowed].some((may) => target.startsWith(`${may}/`) || target.startsWith(`${may}.`)),
          )
          .map(({ target }) => `${file} imports ${target}`),
      );
    expect(strangers).toEqual([]);
  });

  it('only azure and actions import the Azure SDK, and each client only when it is first used', () => {
    const uses = [...graph].flatMap(([file, imports]) =>
      imports.filter(({ target }) => target.startsWith('@azure/')).map((one) => ({ file, ...one })),
    );
    expect(uses.filter(({ file }) => !/^src\/(azure|actions)\//.test(file))).toEqual([]);
    const early = uses.filter(
      ({ typeOnly, dynamic, target }) => !typeOnly && !dynamic && target !== '@azure/core-rest-pipeline',
    );
    expect(early.map(({ file, target }) => `${file} loads ${target} at once`)).toEqual([]);
  });

  it('only views import Ink and React', () => {
    const uses = [...graph]
      .filter(([file]) => file.startsWith('src/'))
      .flatMap(([file, imports]) =>
        imports
          .filter(({ target }) => /^(ink|react|ink-table)(\/|$)/.test(target))
          .map(({ target }) => `${file} imports ${target}`),
      );
    expect(uses).toEqual([]);
  });

  it('has no circle of imports', () => {
    const state = new Map<string, 'open' | 'done'>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const { target, dynamic } of graph.get(file) ?? [])
        if (!dynamic && graph.has(target)) visit(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });
});

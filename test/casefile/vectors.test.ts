import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { verifyTranscript } from '../../src/casefile/verify.ts';

const folder = resolve(import.meta.dirname, '../../docs/case-format');
const vector = z.object({ file: z.string(), anchor: z.string().optional(), ok: z.boolean(), line: z.int() });
const vectors = z.array(vector).parse(JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8')));

describe('the published vectors of the case format', () => {
  it('are judged as they say by a program that knows the format alone', () => {
    const program = join(folder, 'verify.mjs');
    expect(readFileSync(program, 'utf8').match(/from '([^']+)'/g)).toEqual([
      "from 'node:crypto'",
      "from 'node:fs'",
      "from 'node:path'",
    ]);
    const said = execFileSync(process.execPath, [program, '--vectors', join(folder, 'vectors.json')], {
      encoding: 'utf8',
    });
    expect(said.match(/^✓/gm)).toHaveLength(vectors.length);
  });

  it.each(vectors)('are judged the same by cordon: $file $anchor', async ({ file, anchor, ok, line }) => {
    const scratch = await mkdtemp(join(tmpdir(), 'cordon-vector-'));
    try {
      await cp(join(folder, file), join(scratch, 'transcript.jsonl'));
      const [head, count] = anchor?.split(':') ?? [];
      const options = head === undefined ? {} : { head, entries: Number(count) };
      const said = await verifyTranscript(join(scratch, 'transcript.jsonl'), options);
      expect([said.ok, said.ok ? said.entries : said.line]).toEqual([ok, line]);
    } finally {
      await rm(scratch, { recursive: true });
    }
  });
});

import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaseFile } from '../../src/casefile/case-store.ts';
import { inHtml } from '../../src/casefile/export-html.ts';
import { inMarkdown } from '../../src/casefile/export-markdown.ts';
import { type ExportFormat, exportAndRecord, exportCase, exportFormats } from '../../src/casefile/write-export.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { emptyFolder, eventfulCase, newStore, tickingClock } from './sample-case.ts';

const how = (format: ExportFormat) => ({ format, now: tickingClock('2026-11-23T04:00:00.000Z') });

async function exported(file: CaseFile, format: ExportFormat): Promise<string> {
  return readFile((await exportCase(file, how(format))).file, 'utf8');
}

describe('an export', () => {
  it('is recorded with its hash, replaces nothing and leaves no other file', async () => {
    const file = await eventfulCase(await newStore());
    const before = { entries: file.transcript.count, head: file.transcript.head };
    const first = await exportAndRecord(file, 'anna@contoso.com', how('markdown'));
    const second = await exportAndRecord(file, 'anna@contoso.com', how('markdown'));
    expect(first).toMatchObject({ ...before, verification: { ok: true } });
    expect(await readdir(dirname(first.file))).toEqual([`${file.id}-2.md`, `${file.id}.md`]);
    const entries: Entry[] = [];
    for await (const entry of file.entries()) if (entry.kind === 'export') entries.push(entry);
    expect(entries.map(({ body }) => body.file)).toEqual([`exports/${file.id}.md`, `exports/${file.id}-2.md`]);
    for (const [index, one] of [first, second].entries()) {
      const sha256 = createHash('sha256')
        .update(await readFile(one.file))
        .digest('hex');
      expect(one.sha256).toBe(sha256);
      expect(entries[index]?.body).toMatchObject({ sha256, head: one.head, entries: one.entries });
    }
    await file.release();
  });

  it('goes where it is told, beside a file of that name', async () => {
    const file = await eventfulCase(await newStore());
    const target = join(await emptyFolder(), 'notes.html');
    await writeFile(target, 'mine');
    const one = await exportAndRecord(file, 'anna@contoso.com', { ...how('html'), target });
    expect(one.file).toBe(target.replace('.html', '-2.html'));
    expect(await readFile(target, 'utf8')).toBe('mine');
    await file.release();
  });

  it.each(exportFormats)('%s tells what was seen, decided and done', async (format) => {
    const file = await eventfulCase(await newStore());
    const text = (await exported(file, format)).replaceAll('\\', '');
    for (const part of [
      'anna@contoso.com',
      'exposure of web01: 3 ports, effective rules agree',
      'no table SecurityEvent in this workspace',
      'security admin rules of Virtual Network Manager: no permission',
      'customer confirms svc-backup should never log on interactively',
      '4f1c9a00-0000-4000-8000-00000000000c',
      '88ab0000-0000-4000-8000-00000000000e',
      'EventID == 4625',
      'evidence/0001-effective-nsg.json',
      'no port open to the Internet',
    ]) {
      expect(text).toContain(part);
    }
    await file.release();
  });

  it.each(['markdown', 'html'] as const)(
    '%s shows the plan as a diff, before and after, and the anchor',
    async (format) => {
      const file = await eventfulCase(await newStore());
      const text = await exported(file, format);
      expect(text).toContain('- networkSecurityGroup: web-nsg');
      expect(text).toContain('+ networkSecurityGroup: cordon-2026-11-23-web01');
      expect(text).toContain('Before and after');
      expect(text).toContain(
        `cordon case verify ${file.id} --head ${file.transcript.head} --entries ${file.transcript.count}`,
      );
      await file.release();
    },
  );

  it('says so when an outcome is not known, when it is a simulation and when the case does not verify', async () => {
    const store = await newStore();
    const file = await eventfulCase(store);
    await file.transcript.append('intent', 'anna', {
      id: 'i2',
      action: 'vm.stop',
      step: 's',
      request: {
        method: 'POST',
        url: 'https://x/providers/M.C/virtualMachines/web01/powerOff',
        apiVersion: '1',
        body: null,
      },
      clientRequestId: 'req-2',
    });
    expect(await exported(file, 'markdown')).toMatch(
      /Attention:\*\* Outcome not known: POST virtualMachines\/web01\/powerOff/,
    );
    await file.release();
    const text = await readFile(file.file, 'utf8');
    await writeFile(file.file, text.replace('typed":"web01', 'typed":"web02'));
    const reader = await store.read(file.id);
    const damaged = await exportCase(reader, how('html'));
    expect(damaged).toMatchObject({ entries: 7, verification: { ok: false, line: 8 } });
    const html = await readFile(damaged.file, 'utf8');
    expect(html).toContain('This case does not verify: line 8');
    expect(html).toContain('did NOT verify');
  });
});

const hostile = [
  '\u001b[2J\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
  'a | b | <script>alert(1)</script></td></tr></table>',
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-- ](javascript:alert(1)) ![x](https://evil.example/x.png)',
  '@here ```\n# heading\n```',
  '<!-- --> &lt;img src=x onerror=alert(1)&gt; https://evil.example www.evil.example',
  'user\u202egnp.exe\u200b\u0000',
  "' onmouseover='alert(1)",
  '1. list',
];

async function hostileCase(): Promise<CaseFile> {
  const file = await eventfulCase(await newStore());
  for (const text of hostile) {
    await file.transcript.append('note', text, { text });
    await file.transcript.append('query', 'cordon', {
      service: text,
      text: `${text}\n\`\`\`\`\n${text}`,
      rows: 1,
      sha256: text,
      durationSeconds: 1,
    });
    await file.transcript.append('fact', 'cordon', {
      name: text,
      state: 'known',
      summary: text,
      source: text,
      asOf: text,
      coverage: text,
      notSeen: [text],
    });
    await file.transcript.append('confirm', text, {
      playbook: text,
      step: text,
      level: 'none',
      typed: text,
      reason: text,
    });
  }
  return file;
}

describe('hostile text', () => {
  it('stays in its cell in Markdown', async () => {
    const file = await hostileCase();
    const markdown = await exported(file, 'markdown');
    await file.release();
    let columns: number | null = null;
    let fence = '';
    for (const line of markdown.split('\n')) {
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u200b]/);
      const ticks = /^(`{3,})(\w*)$/.exec(line);
      if (fence !== '') {
        if (ticks?.[1] !== undefined && ticks[1].length >= fence.length) fence = '';
        continue;
      }
      if (ticks?.[1] !== undefined) {
        fence = ticks[1];
        continue;
      }
      // The line with every escaped mark made a dot.
      const live = line.replace(/\\[!-/:-@[-`{-~]/g, '·');
      if (live.startsWith('|')) {
        const count = live.split('|').length;
        columns ??= count;
        expect(count).toBe(columns);
      } else columns = null;
      expect(live).not.toMatch(/[<[\]`]|:\/\/|www\.|&/);
      expect(live.replace(/^\| |^- |^> \*\*Attention:\*\* /, '')).not.toMatch(/^[=+@]|\*/);
      for (const cell of live.split('|')) expect(cell).not.toMatch(/^ [=+@]/);
    }
    expect(fence).toBe('');
  });

  it('stays text in HTML', async () => {
    const file = await hostileCase();
    const html = await exported(file, 'html');
    await file.release();
    const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map((match) => match[1]));
    expect([...tags].sort()).toEqual(
      'body h1 h2 h3 head html li link meta p pre span style table tbody td th thead title tr ul'
        .split(' ')
        .filter((tag) => tag !== 'link'),
    );
    for (const [, attributes] of html.matchAll(/<[a-z0-9]+((?:\s[^<>]*)?)>/gi)) {
      expect(attributes).not.toMatch(/\s(?:on\w+|src|href|srcdoc|action)\s*=/i);
    }
    expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u200b]/);
    expect(html).toContain("default-src 'none'");
  });

  it('is plain fields in Timesketch events', async () => {
    const file = await hostileCase();
    const lines = (await exported(file, 'timesketch')).trimEnd().split('\n');
    expect(lines).toHaveLength(file.transcript.count);
    await file.release();
    for (const line of lines) {
      const event: Record<string, unknown> = JSON.parse(line);
      expect(event).toMatchObject({
        message: expect.stringMatching(/^\[cordon\] \w+: /),
        datetime: expect.stringMatching(/^2026-11-23T\d\d:\d\d:\d\d\.\d{3}\+00:00$/),
        timestamp_desc: expect.any(String),
      });
      for (const value of Object.values(event)) expect(['string', 'number', 'boolean']).toContain(typeof value);
      expect(line).not.toMatch(/\\u001b|\u202e/);
    }
  });

  it('leaves nothing live, whatever it is', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('|', '\\', '`', '<', '&', '](', '://', 'www.', '=', '\n', '\u001b', 'a', '1.', ' '))
        .map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (some) => {
        expect(inHtml(some)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
        const live = inMarkdown(some).replace(/\\[!-/:-@[-`{-~]/g, '·');
        expect(live).not.toMatch(/[|`<>[\]&*_]|:\/\/|www\.|\n|\\/i);
        expect(inMarkdown(some)).not.toMatch(/^(?:[=+-]|\d+[.)](?:\s|$))/);
      }),
    );
  });
});

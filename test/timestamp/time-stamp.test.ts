import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caseVerify } from '../../src/commands/case.ts';
import { caseAnchor } from '../../src/commands/case-anchor.ts';
import { timeStampQuery, tsaUrl } from '../../src/timestamp/time-stamp-query.ts';
import { verifyTimeStamp } from '../../src/timestamp/time-stamp-token.ts';
import { eventfulCase, newStore } from '../casefile/sample-case.ts';
import { capture } from '../commands/capture.ts';
import { hasOpenssl, OwnAuthority } from './own-authority.ts';

const there = hasOpenssl();
if (!there) console.warn('SKIPPED: time stamps are judged by openssl ts, which is not here');

describe.skipIf(!there)('a time stamp of openssl’s', () => {
  let authority: OwnAuthority;
  let query: Uint8Array;
  let answer: Buffer;
  const text = `${'5b'.repeat(32)}:7`;
  const certificate = (name: string) => new Uint8Array(new X509Certificate(authority.read(`${name}.pem`)).raw);
  const verdict = (of: Uint8Array, trusted: Uint8Array[] = [], asked = query) =>
    verifyTimeStamp({ text, query: asked, answer: of }, trusted);

  beforeAll(async () => {
    authority = new OwnAuthority();
    query = await timeStampQuery(text);
    answer = authority.reply(query);
  });
  afterAll(() => authority?.remove());

  it('is taken by both, with the time and the name of the authority', async () => {
    expect(authority.verifies(query, answer)).toBe(true);
    const said = await verdict(answer);
    expect(said).toMatchObject({ ok: true, signer: 'tsa', trusted: null });
    expect(await verdict(answer, [certificate('ca')])).toMatchObject({ ok: true, trusted: true });
    const shown = authority.openssl(['ts', '-reply', '-in', 'reply.tsr', '-text']).toString();
    const time = Date.parse(/Time stamp: (.*)/.exec(shown)?.[1] ?? '');
    expect(said.ok && Date.parse(said.at)).toBe(time);
  });

  it('asks as openssl reads it: SHA-256 of the text, another nonce each time, the certificate', async () => {
    authority.write('text', text);
    authority.openssl(['ts', '-query', '-data', 'text', '-sha256', '-cert', '-out', 'own.tsq']);
    const shown = (file: string) => authority.openssl(['ts', '-query', '-in', file, '-text']).toString();
    authority.write('ours.tsq', query);
    const withoutNonce = (said: string) => said.replace(/Nonce: .*/, '');
    expect(withoutNonce(shown('ours.tsq'))).toBe(withoutNonce(shown('own.tsq')));
    expect(Buffer.from(await timeStampQuery(text)).equals(Buffer.from(query))).toBe(false);
  });

  it('is refused by both under another CA, for another text, and for another query', async () => {
    expect(authority.verifies(query, answer, 'other-ca.pem')).toBe(false);
    expect(await verdict(answer, [certificate('other-ca')])).toMatchObject({
      because: expect.stringContaining('does not lead'),
    });
    const other = await timeStampQuery(text);
    expect(authority.verifies(other, answer)).toBe(false);
    expect(await verdict(answer, [], other)).toMatchObject({ because: expect.stringContaining('nonce') });
    expect(await verifyTimeStamp({ text: `${text}1`, query, answer })).toMatchObject({
      because: 'is of something else than this head',
    });
  });

  it.each(['mail', 'loose'])(
    'is refused by both where the certificate is not for time stamping alone: %s',
    async (name) => {
      const again = authority.signedBy(name, answer);
      expect(authority.verifies(query, again)).toBe(false);
      expect(await verdict(again)).toMatchObject({ because: expect.stringContaining('not for time stamping alone') });
      const good = authority.signedBy('tsa', answer);
      expect(authority.verifies(query, good)).toBe(true);
      expect(await verdict(good, [certificate('ca')])).toMatchObject({ ok: true });
    },
  );

  it('is refused where it was refused by the authority, or is none', async () => {
    authority.write('bad.tsq', authority.openssl(['ts', '-query', '-digest', 'ab'.repeat(64), '-sha512']));
    const refused = authority.reply(authority.read('bad.tsq'));
    expect(await verdict(refused)).toMatchObject({
      because: expect.stringContaining('refused by the authority (status 2'),
    });
    for (const none of [Buffer.alloc(0), Buffer.from('<html>'), answer.subarray(0, 300), query]) {
      expect((await verdict(none)).ok).toBe(false);
    }
  });

  it('is refused with a changed byte wherever openssl refuses it', { timeout: 120_000 }, async () => {
    const ca = [certificate('ca')];
    let refused = 0;
    // The kind of string of the issuer's name beside the signature: not signed, and the token names its certificate by digest.
    const issuer = answer.lastIndexOf(Buffer.from([0x0c, 2, 0x63, 0x61]));
    for (let at = 0; at < answer.length; at += at < 56 ? 3 : 23) {
      const changed = Buffer.from(answer);
      changed[at] = (changed[at] ?? 0) ^ 0x11;
      if (at === issuer || authority.verifies(query, changed)) continue;
      refused += 1;
      expect((await verdict(changed, ca)).ok, `byte ${at}`).toBe(false);
    }
    expect(refused).toBeGreaterThan(30);
  });

  describe('beside a case', () => {
    const closedCase = async () => {
      const store = await newStore();
      const open = await eventfulCase(store);
      await open.close();
      return { root: store.root, id: open.id, directory: open.directory, file: open.file };
    };
    const verify = async (root: string, id: string, more: object = {}) => {
      const { out, err, streams } = capture();
      return { code: await caseVerify(id, { root, ...more }, streams), out: out(), err: err() };
    };

    it('is kept, noted, verified offline, and read by openssl; a spoiled one is not kept', async () => {
      const { root, id, directory } = await closedCase();
      const serving = await authority.serve();
      const { err, out, streams } = capture();
      const tsaCa = authority.path('ca.pem');
      expect(await caseAnchor(id, { tsa: serving.url, cases: root }, streams), err()).toBe(0);
      await serving.close();
      expect(err()).toMatch(/line 13 was there at .*Z, signs tsa; issuer not checked/);
      const kept = out().trim();
      const [asked, answered] = [await readFile(kept.replace(/r$/, 'q')), await readFile(kept)];
      expect(authority.verifies(asked, answered)).toBe(true);
      const plain = await verify(root, id);
      expect(plain).toMatchObject({
        code: 0,
        out: expect.stringMatching(/line 13 was there at .* by the time stamp of tsa; issuer not checked/),
      });
      expect(plain.err).toContain('Checked by itself only');
      const known = await verify(root, id, { tsaCa });
      expect(known.code).toBe(0);
      expect(known.out).toContain('its issuer is trusted');
      expect(known.err).not.toContain('Checked by itself only');
      expect(await verify(root, id, { tsaCa: authority.path('other-ca.pem') })).toMatchObject({ code: 6 });
      expect(JSON.parse((await verify(root, id, { json: true })).out).timestamps).toMatchObject([
        { entries: 13, because: '' },
      ]);

      const spoiled = await authority.serve((reply) => {
        reply[reply.length - 5] = (reply[reply.length - 5] ?? 0) ^ 1;
        return reply;
      });
      await expect(caseAnchor(id, { tsa: spoiled.url, cases: root }, capture().streams)).rejects.toThrow(
        /it is not kept/,
      );
      await spoiled.close();
      expect(await readdir(join(directory, 'timestamps'))).toHaveLength(2);
    });

    it('is missed where it is gone, and refused where it was replaced or is of another record', async () => {
      const { root, id } = await closedCase();
      const serving = await authority.serve();
      const { out, streams } = capture();
      await caseAnchor(id, { tsa: serving.url, cases: root }, streams);
      const first = out().trim();
      await caseAnchor(id, { tsa: serving.url, cases: root }, capture().streams);
      await serving.close();
      expect((await verify(root, id)).out.match(/was there at/g)).toHaveLength(2);
      const whole = await readFile(first);
      await writeFile(first, authority.reply(await readFile(first.replace(/r$/, 'q'))));
      expect(await verify(root, id)).toMatchObject({
        code: 6,
        out: expect.stringContaining('is not the one that the record notes'),
      });
      await rm(first);
      expect(await verify(root, id)).toMatchObject({
        code: 6,
        out: expect.stringMatching(/✗ timestamps\/13-\S+ is missing/),
      });
      await writeFile(first, whole);
      expect((await verify(root, id)).code).toBe(0);
      await rm(first.replace(/r$/, 'q'));
      expect((await verify(root, id)).out).toContain('has no query beside it');
    });
  });
});

describe('the address of an authority', () => {
  it('is http or https, without a password', () => {
    expect(tsaUrl('http://tsa.example/tsr').host).toBe('tsa.example');
    for (const text of ['ftp://tsa.example', 'tsa.example', 'https://me:pw@tsa.example', 'file:///etc/passwd']) {
      expect(() => tsaUrl(text)).toThrow(/--tsa takes/);
    }
  });
});

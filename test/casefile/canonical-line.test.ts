import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineScanner } from '../../src/casefile/canonical-line.ts';
import { breaks, ChainReader, genesis, readLine, seal } from '../../src/casefile/chain.ts';
import { entryKind } from '../../src/documents/transcript.ts';

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'aa', 'evidence', 'overflow', '10', '9', '__proto__', 'é', ''),
  fc.string({ maxLength: 6 }),
);
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -1, 0.5, 0.123, 1e21, 1e-7, 123456789.123456, 0.1 + 0.2),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 5 }).map((text) => text.toWellFormed()),
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(name, tie('any'), { maxKeys: 4 }),
  ),
})).any;

const previous = { seq: 6, hash: 'ab'.repeat(32) };
const instants = ['2026-11-23T02:20:11.123Z', '2026-11-23T02:20:11Z', '2026-11-23T02:20:11.1Z'];

/** Lines of entries as they are sealed. */
const line = fc
  .record({
    seq: fc.constantFrom(7, 7, 7, 8, 6),
    at: fc.constantFrom(...instants),
    kind: fc.constantFrom(...entryKind.options),
    actor: fc.oneof(fc.constant('anna'), fc.string()),
    prev: fc.constantFrom(previous.hash, previous.hash, previous.hash, genesis),
    body: fc.dictionary(name, value, { maxKeys: 5 }),
  })
  .map((fields) => seal(fields).line);

/** What an editor, a torn write, another program or an attacker makes of it. */
const damage = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat(255) }).map(({ at, byte }) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    changed[at % bytes.length] = byte;
    return changed;
  }),
  fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % bytes.length)),
  fc
    .record({ at: fc.nat(), what: fc.constantFrom(' ', '0', '\\', ',', '"a":1,', '.0', 'e0', '-', '\u00e9', '}') })
    .map(({ at, what }) => (bytes: Buffer) => {
      const place = at % bytes.length;
      return Buffer.concat([bytes.subarray(0, place), Buffer.from(what), bytes.subarray(place)]);
    }),
  fc.constant((bytes: Buffer) => Buffer.from(JSON.stringify(JSON.parse(bytes.toString()), null, 1))),
  fc.constant((bytes: Buffer) => {
    const { actor, ...rest } = JSON.parse(bytes.toString());
    return Buffer.from(JSON.stringify({ ...rest, actor }));
  }),
  fc.constant((bytes: Buffer) => Buffer.from(bytes.toString().replace('"body":{', '"body":{"a":1,"a":2,'))),
);

function byParsers(bytes: Buffer) {
  const read = readLine(bytes);
  if (!read.ok) return read.because;
  const because = breaks(read.entry, previous);
  if (because !== null) return because;
  const { seq, kind, hash, at, body } = read.entry;
  return { seq, kind, hash, at, body };
}

function byPlaces(bytes: Buffer) {
  const read = new ChainReader().read(bytes, previous);
  if (!read.ok) return read.because;
  const { seq, kind, hash, at } = read.line;
  return { seq, kind, hash, at, body: read.line.body() };
}

describe('a line that is read by its places and by parsers', () => {
  it('is found the same, right or wrong, for the same reason', () => {
    fc.assert(
      fc.property(line, fc.option(damage), (text, harm) => {
        const whole = Buffer.from(text);
        const bytes = harm === null ? whole : harm(whole);
        expect(byPlaces(bytes)).toEqual(byParsers(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it('is never called plain when parsers say that it is not canonical', () => {
    const scanner = new LineScanner();
    fc.assert(
      fc.property(line, damage, (text, harm) => {
        const bytes = harm(Buffer.from(text));
        if (!scanner.scan(bytes, 0, bytes.length)) return;
        // Its hashes are compared as a whole, elsewhere.
        const hashes = [scanner.hashFrom, scanner.prevFrom].map((from) => bytes.toString('latin1', from, from + 64));
        if (!hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash))) return;
        const read = readLine(bytes);
        expect(read.ok ? '' : read.because).toMatch(/^$|hash does not match/);
      }),
      { numRuns: 1000 },
    );
  });

  it('is plain where it is what cordon writes', () => {
    const body = { intent: '8f14e45f', ok: true, status: 200, durationSeconds: 0.123, result: null, list: [1, 'a'] };
    const { line: text } = seal({
      seq: 7,
      at: '2026-11-23T02:20:11.123Z',
      kind: 'outcome',
      actor: 'anna',
      prev: previous.hash,
      body,
    });
    const bytes = Buffer.from(text);
    expect(new LineScanner().scan(bytes, 0, bytes.length)).toBe(true);
  });
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockCells } from '../../src/evidence/block-cells.ts';
import { CellMemory } from '../../src/evidence/cell-memory.ts';
import { ColumnCells } from '../../src/evidence/column-cells.ts';
import { SOURCE_SHA256 } from '../../src/evidence/csv-module.ts';
import { cellOf } from '../../src/evidence/guessed-type.ts';
import { Texts } from '../../src/evidence/texts.ts';
import { cells } from '../../src/kql/frame.ts';
import type { ColumnType } from '../../src/kql/types.ts';
import type { Value } from '../../src/kql/values.ts';

const shared = new CellMemory();

/** Gives the cells of a column of which these are the texts, none with a line end. */
function column(type: ColumnType, memory = shared): { of: (texts: readonly string[]) => Value[]; made: ColumnCells } {
  const made = new ColumnCells(type);
  const found = new BlockCells('f', memory, [-1, 0]);
  return {
    made,
    of: (texts) => {
      found.find(Buffer.from(texts.map((text) => `,"${text.replaceAll('"', '""')}"\n`).join('')), 1);
      made.addSpans(found.column(0));
      return cells(made.piece(texts.length), texts.length);
    },
  };
}

/** A column of so many different values that it has given up to number them. */
function unnumbered(type: ColumnType, text: (n: number) => string): ReturnType<typeof column> {
  const one = column(type);
  one.of([text(0)]);
  one.of(Array.from({ length: 1500 }, (_, n) => text(n)));
  expect(one.made.list).toBeUndefined();
  return one;
}

const two = (n: number): string => String(n).padStart(2, '0');
const time = fc
  .record({
    year: fc.integer({ min: 1988, max: 2051 }),
    rest: fc.tuple(...[13, 32, 24, 61, 60].map((max) => fc.integer({ min: 0, max }))),
    end: fc.constantFrom('Z', '.1Z', '.1234567Z', '.0000001Z', '.12345678Z', '.Z', '', '+02:00', '.5'),
  })
  .map(
    ({ year, rest: [m = 0, d = 0, h = 0, min = 0, s = 0], end }) =>
      `${year}-${two(m)}-${two(d)}T${two(h)}:${two(min)}:${two(s)}${end}`,
  );
const number = fc.oneof(
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc.integer().map(String),
  fc.constantFrom(
    '',
    '-',
    '0',
    '-0',
    '00',
    '-01',
    '+1',
    '1.5',
    '1e3',
    ' 1',
    '1 ',
    '999999999999999',
    '9007199254740993',
    '-9999999999999999',
    '-999999999999999',
    'x',
    '1"2',
  ),
);
/** At times with one character more, less or another. */
const nearly = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, fc.nat({ max: 40 }), fc.constantFrom('', '0', '9', '-', ':', 'x', '/', '"'))
    .map(([given, at, by]) => (at >= given.length ? given : given.slice(0, at) + by + given.slice(at + 1)));

describe('cells of a column', () => {
  it('are what the rules make of their texts, also where they are made without texts', () => {
    const plainTimes = unnumbered('datetime', (n) => `2026-11-23T00:${two(n % 60)}:${two(Math.floor(n / 60))}Z`);
    const plainLongs = unnumbered('long', String);
    for (const [type, text, without] of [
      ['datetime', time, plainTimes],
      ['long', number, plainLongs],
    ] as const) {
      fc.assert(
        fc.property(fc.array(fc.oneof(text, nearly(text)), { maxLength: 20 }), (texts) => {
          const byRules = texts.map((one) => cellOf(one, type));
          expect(without.of(texts)).toEqual(byRules);
          expect(column(type).of(texts)).toEqual(byRules);
        }),
        { numRuns: 400 },
      );
    }
  });

  it('have the texts of their fields, however many there are and whatever they hold', () => {
    const own = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ max: 40, min: 0 }).map((n) => `name ${n}`) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
    );
    const clean = own.map((text) => text.replace(/[\r\n]/g, ''));
    const same = column('string');
    fc.assert(
      fc.property(fc.array(clean, { maxLength: 60 }), (texts) => {
        expect(same.of(texts)).toEqual(texts);
      }),
      { numRuns: 200 },
    );
    const many = Array.from({ length: 40_000 }, (_, n) => (n % 3 === 0 ? `${n}`.repeat(1 + (n % 7)) : `x${n % 999}`));
    expect(column('string').of(many)).toEqual(many);
  });

  it('are no more numbered where their memory is scarce', () => {
    const memory = new CellMemory();
    const { made, of } = column('string', memory);
    const part = (first: number): string[] => Array.from({ length: 1000 }, (_, n) => `${first + n}`.padEnd(1000, 'x'));
    of(part(0));
    expect(made.list?.length).toBe(1000);
    // Little but what the reading of a block takes.
    memory.allocate(2 ** 31 - memory.bytes.length - 8 * 1024 * 1024);
    for (let first = 1000; first < 12_000; first += 1000) expect(of(part(first))).toEqual(part(first));
    expect(made.list).toBeUndefined();
  });

  it('are no more numbered where somebody chose texts that all fall into one place', () => {
    // The steps of `hashOf` in wasm/csv-cells.ts backwards, from hashes of which the half that is taken is one.
    const [factor, word] = [0x9e3779b97f4a7c15n, 2n ** 64n - 1n];
    let inverse = 1n;
    for (let n = 0; n < 6; n++) inverse = (inverse * (2n - factor * inverse)) & word;
    const unmixed = (hash: bigint): bigint => ((hash ^ (hash >> 32n)) * inverse) & word;
    const texts: string[] = [];
    for (let hash = 7n << 32n; texts.length < 300; hash++) {
      const eight = unmixed(unmixed(hash)) ^ 8n;
      if ((eight & 0x8080808080808080n) !== 0n) continue;
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(eight);
      if (/^[ !#-~]{8}$/.test(bytes.toString('latin1'))) texts.push(bytes.toString('latin1'));
    }
    const { made, of } = column('string');
    expect(of(texts.slice(0, 200))).toEqual(texts.slice(0, 200));
    expect(made.list?.length).toBe(200);
    expect(of(texts)).toEqual(texts);
    expect(made.list).toBeUndefined();
  });

  it('count what their type cannot hold by the line of the first, also where it comes again', () => {
    const { made, of } = column('long');
    expect(of(['1', 'x', '2', 'x', 'y'])).toEqual([1, null, 2, null, null]);
    expect([made.misfits, made.misfitLine]).toEqual([3, 2]);
    made.misfits = 0;
    made.misfitLine = undefined;
    of(['1', '2', 'y', 'x']);
    expect([made.misfits, made.misfitLine]).toEqual([2, 3]);
  });
});

describe('a memory', () => {
  it('is used again, and is empty then', () => {
    const first = CellMemory.take();
    const texts = new Texts(first, 10);
    first.bytes.write('text', first.scratch(64));
    expect(texts.numberOf(first.scratch(64), first.scratch(64) + 4)).toBe(0);
    first.room(100).fill(0xff);
    first.giveBack();
    const again = CellMemory.take();
    expect(again).toBe(first);
    expect(new Texts(again, 10).count).toBe(0);
    expect(
      again.bytes
        .subarray(again.allocate(4096))
        .subarray(0, 4096)
        .every((byte) => byte === 0),
    ).toBe(true);
    expect(CellMemory.take()).not.toBe(first);
  });
});

describe('the module that finds cells', () => {
  it('was made of the source that is there: npm run wasm', () => {
    const source = readFileSync(join(import.meta.dirname, '../../wasm/csv-cells.ts'));
    expect(createHash('sha256').update(source).digest('hex')).toBe(SOURCE_SHA256);
  });
});

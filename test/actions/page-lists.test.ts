import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SignedBlob } from '../../src/actions/export/signed-blob.ts';
import type { Connection } from '../../src/azure/client/connection.ts';
import type { BlobAsked } from '../../src/azure/client/read-blob.ts';

const head = { bytes: 4096, etag: '"1"' };

/** The pages of a blob whose lists are these texts, one after another. */
async function pagesOf(...lists: string[]) {
  const asked: string[] = [];
  const readBlob = async ({ url }: BlobAsked) => {
    asked.push(url);
    const list = `<?xml version="1.0" encoding="utf-8"?><PageList>${lists[asked.length - 1] ?? ''}</PageList>`;
    return {
      status: 200,
      header: (name: string) => (name === 'etag' ? head.etag : ''),
      body: Readable.from([Buffer.from(list)]),
    };
  };
  const access = { url: () => 'https://disk.blob.storage.azure.net/a/b?sig=x', renew: async () => {} };
  const blob = new SignedBlob({ readBlob } as unknown as Connection, access);
  const found = await blob.written(head, { first: 0, last: 4095 }, new AbortController().signal);
  return { found, asked };
}

const row = (first: number, last: number) => `<PageRange><Start>${first}</Start><End>${last}</End></PageRange>`;

describe('the pages of a blob that were written', () => {
  it('are those of all parts of the list', async () => {
    const { found, asked } = await pagesOf(
      `${row(0, 511)}<NextMarker>a b</NextMarker>`,
      `${row(1024, 2047)}<NextMarker/>`,
    );
    expect(found).toEqual([
      { first: 0, last: 511 },
      { first: 1024, last: 2047 },
    ]);
    expect(asked[1]).toContain('&comp=pagelist&marker=a%20b');
  });

  it.each([
    ['a row of another form', `${row(0, 511)}<PageRange><End>1023</End><Start>512</Start></PageRange>`],
    ['a row with more between its parts', `<PageRange>${' '.repeat(21)}<Start>0</Start><End>511</End></PageRange>`],
    ['a marker that is too long', `${row(0, 511)}<NextMarker>${'m'.repeat(2001)}</NextMarker>`],
    ['a page behind the end', row(4096, 4607)],
  ])('are not known where the list has %s', async (_, list) => {
    await expect(pagesOf(list)).rejects.toThrow('the list of its pages');
  });
});

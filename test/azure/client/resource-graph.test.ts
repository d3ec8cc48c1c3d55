import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/azure/client/connection.ts';
import { graphPages, queryGraph } from '../../../src/azure/client/resource-graph.ts';

interface Asked {
  top: number;
  skip: number | undefined;
}

/** Resource Graph with `count` rows, of which it sends at most `most` at once before it refuses. */
function graphOf(count: number, most: number, asked: Asked[]) {
  const resources = (request: { options?: { top?: number; skip?: number; skipToken?: string } }) => {
    const { top = 100, skip, skipToken } = request.options ?? {};
    asked.push({ top, skip });
    const from = skip ?? (skipToken ? Number(skipToken) : 0);
    const rows = [...Array(count).keys()].slice(from, from + top).map((id) => ({ id: String(id) }));
    if (rows.length > most) {
      const details = [
        {
          code: 'ResponsePayloadTooLarge',
          message: 'Response payload size is 24813879, and has exceeded the limit of 16777216.',
        },
      ];
      return Promise.reject(
        Object.assign(new Error('BadRequest'), {
          statusCode: 400,
          details: { error: { code: 'BadRequest', details } },
        }),
      );
    }
    const next = from + rows.length;
    return Promise.resolve({
      data: rows,
      totalRecords: count,
      resultTruncated: 'false',
      ...(next < count ? { skipToken: String(next) } : {}),
    });
  };
  return { ...connect(), resourceGraph: () => Promise.resolve({ resources }) } as unknown as ReturnType<typeof connect>;
}

describe('Resource Graph', () => {
  it('gives its rows page by page, each once', async () => {
    const asked: Asked[] = [];
    const { rows, truncated } = await queryGraph(graphOf(2500, 1000, asked), 'q', []);
    expect(rows.map((row) => row.id)).toEqual([...Array(2500).keys()].map(String));
    expect(truncated).toBe('');
    expect(asked).toEqual([undefined, 1000, 2000].map((skip) => ({ top: 1000, skip })));
  });

  it('asks for the next pages before the one in front is used, and for no more than are wanted', async () => {
    const asked: Asked[] = [];
    const pages = graphPages(graphOf(20_000, 1000, asked), 'q', []);
    await pages.next();
    expect(asked.map(({ skip }) => skip)).toEqual([undefined, 1000, 2000, 3000]);
    await pages.next();
    expect(asked.at(-1)?.skip).toBe(4000);
    await pages.return('');
    expect(asked).toHaveLength(5);
  });

  it('asks for the page after one that is shorter than it was asked for where that ends', async () => {
    const asked: Asked[] = [];
    const whole = graphOf(8600, 1000, asked);
    const client = await whole.resourceGraph();
    const shorter = {
      resources: async (request: { options?: { top?: number; skip?: number; skipToken?: string } }) =>
        client.resources({
          ...request,
          options: { ...request.options, top: Math.min(900, request.options?.top ?? 0) },
        } as never),
    };
    const connection = { ...whole, resourceGraph: () => Promise.resolve(shorter) } as unknown as typeof whole;
    const { rows } = await queryGraph(connection, 'q', []);
    expect(rows.map((row) => row.id)).toEqual([...Array(8600).keys()].map(String));
    // None is asked for in vain, page after page.
    expect(asked).toHaveLength(10);
  });

  it('fails with the page that failed, after those in front of it', async () => {
    const whole = graphOf(4000, 1000, []);
    const client = await whole.resourceGraph();
    const failing = {
      resources: (request: { options?: { skip?: number } }) =>
        request.options?.skip === 2000
          ? Promise.reject(Object.assign(new Error('gone'), { statusCode: 500 }))
          : client.resources(request as never),
    };
    const connection = { ...whole, resourceGraph: () => Promise.resolve(failing) } as unknown as typeof whole;
    const pages = graphPages(connection, 'q', []);
    expect((await pages.next()).value).toHaveLength(1000);
    expect((await pages.next()).value).toHaveLength(1000);
    await expect(pages.next()).rejects.toThrow('gone');
  });

  it('asks in smaller pages for what is more than 16 MiB, and misses no row', async () => {
    const asked: Asked[] = [];
    const { rows } = await queryGraph(graphOf(700, 100, asked), 'q', []);
    expect(rows.map((row) => row.id)).toEqual([...Array(700).keys()].map(String));
    expect(asked[0]?.top).toBe(1000);
    expect(Math.min(...asked.map(({ top }) => top))).toBe(62);
  });

  it('fails when a single row is too large, and with every other refusal at once', async () => {
    await expect(queryGraph(graphOf(10, 0, []), 'q', [])).rejects.toThrow('BadRequest');
    const asked: Asked[] = [];
    const forbidden = {
      ...connect(),
      resourceGraph: () =>
        Promise.resolve({
          resources: () => {
            asked.push({ top: 0, skip: 0 });
            return Promise.reject(Object.assign(new Error('no'), { statusCode: 403 }));
          },
        }),
    } as unknown as ReturnType<typeof connect>;
    await expect(graphPages(forbidden, 'q', []).next()).rejects.toThrow('no');
    expect(asked).toHaveLength(1);
  });
});

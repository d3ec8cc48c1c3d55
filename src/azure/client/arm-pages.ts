import { listAt, textAt } from '../../arm/json.ts';
import type { Connection } from './connection.ts';

/** The entries of a list of Azure Resource Manager, of at most so many pages, as they come. Throws the client's error. */
export async function* listedByArm(
  connection: Pick<Connection, 'get'>,
  first: string,
  mostPages: number,
  signal?: AbortSignal,
): AsyncGenerator<unknown> {
  let url = first;
  for (let page = 0; page < mostPages && url !== ''; page += 1) {
    const { body } = await connection.get(url, signal);
    yield* listAt(body, 'value');
    url = textAt(body, 'nextLink');
  }
}

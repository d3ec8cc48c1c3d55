import { at, textAt } from '../../arm/json.ts';
import { count } from '../../text/counts.ts';
import type { Connection } from './connection.ts';
import { noList } from './whole-list.ts';

/** A list as far as it was read; `cut` says that it goes on after that, and is "" where it is whole. */
export interface ArmList {
  entries: unknown[];
  cut: string;
}

/** A list of Azure Resource Manager, of at most so many pages. Throws the client's error. */
export async function listOfArm(
  connection: Pick<Connection, 'get'>,
  first: string,
  mostPages: number,
  signal?: AbortSignal,
): Promise<ArmList> {
  const entries: unknown[] = [];
  let url = first;
  for (let page = 0; page < mostPages; page += 1) {
    const { body } = await connection.get(url, signal);
    // A list is there also where it is empty: an answer without it is none of "there are none".
    const entriesOfPage = at(body, 'value');
    if (!Array.isArray(entriesOfPage)) throw noList();
    for (const entry of entriesOfPage) entries.push(entry);
    url = textAt(body, 'nextLink');
    if (url === '') return { entries, cut: '' };
  }
  return { entries, cut: `there are more than the ${count(entries.length)} that were read` };
}

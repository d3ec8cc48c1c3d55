import type { Entry } from '../../src/documents/transcript.ts';
import type { Mutation } from '../../src/simulator/gateway.ts';

interface Told {
  id: string;
  request: string;
  method: string;
  path: string;
  /** What the record says last; "open" when it says nothing. */
  ok: boolean | 'open' | 'superseded';
}

function toldIn(entries: readonly Entry[]): Told[] {
  const told = new Map<string, Told>();
  for (const { kind, body } of entries) {
    if (kind === 'intent') {
      const request = Object(body.request);
      const path = decodeURIComponent(new URL(String(request.url)).pathname).toLowerCase();
      const id = String(body.id);
      told.set(id, { id, request: String(body.clientRequestId), method: String(request.method), path, ok: 'open' });
    }
    const known = kind === 'outcome' ? told.get(String(body.intent)) : undefined;
    if (known && typeof body.ok === 'boolean') known.ok = body.ok;
    else if (known && body.superseded === true) known.ok = 'superseded';
  }
  return [...told.values()];
}

/**
 * What the record says against what Azure did, by Azure's own log of its changes. `failed` are the ids of requests whose
 * operation ended badly. One sentence for each rule that is broken.
 */
export function judge(
  entries: readonly Entry[],
  mutations: readonly Mutation[],
  about: { neverEnds: boolean; failed: ReadonlySet<string> },
): string[] {
  const wrong: string[] = [];
  const told = toldIn(entries);
  for (const { method, path, clientRequestId } of mutations) {
    if (!told.some(({ request }) => request === clientRequestId)) wrong.push(`${method} ${path} has no intent`);
  }
  for (const one of told) {
    const name = `${one.method} ${one.path.split('/').slice(-2).join('/')}`;
    const made = mutations.filter(
      ({ clientRequestId, method }) => clientRequestId === one.request && method === one.method,
    );
    const done =
      made.some(({ status }) => status < 300 || status === 409 || status === 412) && !about.failed.has(one.request);
    if (one.ok === 'open' && !about.neverEnds) wrong.push(`${name} is never settled`);
    // A sign-in that had to be renewed sends the request again under one id: the first is refused, the second counts.
    const again = told.some(({ request, id }) => request === one.request && id !== one.id);
    if (one.ok === true && !done && one.method !== 'DELETE') wrong.push(`${name} is told as done, and was not`);
    if (one.ok === false && done && !again && !about.neverEnds) wrong.push(`${name} is told as not done, and was`);
  }
  const posts = new Map<string, number>();
  for (const { method, path } of mutations) if (method === 'POST') posts.set(path, (posts.get(path) ?? 0) + 1);
  for (const [path, count] of posts) if (count > 1) wrong.push(`POST ${path} was done ${count} times`);
  return wrong;
}

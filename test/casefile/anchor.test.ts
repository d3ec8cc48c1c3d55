import { describe, expect, it } from 'vitest';
import { anchorOf, isPlacedId, requestIdAt } from '../../src/casefile/anchor.ts';
import { caseLogOf } from '../../src/session/playbooks/playbook-shelf.ts';
import { nameUuid, uuidBytes } from '../../src/text/name-uuid.ts';
import { eventfulCase, newStore } from './sample-case.ts';

const head = '5bdad2b07f62b4c6ba45cfb5db57e7729b9734b4c39df5661894f9bdc90426b8';

describe('the id of a change, made of what is before it', () => {
  it('is the name-based UUID of RFC 9562, appendix B.2', () => {
    const dns = uuidBytes('6ba7b810-9dad-11d1-80b4-00c04fd430c8');
    expect(nameUuid(dns, 'www.example.com', 8)).toBe('5c146b14-3c52-8afd-938a-375d0df1fbf6');
    // Appendix A.4: version 5 of the same name.
    expect(nameUuid(dns, 'www.example.com', 5)).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  });

  it('differs by head and by count, and is told from random ones', () => {
    const ids = [requestIdAt({ head, entries: 7 }), requestIdAt({ head, entries: 8 })];
    expect(new Set(ids).size).toBe(2);
    expect(ids.every(isPlacedId)).toBe(true);
    expect([crypto.randomUUID(), '', undefined, 8].some(isPlacedId)).toBe(false);
  });

  it('comes to each intent from its place, also where several are written at once', async () => {
    const open = await eventfulCase(await newStore());
    const log = caseLogOf({ id: open.id, file: open, actor: 'anna' }, () => new Date());
    const body = { id: 'i', action: 'a', step: 's', request: {}, clientRequestId: 'random' };
    await Promise.all([1, 2, 3].map(() => log.append('intent', body)));
    let before = { head: '', entries: 0 };
    const ids: unknown[] = [];
    for await (const entry of open.entries()) {
      if (entry.actor === 'anna' && entry.body.action === 'a') {
        expect(entry.body.clientRequestId).toBe(requestIdAt(before));
        ids.push(entry.body.clientRequestId);
      }
      before = { head: entry.hash, entries: entry.seq };
    }
    expect(new Set(ids).size).toBe(3);
    await open.release();
  });
});

describe('an anchor as text', () => {
  it('is read as an export prints it, and as a tag has it', () => {
    expect(anchorOf(`${head}:7`)).toEqual({ head, entries: 7 });
    expect(anchorOf(`7:${head.toUpperCase()}`)).toEqual({ head, entries: 7 });
    for (const text of ['', head, `${head}:0`, `${head}:7:8`, `${head.slice(1)}:7`]) expect(anchorOf(text)).toBeNull();
  });
});

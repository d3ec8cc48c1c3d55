import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountName } from '../../../src/triage/logons/account-names.ts';
import { isLoopback, sourceAddress } from '../../../src/triage/logons/addresses.ts';
import { ComputerNames, onlyComputer } from '../../../src/triage/logons/computer-names.ts';
import { failureCode, failureMeaning, normalCode } from '../../../src/triage/logons/failure-codes.ts';
import { isoOf, ticksOf } from '../../../src/triage/logons/ticks.ts';

describe('account names', () => {
  it.each(['admin', '.\\admin', 'WEB01\\admin', 'CONTOSO\\Admin', 'admin@contoso.com', 'ADMIN  ', ' web01\\admin '])(
    'knows %j as admin',
    (typed) => {
      expect(accountName(typed).key).toBe('admin');
      expect(accountName(typed).display).toBe(typed.trim());
    },
  );

  it.each(['', '-', '   '])('takes %j as nobody', (typed) => {
    expect(accountName(typed)).toEqual({ key: '', display: '-' });
  });

  it('keeps names that are nothing but a separator apart from nobody', () => {
    expect(accountName('@x').key).toBe('@x');
    expect(accountName('HOST\\').key).toBe('host\\');
    expect(accountName('HOST\\-').key).toBe('host\\-');
  });

  it('gives every name one key that does not change when it is read again', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 40 }).filter((text) => !/[\\@]/.test(text)),
        (text) => {
          expect(accountName(`HOST\\${text}x`).key).toBe(accountName(`${text}x`.trim()).key);
          expect(accountName(accountName(text).key).key).toBe(accountName(text).key);
        },
      ),
    );
  });
});

describe('source addresses', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    [' ::ffff:203.0.113.7 ', '203.0.113.7'],
    ['FE80::1%12', 'fe80::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['-', ''],
    ['', ''],
    ['::', ''],
    ['0.0.0.0', ''],
    ['LOCAL', ''],
    ['scanner.example.org', 'scanner.example.org'],
  ])('reads %j as %j', (text, address) => {
    expect(sourceAddress(text)).toBe(address);
  });

  it('knows loopback', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['10.0.0.1', 'fe80::1', '', 'scanner.example.org'].map(isLoopback)).toEqual([false, false, false, false]);
  });
});

describe('failure codes', () => {
  it.each([
    ['0xC000006A', '0xc000006a'],
    ['0xc000006a', '0xc000006a'],
    ['c000006A', '0xc000006a'],
    ['-1073741718', '0xc000006a'],
    ['3221225578', '0xc000006a'],
    ['0x00000000', '0x0'],
    ['0x0', '0x0'],
    ['-', ''],
    ['', ''],
    ['%%2313', '%%2313'],
  ])('prints %j as %j', (code, normal) => {
    expect(normalCode(code)).toBe(normal);
  });

  it('reads Status when SubStatus is 0x0, in both printings: a lockout is written so', () => {
    expect(failureCode('0xC0000234', '0x0')).toBe('0xc0000234');
    expect(failureCode('0xC0000234', '0x00000000')).toBe('0xc0000234');
    expect(failureCode('0xc000006d', '0xc0000064')).toBe('0xc0000064');
    expect(failureCode('0xc000006e', '-')).toBe('0xc000006e');
    expect(failureCode('', '0x0')).toBe('0x0');
  });

  it('says what a code tells about the account', () => {
    expect(failureMeaning('0xc000006a')).toEqual({
      meaning: 'wrong password',
      accountExists: true,
      credential: 'wrong',
    });
    expect(failureMeaning('0xc0000064').accountExists).toBe(false);
    expect(failureMeaning('0xc000006d').accountExists).toBeNull();
    expect(failureMeaning('0xc0000234').accountExists).toBe(true);
    expect(failureMeaning('0xdeadbeef')).toEqual({
      meaning: 'unknown code',
      accountExists: null,
      credential: 'undecided',
    });
    expect(failureMeaning('constructor').accountExists).toBeNull();
  });

  it.each([
    ['0xc000006a', 'wrong'],
    ['0xc0000064', 'wrong'],
    ['0xc000006d', 'wrong'],
    ['0xc000006e', 'right'],
    ['0xc000006f', 'right'],
    ['0xc0000070', 'right'],
    ['0xc0000071', 'right'],
    ['0xc0000072', 'right'],
    ['0xc000015b', 'right'],
    ['0xc0000193', 'right'],
    ['0xc0000224', 'right'],
    ['0xc0000199', 'right'],
    ['0xc0000234', 'undecided'],
    ['0xc0000198', 'undecided'],
    ['0xc000019a', 'undecided'],
    ['0xc000005e', 'undecided'],
    ['kerberos:0x18', 'wrong'],
    ['kerberos:0x12', 'undecided'],
    ['sshd:partial', 'right'],
    ['sshd:password-refused', 'undecided'],
  ])('%s: the credential was %s', (code, credential) => {
    expect(failureMeaning(code).credential).toBe(credential);
    expect(failureMeaning(code).meaning).not.toBe('unknown code');
  });
});

describe('ticks', () => {
  it('keeps 100 ns, which milliseconds would lose', () => {
    const first = ticksOf('2021-05-21T20:43:07.1536470Z') ?? 0;
    const second = ticksOf('2021-05-21T20:43:07.1536471Z') ?? 0;
    expect(second - first).toBe(1);
    expect(isoOf(first)).toBe('2021-05-21T20:43:07.153647Z');
    expect(isoOf(second)).toBe('2021-05-21T20:43:07.1536471Z');
    expect(isoOf(ticksOf('2026-11-23T02:14:09Z') ?? 0)).toBe('2026-11-23T02:14:09Z');
  });

  it('returns every instant that it was given', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8.9e15, max: 8.9e15 }), (ticks) => {
        expect(ticksOf(isoOf(ticks))).toBe(ticks);
      }),
    );
  });

  it('refuses what is no instant in UTC', () => {
    for (const text of ['', 'yesterday', '2026-13-01T00:00:00Z', '2026-11-23T02:14:09+02:00'])
      expect(ticksOf(text)).toBeNull();
  });
});

describe('names of computers', () => {
  it('are one computer where a short one can be the short form of one full name alone', () => {
    const names = new ComputerNames([
      'web01',
      'WEB01.contoso.com.',
      'db01',
      'db01.a.example',
      'db01.b.example',
      'app.x',
    ]);
    expect(['Web01.Contoso.com', 'web01', 'db01.a.example', 'app.x'].map((name) => names.nameOf(name))).toEqual([
      'web01',
      'web01',
      'db01.a.example',
      'app.x',
    ]);
    expect(names.unclear).toEqual([
      expect.stringMatching(/^which computer is meant by db01: db01\.a\.example, db01\.b/),
    ]);
    for (const pair of [
      ['localhost', 'localhost.localdomain'],
      ['10', '10.0.0.4'],
      ['fe80', 'fe80::1'],
      ['', '.x'],
    ])
      expect(new ComputerNames(pair).areSeveral).toBe(false);
    expect(onlyComputer(['web01.contoso.com', 'web01'])).toBe('web01');
    expect([onlyComputer([]), onlyComputer(['web01', 'db01'])]).toEqual(['', '']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redacted, redactText } from '../../src/casefile/redaction.ts';

const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{20,60}$/);
const base64 = (length: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9+/]{${length}}$`));
const password = fc.stringMatching(/^[A-Za-z0-9!#*+./:?@^_~-]{12,30}$/);
// Ordinary words around a secret.
const words = fc.constantFrom('', 'sent ', 'https://x.example/a?b=c ', 'KB5034439: ', '{"a": ', '\n', "it's ", 'ü ');

/** Texts with a secret in them, as it is found in logs, URLs and bodies. */
const secretTexts: [string, fc.Arbitrary<{ secret: string; text: string }>][] = [
  ['a bearer token', base64url.map((secret) => ({ secret, text: `Authorization: Bearer ${secret}` }))],
  ['a basic credential', base64(24).map((secret) => ({ secret, text: `authorization: Basic ${secret}==` }))],
  [
    'a JWT',
    fc.tuple(base64url, base64url, base64url).map(([head, body, sign]) => ({
      secret: body,
      text: `token eyJ${head}.${body}.${sign}`,
    })),
  ],
  [
    'a SAS',
    base64(43).map((secret) => ({
      secret: encodeURIComponent(secret).slice(0, 20),
      text: `https://md.blob.core.windows.net/x/abcd?sv=2018-03-28&sr=b&si=p&sig=${encodeURIComponent(`${secret}=`)}&se=2026`,
    })),
  ],
  [
    'a SAS inside another URL',
    base64url.map((secret) => ({ secret, text: `https://x/?u=https%3A%2F%2Fy%3Fsv%3D1%26sig%3D${secret}%26se%3D2` })),
  ],
  ['a storage key', base64(86).map((secret) => ({ secret, text: `key ${secret}== found` }))],
  [
    'a connection string',
    base64(86).map((secret) => ({
      secret,
      text: `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${secret}==;EndpointSuffix=core.windows.net`,
    })),
  ],
  [
    'a database password',
    password.map((secret) => ({ secret, text: `Server=x;User ID=sa;Password=${secret};Encrypt=true` })),
  ],
  [
    'a password on a command line',
    password.map((secret) => ({ secret, text: `az vm create --admin-password ${secret} -n x` })),
  ],
  ['a password in a URL', base64url.map((secret) => ({ secret, text: `https://anna:${secret}@repo.example/x` }))],
  [
    'a private key',
    fc.tuple(base64(64), base64(64)).map(([secret, more]) => ({
      secret,
      text: `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n${more}\n-----END RSA PRIVATE KEY-----\nafter`,
    })),
  ],
  ['a cut-off private key', base64(64).map((secret) => ({ secret, text: `-----BEGIN PRIVATE KEY-----\n${secret}` }))],
  [
    'a body in a text',
    password.map((secret) => ({
      secret,
      text: JSON.stringify({ properties: { osProfile: { adminUsername: 'x', adminPassword: secret } } }),
    })),
  ],
  [
    'a cut-off body in a text',
    password.map((secret) => ({ secret, text: `request: {"commandToExecute":"run ${secret}","x":[` })),
  ],
  [
    'an Entra client secret',
    fc.stringMatching(/^[A-Za-z0-9]{34}$/).map((secret) => ({ secret, text: `uses aB18Q~${secret} since` })),
  ],
];

describe('redactText', () => {
  it.each(secretTexts)('takes out %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, words, words, ({ secret, text }, before, after) => {
        const clean = redactText(`${before}${text}${after}`);
        expect(clean).not.toContain(secret);
        expect(clean).toContain(redacted);
        expect(redactText(clean)).toBe(clean);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    'KB5034439 Critical, 41 d',
    '4f1c9a00-0000-4000-8000-00000000000c',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
    'Local admin: password',
    'Failed password for invalid user admin from 203.0.113.77 port 55012 ssh2',
    'wrong password (0xc000006a)',
    'public address, Basic SKU; Bearer of bad news',
    'disablePasswordAuthentication: true',
    '/subscriptions/6d3a0f0e-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n',
    'https://management.azure.com/subscriptions?api-version=2022-12-01&$skiptoken=eyJza2lwIjoxfQ',
    'SecurityEvent | where EventID == 4625 | summarize count() by IpAddress, TargetUserName',
    '203.0.113.77 → svc-backup, 2026-11-23T02:14:09Z, code=0xc0000064',
    'design=1&assigned=2',
  ])('leaves alone: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('leaves GUIDs, hashes, addresses and words alone', () => {
    const ordinary = fc.oneof(
      fc.uuid(),
      fc.stringMatching(/^[0-9a-f]{40}$|^[0-9a-f]{64}$|^[0-9a-f]{128}$/),
      fc.ipV4(),
      fc.ipV6(),
      fc.stringMatching(/^KB50\d{5}$/),
      fc.stringMatching(/^[a-z]{1,12}$/),
    );
    fc.assert(
      fc.property(fc.array(ordinary, { maxLength: 12 }), (parts) => {
        const text = parts.join(' ');
        expect(redactText(text)).toBe(text);
      }),
    );
  });

  it('ends on texts that are made to be slow', () => {
    for (const piece of [
      'eyJ',
      '-----BEGIN PRIVATE KEY-----',
      'a://b:',
      '"password":"\\',
      'Bearer ',
      'A',
      'sig=',
      '[{"a":',
      '%26sig%3D',
    ]) {
      const text = piece.repeat(Math.ceil(60_000 / piece.length));
      expect(typeof redactText(text)).toBe('string');
    }
  });
});

describe('redact', () => {
  it('takes out what stands under a secret name, however it is written', () => {
    const names = [
      'adminPassword',
      'AdminPassword',
      'admin_password',
      'protectedSettings',
      'commandToExecute',
      'customData',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(
          ...names,
          'Authorization',
          'storageAccountKey',
          'accessSAS',
          'client-secret',
          'primaryConnectionString',
        ),
        fc.oneof(
          fc.string({ minLength: 1 }),
          fc.integer(),
          fc.array(fc.string(), { minLength: 1 }),
          fc.dictionary(fc.string(), fc.string()),
        ),
        (name, value) => {
          expect(redact({ a: [{ [name]: value }] })).toEqual({ a: [{ [name]: redacted }] });
        },
      ),
    );
  });

  it('keeps whether there is something at all', () => {
    const body = { password: null, secret: false, token: '', disablePasswordAuthentication: true, tokens: 3 };
    expect(redact(body)).toEqual(body);
  });

  it('knows settings and headers listed as name and value', () => {
    expect(
      redact([
        { name: 'Authorization', value: 'x' },
        { name: 'Accept', value: 'x' },
      ]),
    ).toEqual([
      { name: 'Authorization', value: redacted },
      { name: 'Accept', value: 'x' },
    ]);
  });

  it('is a deep copy of what is not secret, and stays as it is when done again', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const once = redact(value);
        expect(redact(once)).toEqual(once);
      }),
    );
    const rule = { name: 'allow-rdp', properties: { priority: 300, sourceAddressPrefix: '*', __proto__: null } };
    const clean = redact({ rule });
    expect(clean).toEqual({ rule: { name: 'allow-rdp', properties: { priority: 300, sourceAddressPrefix: '*' } } });
    expect(redact(JSON.parse('{"__proto__":{"polluted":1}}'))).toEqual(JSON.parse('{"__proto__":{"polluted":1}}'));
  });
});

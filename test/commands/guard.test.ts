import { describe, expect, it } from 'vitest';
import { guardArguments, startGuard } from '../../src/commands/guard.ts';

describe('the process that undoes what is overdue', () => {
  it('signs in to the same cloud, the same way', () => {
    const flags = {
      cloud: 'custom',
      endpoint: 'https://arm.example',
      authority: 'https://login.example',
      audience: 'https://arm.example/',
      logsEndpoint: 'https://logs.example',
      auth: 'cli',
      tenant: 'contoso.com',
      timeout: 90,
      subscription: ['one', 'two'],
    } as const;
    const line = guardArguments('a-case', '/cases', { ...flags, subscription: [...flags.subscription] }).join(' ');
    expect(line).toBe(
      'undo a-case --due --wait --cases /cases --cloud custom --endpoint https://arm.example --authority https://login.example --audience https://arm.example/ --logs-endpoint https://logs.example --auth cli --timeout 90 --tenant contoso.com --subscription one two',
    );
  });

  it.each(['device-code', 'browser'] as const)('is not promised where a person would have to sign in: %s', (auth) => {
    expect(startGuard('/nothing', 'a-case', '/cases', { auth })).toBe('');
  });
});

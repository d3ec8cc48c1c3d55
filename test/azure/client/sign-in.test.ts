import { describe, expect, it } from 'vitest';
import { askMetadataDirectly } from '../../../src/azure/client/sign-in.ts';

describe('the metadata service of a VM', () => {
  it.each([
    [{}, { NO_PROXY: '169.254.169.254' }],
    [{ NO_PROXY: 'localhost, .corp' }, { NO_PROXY: 'localhost, .corp,169.254.169.254' }],
    [{ no_proxy: 'localhost' }, { no_proxy: 'localhost,169.254.169.254' }],
    [{ NO_PROXY: '169.254.169.254' }, { NO_PROXY: '169.254.169.254' }],
  ])('is asked past the proxy of %j', (env: NodeJS.ProcessEnv, then) => {
    askMetadataDirectly(env);
    expect(env).toEqual(then);
  });
});

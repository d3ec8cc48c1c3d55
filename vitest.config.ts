import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const json = process.env.VITEST_JSON;

/** Files that take longest, or wait for processes: none of them may be the last that runs, alone on one core. */
const long = ['/chaos/', '/contract/', '/docs.test', '/e2e/', '/commands/', '/actions/', '/pictures.test'];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = long.findIndex((part) => moduleId.includes(`/test${part}`));
      return at < 0 ? long.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/build-first.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than the cores: a third of the time is spent waiting for child processes and for Azure's pace.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    reporters: json ? ['default', ['json', { outputFile: json }]] : ['default'],
  },
});

import { defineConfig } from 'vitest/config';

const ci = process.env['CI'] !== undefined;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    // Starts no server before a test asks for one.
    globalSetup: ['test/kafka/run-keeper.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // .ci/run reads the counts from this file.
    reporters: ci ? ['default', ['json', { outputFile: 'test-results.json' }]] : ['default'],
  },
});

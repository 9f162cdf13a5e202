import { defineConfig } from 'vitest/config';

const ci = process.env['CI'] !== undefined;

// Keeps the servers that a run shares; starts none before a test asks for it.
const globalSetup = ['test/kafka/run-keeper.ts'];

/** What holds on one log is to hold on the other: the same files, on Kafka with the roles as processes of their own. */
const ON_BOTH_LOGS = ['first-way', 'corpus-messages', 'corpus-images', 'fidelity', 'duplicates-and-disorder', 'poison'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // .ci/run reads the counts from this file.
    reporters: ci ? ['default', ['json', { outputFile: 'test-results.json' }]] : ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'embedded', include: ['test/**/*.test.ts'], exclude: ['test/long/**'], globalSetup },
      },
      {
        extends: true,
        test: {
          name: 'on kafka',
          include: ON_BOTH_LOGS.map((name) => `test/end-to-end/${name}.test.ts`),
          setupFiles: ['test/kafka/kafka-run-setup.ts'],
          globalSetup,
        },
      },
    ],
  },
});

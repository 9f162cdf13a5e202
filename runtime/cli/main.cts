#!/usr/bin/env node
// Starts the command line with enough pool threads: CommonJS, because the loader of modules uses the pool before any line of a module runs.

// Flushes of the log run on libuv's pool; with its four threads, four slow files or look-ups would make senders wait.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
// Files are for the owner only.
process.umask(0o077);

import('./command-line.ts').then(
  ({ runCommandLine }) => runCommandLine(process.argv),
  (error: unknown) => {
    // Nothing has been read yet, so that the message holds no data: the installation is not whole.
    process.stderr.write(`studybridge cannot start: ${error instanceof Error ? error.message : 'unknown'}\n`);
    process.exitCode = 1;
  },
);

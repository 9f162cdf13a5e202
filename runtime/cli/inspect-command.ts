// `inspect`: the records of a topic as JSON lines, from the running bridge or from the directory itself.

import { TOPICS } from '../../schemas/topics.ts';
import type { Configuration } from '../config/configuration.ts';
import { nearestName } from '../config/nearest-name.ts';
import { askBridge, ControlError } from '../control/control-client.ts';
import type { ControlRequest, InspectRequest } from '../control/control-protocol.ts';
import { isTopicName } from '../control/request-reader.ts';
import { openDataDirectory } from '../wiring/data-directory.ts';
import { configurationOf } from './check-config-command.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export interface InspectOptions {
  readonly config?: string;
  readonly from?: string;
  readonly limit?: number;
  readonly follow?: boolean;
  readonly reveal?: boolean;
}

export async function inspect(terminal: Terminal, topic: string, options: InspectOptions): Promise<ExitCode> {
  if (!isTopicName(topic)) {
    const names = Object.keys(TOPICS);
    const near = nearestName(topic, names);
    throw new CommandFailure(
      `no such topic; ${near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`}`,
    );
  }
  const { configuration } = configurationOf(options);
  const request: InspectRequest & { readonly command: 'inspect' } = {
    command: 'inspect',
    topic,
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    follow: options.follow === true,
    reveal: options.reveal === true,
  };
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  for await (const item of answers(configuration, request, stop.signal)) {
    terminal.print(JSON.stringify(item));
    await terminal.room();
  }
  return EXIT.done;
}

/** Asks the running bridge; when none runs, opens the directory. */
export async function* answers(
  configuration: Configuration,
  request: ControlRequest,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  let asked = false;
  try {
    for await (const item of askBridge(configuration.dataDirectory, request, signal)) {
      asked = true;
      yield item;
    }
    return;
  } catch (error) {
    if (signal.aborted) return;
    if (asked || !(error instanceof ControlError) || error.code !== 'process.not_running') throw error;
  }
  await using directory = await openDataDirectory(configuration);
  yield* directory.answer(request, signal);
}

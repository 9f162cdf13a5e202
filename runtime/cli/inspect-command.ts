// `inspect`: the records of a topic as JSON lines, from the running bridge or from the log itself.

import { TOPICS } from '../../schemas/topics.ts';
import { nearestName } from '../config/nearest-name.ts';
import type { InspectRequest } from '../control/control-protocol.ts';
import { isTopicName } from '../control/request-reader.ts';
import type { PartRole } from '../wiring/role.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.ts';
import { answers } from './running-bridges.ts';
import type { Terminal } from './terminal.ts';

export interface InspectOptions extends ConfigOptions {
  readonly role?: PartRole;
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
  for await (const item of answers(configuration, options.role, request, stop.signal)) {
    terminal.print(JSON.stringify(item));
    await terminal.room();
  }
  return EXIT.done;
}

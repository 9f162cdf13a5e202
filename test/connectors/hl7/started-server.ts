// An MLLP server on a free port over a fake log.
import { onTestFinished } from 'vitest';
import { createMllpServer, type MllpServer, type MllpServerOptions } from '../../../connectors/hl7/mllp-server.ts';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { parseSite, type Site } from '../../../schemas/identifiers.ts';
import { FakeLog } from './fake-log.ts';
import { MllpClient } from './mllp-client.ts';

export interface StartedServer {
  readonly log: FakeLog;
  readonly server: MllpServer;
  readonly port: number;
  client(options?: { readonly allowHalfOpen?: boolean }): Promise<MllpClient>;
}

export async function startServer(options: Partial<MllpServerOptions> = {}): Promise<StartedServer> {
  const log = new FakeLog();
  const server = createMllpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    codec: log.codec,
    clock: systemClock,
    telemetry: silentTelemetry,
    route: () => ({ site: testSite(), source: 'his' }),
    ...options,
  });
  await server.start(new AbortController().signal);
  const port = server.address?.port ?? 0;
  const clients: MllpClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.close();
    await server.drain(AbortSignal.timeout(2000));
  });
  return {
    log,
    server,
    port,
    client: async (clientOptions) => {
      const client = await MllpClient.open(port, clientOptions);
      clients.push(client);
      return client;
    },
  };
}

export function testSite(): Site {
  const site = parseSite('default');
  if (site === undefined) throw new Error('not a site');
  return site;
}

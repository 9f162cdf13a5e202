// A store SCP on a free port of loopback, with everything around it in the test's hands.
import { createStoreScp, type StoreScp, type StoreScpOptions } from '../../../connectors/dicom/store-scp.ts';
import type { StoreScpLimits } from '../../../connectors/dicom/store-scp-options.ts';
import { type Clock, systemClock } from '../../../runtime/contracts/clock.ts';
import { parseSite, type Site } from '../../../schemas/identifiers.ts';
import { DoorLog } from './door-log.ts';
import { FactRecorder } from './fact-recorder.ts';

export interface StartedScp extends AsyncDisposable {
  readonly scp: StoreScp;
  readonly log: DoorLog;
  readonly telemetry: FactRecorder;
  readonly port: number;
}

export interface ScpChanges {
  readonly clock?: Clock;
  readonly limits?: Partial<StoreScpLimits>;
  readonly route?: StoreScpOptions['route'];
  readonly calledAeTitles?: readonly string[];
}

export function testSite(name = 'default'): Site {
  const site = parseSite(name);
  if (site === undefined) throw new Error('not a site');
  return site;
}

export async function startedScp(changes: ScpChanges = {}): Promise<StartedScp> {
  const log = new DoorLog();
  const telemetry = new FactRecorder();
  const scp = createStoreScp({
    ...{ host: '127.0.0.1', port: 0, aeTitle: 'STUDYBRIDGE', clock: systemClock },
    ...{ log, codec: log.codec, telemetry },
    route: () => ({ site: testSite(), source: 'modalities' }),
    ...changes,
  });
  await scp.start(new AbortController().signal);
  const port = scp.address?.port ?? 0;
  return { scp, log, telemetry, port, [Symbol.asyncDispose]: () => scp[Symbol.asyncDispose]() };
}

/**
 * Plays a small hospital against a running bridge and compares what the sandbox cloud ends with.
 *
 * Plans are made from the seed alone, so a second run with the same seed sends the same bytes: all of it is duplicates, and
 * the cloud must still end with the same.
 */
import { type SimulatorClock, simulatorSystemClock } from '../simulator-clock.ts';
import { type CloudStudy, readCloudStudy, takesReports } from './cloud-reader.ts';
import { compareStudy, type Row, tableOf } from './comparison.ts';
import { type AcceptedItem, type ExpectedStudy, expectedStudies } from './expectation.ts';
import type { Hl7Message } from './hl7-message.ts';
import { type Act, writeScript } from './hospital-script.ts';
import { type Hl7Destination, MessageSender } from './message-sender.ts';
import type { ObjectSender } from './object-sender.ts';
import { createProgressDisplay, type ProgressDisplay } from './progress-display.ts';
import { createSendingPace, type SendingPace } from './sending-pace.ts';
import { createStoreEventSender } from './store-event-sender.ts';
import { createStoreSender, type DicomDestination } from './store-sender.ts';
import { planStudies } from './study-plan.ts';

export interface HospitalOptions {
  readonly hl7: Hl7Destination;
  readonly dicom: DicomDestination;
  /** The bridge's HTTP address, used where the DICOM library is not installed. */
  readonly bridgeUrl?: string;
  readonly sandboxUrl: string;
  readonly studies: number;
  readonly seed: number;
  /** Messages and objects a second; 0 for no limit. */
  readonly rate: number;
  /** How long to wait for the cloud, each time. */
  readonly waitMs: number;
  /** How long the cloud must stay equal once it is. Default 4 s, more than the sandbox's quiet time. */
  readonly settleMs?: number;
  readonly output: (line: string) => void;
  readonly signal: AbortSignal;
  readonly terminal: boolean;
  readonly clock?: SimulatorClock;
}

export interface HospitalOutcome {
  /** True when all was taken by the bridge and every study is as expected. */
  readonly equal: boolean;
  readonly rows: readonly Row[];
  /** What the bridge did not take, in plain words. */
  readonly refused: readonly string[];
}

const POLL_MS = 200;
/** Objects of one association. */
const BATCH_OBJECTS_MAX = 50;

/** Rejects when the bridge or the sandbox cannot be reached, or when the signal aborts. */
export async function playHospital(options: HospitalOptions): Promise<HospitalOutcome> {
  const { output, signal, sandboxUrl } = options;
  const clock = options.clock ?? simulatorSystemClock;
  const display = createProgressDisplay(output, options.terminal);
  const reportUpload = await takesReports(sandboxUrl, signal);
  const script = writeScript(planStudies(options.seed, options.studies));
  const objects = await chooseObjectSender(options);
  display.say(`seed ${options.seed}: ${describe(script)}; images by ${objects.way}`);
  const messages = new MessageSender(options.hl7, clock);
  const stage = new Stage(options, clock, display, messages, objects, script.length);
  try {
    for (const act of script) await stage.play(act);
  } finally {
    messages.close();
  }
  const expected = expectedStudies(stage.accepted, reportUpload);
  const rows = await awaitEqual(expected, options, clock, display);
  for (const line of tableOf(rows)) display.say(line);
  for (const line of stage.refused) display.say(`not taken: ${line}`);
  const equal = rows.every((row) => row.equal) && stage.refused.length === 0;
  display.say(verdict(rows, equal, options.waitMs));
  return { equal, rows, refused: stage.refused };
}

async function chooseObjectSender(options: HospitalOptions): Promise<ObjectSender> {
  const store = await createStoreSender(options.dicom);
  if (store !== undefined) return store;
  if (options.bridgeUrl === undefined) {
    throw new Error('the optional package dcmjs-dimse is not installed, and no HTTP address of the bridge is given');
  }
  options.output(
    'the optional package dcmjs-dimse is not installed: images are told by store events, not sent by C-STORE',
  );
  return createStoreEventSender(options.bridgeUrl);
}

/** Sends one act after another and keeps what the bridge accepted. */
class Stage {
  readonly accepted: AcceptedItem[] = [];
  readonly refused: string[] = [];
  readonly #options: HospitalOptions;
  readonly #clock: SimulatorClock;
  readonly #display: ProgressDisplay;
  readonly #messages: MessageSender;
  readonly #objects: ObjectSender;
  readonly #pace: SendingPace;
  readonly #actCount: number;
  #actsDone = 0;

  constructor(
    options: HospitalOptions,
    clock: SimulatorClock,
    display: ProgressDisplay,
    messages: MessageSender,
    objects: ObjectSender,
    actCount: number,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#display = display;
    this.#messages = messages;
    this.#objects = objects;
    this.#pace = createSendingPace(options.rate, clock);
    this.#actCount = actCount;
  }

  async play(act: Act): Promise<void> {
    await this.#perform(act);
    this.#actsDone += 1;
  }

  async #perform(act: Act): Promise<void> {
    switch (act.kind) {
      case 'order':
        if (await this.#sendMessage(act.message, 'order')) {
          this.accepted.push({ kind: 'order', study: act.study });
        }
        return;
      case 'report':
        if (await this.#sendMessage(act.message, 'report')) {
          this.accepted.push({ kind: 'report', study: act.study, report: act.report });
        }
        return;
      case 'objects':
        return this.#sendObjects(act);
      case 'await delivery':
        return this.#awaitDelivery(act);
    }
  }

  async #sendMessage(message: Hl7Message, what: string): Promise<boolean> {
    const { signal } = this.#options;
    await this.#pace(1, signal);
    this.#display.show(this.#actsDone, this.#actCount, 'steps', `${what} ${message.controlId}`);
    const code = await this.#messages.send(message, signal);
    if (code !== 'AA') this.refused.push(`${what} ${message.controlId}: answered ${code}`);
    return code === 'AA';
  }

  async #sendObjects(act: Extract<Act, { kind: 'objects' }>): Promise<void> {
    const { signal } = this.#options;
    for (let from = 0; from < act.objects.length; from += BATCH_OBJECTS_MAX) {
      const batch = act.objects.slice(from, from + BATCH_OBJECTS_MAX);
      await this.#pace(batch.length, signal);
      this.#display.show(
        this.#actsDone,
        this.#actCount,
        'steps',
        `${batch.length} objects of ${act.study.accessionNumber}`,
      );
      const refused = await this.#objects.send(batch, signal);
      const indices = new Set(refused.map((one) => one.index));
      for (const [index, object] of batch.entries()) {
        if (!indices.has(index)) this.accepted.push({ kind: 'object', study: act.study, object });
      }
      for (const one of refused) this.refused.push(`object ${batch[one.index]?.sopInstanceUid ?? ''}: ${one.reason}`);
    }
  }

  /** Sends on when the time is over too: what is late then comes early, and the end must be the same. */
  async #awaitDelivery(act: Extract<Act, { kind: 'await delivery' }>): Promise<void> {
    const { signal, sandboxUrl, waitMs } = this.#options;
    const endsAtMs = this.#clock.monotonicMs() + waitMs;
    const missing = new Set(act.studies.map((study) => study.accessionNumber));
    while (missing.size > 0 && this.#clock.monotonicMs() < endsAtMs) {
      for (const studyId of missing) {
        if ((await readCloudStudy(sandboxUrl, studyId, signal)) !== undefined) missing.delete(studyId);
      }
      const delivered = act.studies.length - missing.size;
      this.#display.show(
        delivered,
        act.studies.length,
        'studies delivered',
        'late images and corrections wait for them',
      );
      if (missing.size > 0) await this.#clock.sleep(POLL_MS, signal);
    }
  }
}

async function awaitEqual(
  expected: readonly ExpectedStudy[],
  options: HospitalOptions,
  clock: SimulatorClock,
  display: ProgressDisplay,
): Promise<readonly Row[]> {
  const endsAtMs = clock.monotonicMs() + options.waitMs;
  const seen = new Map<string, CloudStudy | undefined>();
  const rowsNow = () => expected.map((study) => compareStudy(study, seen.get(study.studyId)));
  const read = async (studies: readonly ExpectedStudy[]) => {
    for (const { studyId } of studies) {
      seen.set(studyId, await readCloudStudy(options.sandboxUrl, studyId, options.signal));
    }
  };
  for (;;) {
    await read(expected.filter((study) => !compareStudy(study, seen.get(study.studyId)).equal));
    const equal = rowsNow().filter((row) => row.equal).length;
    display.show(
      equal,
      expected.length,
      'studies equal at the cloud',
      equal < expected.length ? 'waiting for the others' : 'looking whether it stays so',
    );
    if (equal === expected.length) {
      // What is right now must not become wrong when the bridge sends once more.
      await clock.sleep(options.settleMs ?? 4_000, options.signal);
      await read(expected);
      if (rowsNow().every((row) => row.equal)) return rowsNow();
    }
    if (clock.monotonicMs() >= endsAtMs) return rowsNow();
    await clock.sleep(POLL_MS, options.signal);
  }
}

function describe(script: readonly Act[]): string {
  const messages = script.filter((act) => act.kind === 'order' || act.kind === 'report').length;
  const objects = script.reduce((sum, act) => sum + (act.kind === 'objects' ? act.objects.length : 0), 0);
  const studies = script.filter((act) => act.kind === 'order').length;
  return `${studies} studies, ${messages} HL7 messages, ${objects} objects`;
}

function verdict(rows: readonly Row[], equal: boolean, waitMs: number): string {
  if (equal) return `equal: all ${rows.length} studies at the cloud are as they were sent`;
  const wrong = rows.filter((row) => !row.equal);
  const missing = wrong.filter((row) => row.cloud === null).length;
  const hint =
    missing > 0 && missing === rows.length
      ? '; if this seed was played before and the sandbox was emptied since, play another seed: what was delivered once is not sent again'
      : '';
  return `NOT equal after ${Math.round(waitMs / 1000)} s: ${wrong.length} of ${rows.length} studies, ${missing} missing${hint}`;
}

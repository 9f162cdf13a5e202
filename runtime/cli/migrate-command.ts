// `migrate`: carries the embedded log of a data directory to Kafka while no bridge runs, and says how far it is.
import { systemClock } from '../contracts/clock.ts';
import { migrateToKafka } from '../migrate/migrate-to-kafka.ts';
import { type MigrationProgress, type MigrationReport, migrationTable } from '../migrate/migration-report.ts';
import { processTelemetry } from '../telemetry/process-telemetry.ts';
import { openRecordFormat } from '../wiring/record-format.ts';
import { bridgeTasks } from '../wiring/tasks.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.ts';
import { kafkaNeeded } from './kafka-needed.ts';
import { shutdownSignals } from './shutdown-signals.ts';
import { bold, type Terminal } from './terminal.ts';

const CLEAR_LINE = '\r\u001b[2K';
const BAR_CELLS = 24;
/** A bar that is drawn for every slice would cost more than the slice. */
const DRAW_EVERY_MS = 100;

/** Started again after it was stopped or killed, it goes on where it was. */
export async function migrate(terminal: Terminal, options: ConfigOptions): Promise<ExitCode> {
  const { configuration } = configurationOf(options);
  const kafka = kafkaNeeded(configuration, 'the log is carried there');
  const telemetry = processTelemetry('warn', {
    pretty: terminal.people,
    colour: terminal.people && terminal.colour,
    write: (line) => process.stderr.write(line),
  });
  using shutdown = shutdownSignals(telemetry, systemClock);
  const { signal } = shutdown;
  await using format = await openRecordFormat(configuration, 'write', telemetry, signal);
  const parts = { codec: format.codec, clock: systemClock, telemetry };
  const progress = progressLines(options.json !== true);
  try {
    const report = await migrateToKafka({
      ...kafka,
      ...parts,
      folder: configuration.dataDirectory,
      tasks: Object.values(bridgeTasks(configuration, { ...parts, accounts: new Map() })),
      progress: progress.show,
      signal,
    });
    progress.end();
    announce(terminal, report, options.json === true);
    return EXIT.done;
  } catch (error) {
    progress.end();
    if (signal.aborted) throw new CommandFailure('the migration was stopped; start it again and it goes on');
    throw error;
  }
}

function announce(terminal: Terminal, report: MigrationReport, json: boolean): void {
  if (json) {
    terminal.print(JSON.stringify(report));
    return;
  }
  if (report.finishedBefore) {
    terminal.print('this log was carried to Kafka before; nothing was done');
    return;
  }
  terminal.print(migrationTable(report).trimEnd());
  const seconds = (report.tookMs / 1000).toFixed(1);
  terminal.print(bold(terminal, `carried and compared in ${seconds} s: what stands on Kafka equals the embedded log`));
  terminal.print('Start the roles on Kafka next; this directory’s log is not opened by a bridge any more.');
}

interface ProgressLines {
  readonly show: (progress: MigrationProgress) => void;
  /** Leaves the terminal with a line of its own. */
  end(): void;
}

/** On a terminal one line that moves; elsewhere a line a subject, or none. */
function progressLines(wanted: boolean): ProgressLines {
  if (!wanted) return { show: () => {}, end: () => {} };
  return process.stderr.isTTY === true ? movingLine() : lineASubject();
}

function movingLine(): ProgressLines {
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    show: (progress) => {
      const nowMs = systemClock.monotonicMs();
      if (nowMs - drawnAtMs < DRAW_EVERY_MS && progress.done < progress.total) return;
      drawnAtMs = nowMs;
      drawn = true;
      process.stderr.write(`${CLEAR_LINE}${progressText(progress)}`);
    },
    end: () => {
      if (drawn) process.stderr.write('\n');
    },
  };
}

function lineASubject(): ProgressLines {
  let told = '';
  return {
    show: ({ step, subject }) => {
      const line = `${step}: ${subject}`;
      if (line !== told) process.stderr.write(`${line}\n`);
      told = line;
    },
    end: () => {},
  };
}

/** `[###---------------------]  12 %  records: hl7.messages`. */
export function progressText({ step, subject, done, total }: MigrationProgress): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const cells = Math.floor(part * BAR_CELLS);
  const percent = String(Math.floor(part * 100)).padStart(3);
  return `[${'#'.repeat(cells)}${'-'.repeat(BAR_CELLS - cells)}] ${percent} %  ${step}: ${subject}`;
}

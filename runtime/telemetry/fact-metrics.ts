// Metrics of the facts, by their declarations, and of the process.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { FACTS, type FactDeclaration, type FactMetric, type FactName } from '../contracts/telemetry.ts';

const PREFIX = 'studybridge_';

export interface FactMetrics {
  record(name: FactName, fields: Readonly<Record<string, string | number>>): void;
  gauge(name: string, help: string, labels: Readonly<Record<string, string>>, read: () => number): () => void;
  /** The Prometheus text form, version 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function factMetrics(): FactMetrics {
  const registry = new Registry();
  // Memory, processor time, open files, garbage collection and the lag of the event loop.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 10 });
  const meters = new Map<string, Meter>();
  const byFact = new Map<string, Meter>();
  for (const [name, fact] of Object.entries<FactDeclaration>(FACTS)) {
    if (fact.metric === undefined) continue;
    const meter = meters.get(fact.metric.name) ?? meterOf(fact.metric, registry);
    meters.set(fact.metric.name, meter);
    byFact.set(name, meter);
  }
  const gauges = new Map<string, Gauges>();
  return {
    record: (name, fields) => {
      const { metric }: FactDeclaration = FACTS[name];
      if (metric === undefined) return;
      byFact.get(name)?.(labelsOf(metric, fields), amount(metric, fields));
    },
    gauge: (name, help, labels, read) => {
      const known = gauges.get(name) ?? new Gauges(registry, PREFIX + name, help, Object.keys(labels));
      gauges.set(name, known);
      return known.add(labels, read);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

type Labels = Record<string, string>;
type Meter = (labels: Labels, amount: number) => void;

function meterOf(metric: FactMetric, registry: Registry): Meter {
  const name = PREFIX + metric.name;
  const shared = { name, help: metric.help, labelNames: [...metric.labels], registers: [registry] };
  if (metric.kind === 'counter') {
    const counter = new Counter(shared);
    // A counter without labels stands at 0 from the beginning, so that its first rise is seen.
    return (labels, value) => counter.inc(labels, value);
  }
  const histogram = new Histogram({
    ...shared,
    ...(metric.buckets === undefined ? {} : { buckets: [...metric.buckets] }),
  });
  return (labels, value) => histogram.observe(labels, value);
}

function labelsOf(metric: FactMetric, fields: Readonly<Record<string, string | number>>): Labels {
  return Object.fromEntries(metric.labels.map((label) => [label, String(fields[label] ?? '')]));
}

function amount(metric: FactMetric, fields: Readonly<Record<string, string | number>>): number {
  const value = metric.value === undefined ? 1 : fields[metric.value];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}

/** One gauge with a reader a set of labels, read when metrics are asked for. */
class Gauges {
  readonly #readers = new Set<{ readonly labels: Readonly<Labels>; readonly read: () => number }>();

  constructor(registry: Registry, name: string, help: string, labelNames: string[]) {
    const readers = this.#readers;
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, read } of readers) this.set({ ...labels }, read());
      },
    });
  }

  add(labels: Readonly<Labels>, read: () => number): () => void {
    const reader = { labels, read };
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}

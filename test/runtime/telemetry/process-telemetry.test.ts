// Facts become log lines and metrics, and nothing else does (invariant 8).
import { describe, expect, test } from 'vitest';
import { FACTS, type FactDeclaration, type Telemetry } from '../../../runtime/contracts/telemetry.ts';
import { type ProcessTelemetry, processTelemetry } from '../../../runtime/telemetry/process-telemetry.ts';
import { terminalLine } from '../../../runtime/telemetry/terminal-line.ts';

function telemetryInto(lines: string[], level: 'debug' | 'info' = 'debug'): ProcessTelemetry {
  return processTelemetry(level, { pretty: false, colour: false, write: (line) => lines.push(line) });
}

/** As a part does that passes on an error object: the compiler refuses it, so it goes through a widened function. */
function recordAnything(telemetry: Telemetry, name: string, fields: object): void {
  Reflect.apply(telemetry.record, telemetry, [name, fields]);
}

describe('a fact', () => {
  test('becomes one JSON line with its level, its name and its declared fields', () => {
    const lines: string[] = [];
    telemetryInto(lines).record('process.ready', { tookMs: 12 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      fact: 'process.ready',
      message: 'ready',
      tookMs: 12,
    });
  });

  test('below the level is not logged, and counted none the less', async () => {
    const lines: string[] = [];
    const telemetry = telemetryInto(lines, 'info');
    telemetry.record('http.refused', { reason: 'http.not_ready' });
    expect(lines).toEqual([]);
    expect(await telemetry.metrics.text()).toContain('studybridge_http_refused_total{reason="http.not_ready"} 1');
  });

  test('a histogram fact is observed in its unit', async () => {
    const telemetry = telemetryInto([]);
    telemetry.record('http.answered', { route: '/readyz', status: '200', tookSeconds: 0.25 });
    expect(await telemetry.metrics.text()).toContain(
      'studybridge_http_request_seconds_sum{route="/readyz",status="200"} 0.25',
    );
  });

  test('carries no field that is not declared and none of another type: canaries', async () => {
    const lines: string[] = [];
    const telemetry = telemetryInto(lines);
    const canary = 'CANARY-张三-13800138000';
    for (const [name, { fields }] of Object.entries<FactDeclaration>(FACTS)) {
      const given = Object.fromEntries(
        Object.entries(fields).map(([field, type]) => [field, type === 'number' ? canary : new Error(canary)]),
      );
      recordAnything(telemetry, name, { ...given, error: new Error(canary), patientName: canary });
    }
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.join('')).not.toContain('CANARY');
    expect(lines.join('')).not.toContain('stack');
  });
});

describe('metrics', () => {
  test('hold the process and the lag of the event loop', async () => {
    const text = await telemetryInto([]).metrics.text();
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  test('a gauge is read when asked for, a label set a reader, until it is taken back', async () => {
    const telemetry = telemetryInto([]);
    let value = 1;
    const takeBack = telemetry.gauge('test_waiting', 'Waiting.', { site: 'a' }, () => value);
    telemetry.gauge('test_waiting', 'Waiting.', { site: 'b' }, () => 7);
    value = 5;
    expect(await telemetry.metrics.text()).toContain('studybridge_test_waiting{site="a"} 5');
    takeBack();
    const text = await telemetry.metrics.text();
    expect(text).not.toContain('site="a"');
    expect(text).toContain('studybridge_test_waiting{site="b"} 7');
  });

  test('every declared metric has a name in lower case, counters end in _total, labels and values are fields', () => {
    for (const [name, { fields, metric }] of Object.entries<FactDeclaration>(FACTS)) {
      if (metric === undefined) continue;
      expect(metric.name, name).toMatch(metric.kind === 'counter' ? /^[a-z0-9_]+_total$/ : /^[a-z0-9_]+$/);
      for (const label of metric.labels) expect(fields[label], `${name} ${label}`).toBe('string');
      if (metric.value !== undefined) expect(fields[metric.value], name).toBe('number');
    }
  });
});

describe('a line for a terminal', () => {
  const json = JSON.stringify({
    level: 'warn',
    time: '2026-01-02T03:04:05.678Z',
    fact: 'x',
    message: 'm',
    n: 1,
    s: 'a\u001bb',
  });

  test('is one plain line, with no control character of a field', () => {
    expect(terminalLine(json, false)).toBe('03:04:05.678 warn  m  n=1 s=a?b\n');
  });

  test('has colour only where asked for', () => {
    expect(terminalLine(json, true)).toContain('\u001b[33mwarn');
  });
});

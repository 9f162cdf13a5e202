import { expect, test } from 'vitest';
import { cloudSiteView, parkedStudies, withdrawalsByHand } from '../../../sinks/cloud/cloud-view.ts';
import { ACCEPT, coded } from './scripted-cloud.ts';
import { withSink } from './sink-harness.ts';

test('cloud view: what waits, is retried, is parked and is to be withdrawn by hand', () =>
  withSink(async ({ cloud, sink }) => {
    cloud.script = (request) => {
      if (request.body.includes('PARK')) return coded(20030);
      return request.body.includes('LOCK') ? coded(30010) : ACCEPT;
    };
    for (const study of ['PARK1', 'PARK2', 'LOCK', 'GOOD']) sink.ask(study, 1);
    sink.ask('GONE', 1, { kind: 'withdrawal' });
    sink.ask('GONE', 1, { kind: 'withdrawal', reportId: 'R/1' });
    await sink.quiet(cloud);
    const { state } = sink.task;
    expect(cloudSiteView(state, 'north')).toEqual({
      site: 'north',
      waiting: 1,
      retrying: 1,
      oldestDueMs: sink.clock.nowMs() + 300_000,
      breaker: null,
      pausedUntilMs: undefined,
    });
    expect(
      parkedStudies(state, 'north', 10).map(({ studyKey, failureCode, cloudCode }) => [
        studyKey,
        failureCode,
        cloudCode,
      ]),
    ).toEqual([
      ['PARK1', 'cloud.invalid_data', 20030],
      ['PARK2', 'cloud.invalid_data', 20030],
    ]);
    expect(parkedStudies(state, 'north', 1)).toHaveLength(1);
    expect(withdrawalsByHand(state, 'north', 10).map(({ studyKey, reportId }) => [studyKey, reportId])).toEqual([
      ['GONE', null],
      ['GONE', 'R/1'],
    ]);
    expect(cloudSiteView(state, 'south').waiting).toBe(0);
  }));

test('cloud view: an open breaker and a pause are told', () =>
  withSink(async ({ cloud, sink }) => {
    cloud.script = () => coded(90003);
    sink.ask('S1', 1);
    await sink.quiet(cloud);
    expect(cloudSiteView(sink.task.state, 'north').breaker).toMatchObject({
      failureCode: 'cloud.not_authenticated',
      cloudCode: 90003,
    });
    cloud.script = () => ({ status: 503, headers: { 'retry-after': '600' } });
    await sink.advance(61_000, cloud);
    expect(cloudSiteView(sink.task.state, 'north').pausedUntilMs).toBeGreaterThan(sink.clock.nowMs() + 500_000);
  }));

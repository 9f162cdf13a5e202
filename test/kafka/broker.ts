// The Kafka broker that all tests of a run share: found, or started once for the run.
import { randomBytes } from 'node:crypto';
import { missingForMaven } from './maven-files.ts';
import { brokerJars, KAFKA_VERSIONS, type KafkaVersion } from './own-broker.ts';
import { askedOfKeeper, startedHere } from './run-keeper.ts';

export interface SharedServer {
  readonly available: boolean;
  /** Throws where it is not available: the tests that need it are skipped. */
  readonly address: string;
}

export interface SharedBroker {
  readonly available: boolean;
  /** `host:port` of a broker without encryption and authentication; throws where none is available. */
  readonly bootstrap: string;
}

/**
 * In this order: `KAFKA_BROKERS`, a container runtime, a broker fetched by Maven. To be awaited at the top of a test file,
 * for `describe.skipIf(!broker.available)`. With `REQUIRE_KAFKA=1` it throws where there is none.
 *
 * A version that is asked for is never that of `KAFKA_BROKERS`. Everyone uses it at once: topics begin with `randomPrefix()`, and nobody hurts it (`ownBroker` is for that).
 */
export async function kafkaBroker(version?: KafkaVersion): Promise<SharedBroker> {
  const given = version === undefined ? process.env['KAFKA_BROKERS'] : undefined;
  const wish = `kafka ${version ?? KAFKA_VERSIONS[0]}`;
  const server = await sharedServer(wish, given, 'a Kafka broker (set KAFKA_BROKERS)');
  return {
    available: server.available,
    get bootstrap() {
      return server.address;
    },
  };
}

/** Whether tests can start brokers of their own; fetches what they need, so that no test's time goes into that. */
export async function ownBrokersAvailable(version: KafkaVersion = KAFKA_VERSIONS[0]): Promise<boolean> {
  const missing = missingForMaven();
  if (missing === undefined) {
    await brokerJars(version);
    return true;
  }
  leftOut('a broker of their own', `no ${missing}`);
  return false;
}

/** Of topics, groups and transactional ids of one test. */
export function randomPrefix(): string {
  return `t${randomBytes(5).toString('hex')}.`;
}

/** A server that is given by the environment, or started by the run's keeper, or left out with one line. */
export async function sharedServer(wish: string, given: string | undefined, what: string): Promise<SharedServer> {
  if (given !== undefined && given !== '') return { available: true, address: given };
  const answer = (await askedOfKeeper(wish)) ?? (await startedHere(wish));
  if (answer.address !== undefined) return { available: true, address: answer.address };
  leftOut(what, answer.missing ?? 'none was started');
  return {
    available: false,
    get address(): string {
      throw new Error(`no server for the wish: ${wish}`);
    },
  };
}

/** Says in one line what is left out; fails where the environment promises that everything is there. */
export function leftOut(what: string, why: string): void {
  if (process.env['REQUIRE_KAFKA'] === '1') throw new Error(`REQUIRE_KAFKA=1, but here is no ${what}: ${why}`);
  console.warn(`left out: tests that need ${what}: ${why}`);
}

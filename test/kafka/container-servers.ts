// The broker and the registry in containers, where a container runtime is there; testcontainers is loaded only then.
import { existsSync } from 'node:fs';
import { freePort } from './free-port.ts';
import { type KafkaVersion, singleNodeProperties } from './own-broker.ts';

const REGISTRY_IMAGE = 'apicurio/apicurio-registry-mem:2.6.13.Final';

export interface ContainerServer extends AsyncDisposable {
  readonly address: string;
}

export function containerRuntimeIsThere(): boolean {
  return process.env['DOCKER_HOST'] !== undefined || existsSync('/var/run/docker.sock');
}

/** Apache's image; the port outside is chosen first, since the broker tells it to its clients. */
export async function kafkaInContainer(version: KafkaVersion): Promise<ContainerServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const port = await freePort();
  const properties: Readonly<Record<string, string>> = {
    'node.id': '1',
    'process.roles': 'broker,controller',
    listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': '1@localhost:9093',
    ...singleNodeProperties(),
  };
  const environment = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value]),
  );
  const container = await new GenericContainer(`apache/kafka:${version}`)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment(environment)
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void (await container.stop()) };
}

/** Apicurio in memory. */
export async function registryInContainer(): Promise<ContainerServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(REGISTRY_IMAGE)
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp('/apis/ccompat/v7/subjects', 8080))
    .start();
  return {
    address: `http://${container.getHost()}:${container.getMappedPort(8080)}/apis/ccompat/v7`,
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}

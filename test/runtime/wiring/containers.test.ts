// The container files, held against what the configuration declares: no engine is needed to see what contradicts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Configuration } from '../../../runtime/config/configuration.ts';
import { loadConfiguration } from '../../../runtime/config/load-configuration.ts';
import { PART_ROLES } from '../../../runtime/wiring/role.ts';
import { KAFKA_VERSIONS } from '../../kafka/own-broker.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

const service = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  configs: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
  network_mode: z.string().optional(),
  read_only: z.boolean().optional(),
  privileged: z.undefined().optional(),
  user: z.undefined().optional(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
});
const composeFile = z.object({
  services: z.record(z.string(), service),
  configs: z.record(z.string(), z.object({ content: z.string() })).default({}),
  volumes: z.record(z.string(), z.unknown()).default({}),
});
type ComposeFile = z.output<typeof composeFile>;
type Service = z.output<typeof service>;

function composed(name: string): ComposeFile {
  return composeFile.parse(parse(readFileSync(join(ROOT, name), 'utf8'), { merge: true }));
}

function serviceOf(file: ComposeFile, name: string): Service {
  const found = file.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

/** Throws with all faults when the bridge of this service would not start. */
function configurationOf(file: ComposeFile, { environment, configs }: Service): Configuration {
  const directory = mkdtempSync(join(tmpdir(), 'studybridge-compose-'));
  try {
    for (const { source, target } of configs) {
      expect(target).toBe('/app/studybridge.yaml');
      writeFileSync(join(directory, 'studybridge.yaml'), file.configs[source]?.content ?? '');
    }
    // As the image sets it.
    return loadConfiguration({ environment: { ...environment, STUDYBRIDGE_DATA_DIR: '/data' }, directory })
      .configuration;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Ports inside a container, of `127.0.0.1:8080:8080`. */
const insidePorts = ({ ports }: Service): number[] => ports.map((port) => Number(port.split(':').at(-1))).sort();

describe.each(['compose.yaml', 'compose.embedded.yaml'])('%s', (name) => {
  const file = composed(name);
  const services = Object.entries(file.services);

  test.each(services)('%s comes from the Dockerfile or from an image of one version', (_, { image, build }) => {
    expect([image, build].filter((source) => source !== undefined)).toHaveLength(1);
    if (image !== undefined) expect(image).toMatch(/^[a-z/-]+:\d+\.\d+\.\d+(\.Final)?$/);
  });

  test.each(services)('%s has a health check, unless it runs once and ends', (own, { build, healthcheck, command }) => {
    if (healthcheck?.disable === true) expect([own, command]).toEqual(['topics', ['topics', 'create']]);
    else if (build === undefined) expect(healthcheck?.test).toBeDefined();
  });

  test.each(services)('%s has few rights, and is published on loopback above port 1023 only', (_, own) => {
    expect(own.cap_drop).toEqual(['ALL']);
    expect(own.security_opt).toEqual(['no-new-privileges:true']);
    if (own.build !== undefined) expect(own.read_only).toBe(true);
    for (const port of own.ports) {
      const [host, outside, inside] = port.split(':');
      expect(host).toBe('127.0.0.1');
      expect(Math.min(Number(outside), Number(inside))).toBeGreaterThan(1023);
    }
  });

  test('every service, volume and file that is named is there', () => {
    for (const [, own] of services) {
      for (const other of Object.keys(own.depends_on)) expect(file.services).toHaveProperty(other);
      for (const volume of own.volumes) expect(file.volumes).toHaveProperty(volume.split(':')[0] ?? '');
      for (const { source } of own.configs) expect(file.configs).toHaveProperty(source);
      const shared = /^service:(.+)$/.exec(own.network_mode ?? 'service:sandbox')?.[1] ?? '';
      expect(file.services).toHaveProperty(shared);
    }
  });

  test('the bridge and the sandbox beside it agree on address, account and calls', () => {
    const sandbox = serviceOf(file, 'sandbox');
    const neighbour = serviceOf(file, (sandbox.network_mode ?? '').replace('service:', ''));
    const [cloud] = configurationOf(file, neighbour).sites.map((site) => site.cloud);
    const { command = [] } = sandbox;
    const option = (flag: string) => command[command.indexOf(flag) + 1];
    expect(cloud).toMatchObject({
      url: `http://127.0.0.1:${option('--port')}`,
      appId: option('--app-id'),
      token: sandbox.environment['STUDYBRIDGE_CLOUD_TOKEN'],
      reportPath: '/ris/report/add',
      deletePath: '/ris/study/delete',
    });
    expect(insidePorts(neighbour)).toContain(Number(option('--port')));
    expect(sandbox.healthcheck?.test?.join(' ')).toContain(`http://127.0.0.1:${option('--port')}/`);
  });
});

describe('compose.yaml', () => {
  const file = composed('compose.yaml');
  const roles = PART_ROLES.map((role) => serviceOf(file, role));

  test('runs each role by its name, all with one configuration that has no fault', () => {
    expect(roles.map(({ command }) => command)).toEqual(PART_ROLES.map((role) => ['run', role]));
    const [first, ...others] = [...roles, serviceOf(file, 'topics')].map((own) => configurationOf(file, own));
    for (const other of others) expect(other).toEqual(first);
  });

  test('names the broker and the registry as their services listen', () => {
    const kafka = serviceOf(file, 'kafka');
    const { connection, layout } = configurationOf(file, serviceOf(file, 'sinks')).kafka ?? {};
    expect(kafka.environment['KAFKA_ADVERTISED_LISTENERS']).toContain(`PLAINTEXT://${connection?.brokers[0]}`);
    expect(kafka.environment['KAFKA_AUTO_CREATE_TOPICS_ENABLE']).toBe('false');
    expect(layout).toMatchObject({ replicationFactor: 1, minInSyncReplicas: 1 });
    const { schemaRegistry } = configurationOf(file, serviceOf(file, 'sinks'));
    expect(schemaRegistry?.url).toBe('http://registry:8080/apis/ccompat/v7');
    expect(insidePorts(serviceOf(file, 'registry'))).toEqual([8080]);
    expect(serviceOf(file, 'registry').environment['KAFKA_BOOTSTRAP_SERVERS']).toBe(connection?.brokers[0]);
  });

  test('starts the roles when broker and registry are healthy and the topics are made', () => {
    for (const { depends_on } of roles) {
      expect(depends_on).toEqual({
        kafka: { condition: 'service_healthy' },
        registry: { condition: 'service_healthy' },
        topics: { condition: 'service_completed_successfully' },
      });
    }
  });

  test('publishes the doors of the connectors, and shares no directory between processes', () => {
    const connectors = serviceOf(file, 'connectors');
    const { hl7, dicom, http } = configurationOf(file, connectors);
    expect(insidePorts(connectors)).toEqual([hl7.port, dicom.port, http.port].sort());
    expect(roles.flatMap(({ volumes }) => volumes)).toEqual(['connectors:/data']);
  });

  test('runs the broker that the tests run', () => {
    expect(serviceOf(file, 'kafka').image).toBe(`apache/kafka:${KAFKA_VERSIONS[0]}`);
    const inTests = readFileSync(join(ROOT, 'test/kafka/container-servers.ts'), 'utf8');
    const version = serviceOf(file, 'registry').image?.split(':')[1] ?? 'none';
    expect(inTests).toContain(`:${version}'`);
  });
});

describe('the Dockerfile', () => {
  const configuration = loadConfiguration({ environment: {}, directory: tmpdir() }).configuration;

  test('builds in one stage and runs in another, slim and without rights', () => {
    expect([...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map((match) => match[1])).toEqual([
      'node:22-slim',
      'node:22-slim',
    ]);
    expect(/^USER (\S+)$/m.exec(DOCKERFILE)?.[1]).toBe('node');
    expect(DOCKERFILE).toContain('npm prune --omit=dev');
  });

  test('exposes the ports, asks for readiness where every role answers, and starts the command of the package', () => {
    const { hl7, dicom, http } = configuration;
    expect(DOCKERFILE).toContain(`EXPOSE ${hl7.port} ${dicom.port} ${http.port}\n`);
    expect(DOCKERFILE).toContain(`process.env.STUDYBRIDGE_HTTP_PORT || ${http.port}}/readyz`);
    const manifest: { readonly bin: { readonly studybridge: string } } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    expect(DOCKERFILE).toContain(`ENTRYPOINT ["node", "${manifest.bin.studybridge}"]`);
  });

  test('is given the sources that the build compiles', () => {
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    const compiled = [
      'bench',
      'codecs',
      'connectors',
      'processors',
      'runtime',
      'schemas',
      'simulator',
      'sinks',
      'test',
    ];
    expect(compiled.filter((folder) => ignored.includes(folder))).toEqual([]);
  });
});

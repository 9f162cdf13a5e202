// The options of the schema registry.
import * as z from 'zod';
import { choice, optionalText } from './option.ts';

export const registrySection = z
  .strictObject({
    url: optionalText(/^https?:\/\/[^\s]{1,500}$/i, {
      variable: 'SCHEMA_REGISTRY_URL',
      sentence:
        'Address of a registry with Confluent’s interface. With it records are written in Confluent’s wire format, without it in Avro’s single-object encoding; both are read. Only together with Kafka.',
      expects: 'an http or https address without credentials',
      example: 'https://registry.example.org',
    }),
    mode: choice(['register', 'lookup'], 'register', {
      variable: 'STUDYBRIDGE_SCHEMA_REGISTRY_MODE',
      sentence: 'Whether schemas that the registry lacks are registered at the start, or are a fault.',
    }),
    username: optionalText(/^[\x20-\x39\x3b-\x7e]{1,200}$/, {
      variable: 'STUDYBRIDGE_SCHEMA_REGISTRY_USERNAME',
      sentence: 'User at the registry (basic authentication).',
      expects: 'printable text without a colon',
      example: 'studybridge',
    }),
    passwordFile: z.string().min(1).max(4096).optional().meta({
      variable: 'STUDYBRIDGE_SCHEMA_REGISTRY_PASSWORD_FILE',
      sentence: 'File whose first line is the password; or the variable STUDYBRIDGE_SCHEMA_REGISTRY_PASSWORD holds it.',
      expects: 'the path of a readable file',
      example: '/run/secrets/registry-password',
    }),
    caFile: z.string().min(1).max(4096).optional().meta({
      variable: 'STUDYBRIDGE_SCHEMA_REGISTRY_CA_FILE',
      sentence: 'Certificate authorities (PEM) to trust for the registry instead of the system’s.',
      expects: 'the path of a readable file',
      example: '/etc/studybridge/registry-ca.pem',
    }),
  })
  .prefault({})
  .meta({ sentence: 'A schema registry, so that others can read the topics.' });

export type RegistrySection = z.output<typeof registrySection>;

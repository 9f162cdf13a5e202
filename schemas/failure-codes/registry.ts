// Failure codes of this part: meaning and remedy.
export const REGISTRY_FAILURES = {
  'registry.unreachable': {
    meaning: 'The schema registry does not answer, or answers that it cannot serve requests.',
    remedy: 'Check SCHEMA_REGISTRY_URL, the network and the registry itself; then start again.',
  },
  'registry.untrusted': {
    meaning: 'The certificate of the schema registry is not trusted, is out of date or is for another name.',
    remedy: 'Set schemaRegistry.caFile to the authority that issued it, or have the certificate renewed.',
  },
  'registry.unauthorized': {
    meaning: 'The schema registry refuses the user, the password, or what the user asks for.',
    remedy: 'Check the user and password, and that the user may read and register the subjects of the topics.',
  },
  'registry.refused': {
    meaning: 'The schema registry refuses a request, or answers as no schema registry does.',
    remedy:
      'Check that SCHEMA_REGISTRY_URL ends where the Confluent-compatible API begins (Apicurio: /apis/ccompat/v7), and read what the registry says.',
  },
  'registry.incompatible': {
    meaning: 'A schema of the bridge and what the registry holds for its subject cannot read each other’s records.',
    remedy:
      'Find who else registered schemas for the subject; delete theirs from the registry, or run the release of the bridge that fits.',
  },
  'registry.schema_missing': {
    meaning: 'The registry does not hold a schema of the bridge, and the bridge may not register it.',
    remedy:
      'Register the schema for the subject named, or set schemaRegistry.mode to register; the schemas stand in schemas/*.avsc.',
  },
} as const;

// A telemetry that keeps what is recorded, for a test to look at.
import type { FactFields, FactName, Telemetry } from '../../../../runtime/contracts/telemetry.ts';

export interface RecordedFacts {
  readonly telemetry: Telemetry;
  of(name: FactName): readonly Readonly<Record<string, unknown>>[];
}

export function factRecorder(): RecordedFacts {
  const recorded: { readonly name: FactName; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  return {
    telemetry: {
      record: <Name extends FactName>(name: Name, fields: FactFields<Name>) => void recorded.push({ name, fields }),
      gauge: () => () => {},
    },
    of: (wanted) => recorded.filter(({ name }) => name === wanted).map(({ fields }) => fields),
  };
}

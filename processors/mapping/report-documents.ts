// The PDFs of a result: OBX of type ED, base64 in OBX-5.5.
import { type MappingDraft, report } from './mapping-draft.ts';
import type { Observation } from './observation.ts';

const PDF_BEGINNING = Buffer.from('%PDF-');

/** ED: source application, type of data, subtype, encoding, data. Source: HL7 v2.5.1, section 2.A.24. */
export function reportDocuments(draft: MappingDraft, lines: readonly Observation[]): readonly Uint8Array[] {
  const documents: Uint8Array[] = [];
  for (const { segment: obx, valueType } of lines) {
    if (valueType !== 'ED' || obx.text(5, 3).toUpperCase() !== 'PDF') continue;
    const data = obx.text(5, 5);
    if (data === '') continue;
    const document = pdf(data, obx.text(5, 4));
    if (document === undefined) report(draft, 'report', 'OBX-5', 'mapping.invalid_document');
    else documents.push(document);
  }
  return documents;
}

/** Node's decoder skips line breaks, which senders put into base64; what is no PDF is told by its first bytes. */
function pdf(data: string, encoding: string): Uint8Array | undefined {
  if (encoding.toUpperCase() !== 'BASE64') return undefined;
  const bytes = Buffer.from(data, 'base64');
  return bytes.subarray(0, PDF_BEGINNING.length).equals(PDF_BEGINNING) ? bytes : undefined;
}

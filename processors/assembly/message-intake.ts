// Takes a message's orders and reports into their dossiers, and its PDFs into `documents`.
import { hash } from 'node:crypto';
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import { type Failure, failed } from '../../schemas/failure.ts';
import type { Hl7Message } from '../../schemas/records.ts';
import type { MappedGroup, MappedIdentifiers, MappingFinding } from '../mapping/mapped-message.ts';
import type { AssemblySettings } from './assembly-settings.ts';
import type { AssemblyContext } from './assembly-state.ts';
import type { Cause, Dossier } from './dossier.ts';
import { openDossier } from './dossier-index.ts';
import { combinedGroups } from './message-groups.ts';
import { messageStamp } from './message-stamp.ts';
import { factId, withOrder } from './order-fact.ts';
import { withReport } from './report-fact.ts';

/** `documents` keeps for 90 days by default: a PDF that comes again after half of that is put there again. */
const DOCUMENT_RENEWED_AFTER_MS = 45 * 86_400_000;

const UNIDENTIFIED: MappingFinding = {
  field: 'accessNumber',
  where: 'OBR',
  code: 'assembly.group_without_identifier',
};

export function takeMessage(
  message: Hl7Message,
  groups: readonly MappedGroup[],
  cause: Omit<Cause, 'fact'>,
  settings: AssemblySettings,
  codec: RecordCodec,
  context: AssemblyContext,
): Failure | undefined {
  if (groups.length === 0) return failed('assembly.nothing_usable', 'the message holds no order and no report').failure;
  const identified = groups.filter(({ identifiers }) => isIdentified(identifiers));
  if (identified.length === 0) {
    return failed('assembly.no_identifier', 'no order or report of the message can be told from others').failure;
  }
  const stamp = messageStamp(message, settings.timezone);
  let refused: Failure | undefined;
  for (const combined of combinedGroups(identified)) {
    const group =
      identified.length === groups.length ? combined : { ...combined, findings: [UNIDENTIFIED, ...combined.findings] };
    if (!takeGroup(message, group, stamp, cause, settings, context)) {
      refused = failed('assembly.dossier_full', 'too many orders and reports share an identifier of this one').failure;
    } else if (group.kind === 'report' && settings.reportDelivery) {
      for (const pdf of group.report.pdfs) keepDocument(message.site, pdf, cause, codec, context);
    }
  }
  return refused;
}

function takeGroup(
  { site, receivedAtMs }: Hl7Message,
  group: MappedGroup,
  stamp: string,
  cause: Omit<Cause, 'fact'>,
  settings: AssemblySettings,
  context: AssemblyContext,
): boolean {
  const id = factId(group.identifiers);
  const isIt = (fact: { readonly id: string }) => fact.id === id;
  const holds = ({ orders, reports }: Dossier) => (group.kind === 'order' ? orders : reports).some(isIt);
  // A fact's identifiers are what it is known by.
  const found = openDossier(site, group.identifiers, receivedAtMs, { holds, holdsAsNamed: holds }, context);
  if (found === undefined) return false;
  const { key, dossier } = found;
  const { position, trace, atMs } = cause;
  const fresh = [...dossier.fresh, { position, trace, atMs, fact: id }];
  if (group.kind === 'order') {
    const fact = withOrder(dossier.orders.find(isIt), group, stamp);
    context.state.dossiers.set(key, withFacts(dossier, fresh, withFact(dossier.orders, fact), dossier.reports));
  } else {
    const fact = withReport(dossier.reports.find(isIt), group, stamp, settings);
    context.state.dossiers.set(key, withFacts(dossier, fresh, dossier.orders, withFact(dossier.reports, fact)));
  }
  context.touch(key);
  return true;
}

/** Written out: a spread costs several times as much, and this is done for each message. */
function withFacts(
  { sinceMs, keysMade, images, studies }: Dossier,
  fresh: Dossier['fresh'],
  orders: Dossier['orders'],
  reports: Dossier['reports'],
): Dossier {
  return { sinceMs, keysMade, orders, reports, images, studies, fresh };
}

function withFact<F extends { readonly id: string }>(facts: readonly F[], fact: F): readonly F[] {
  const at = facts.findIndex(({ id }) => id === fact.id);
  return at === -1 ? [...facts, fact] : facts.with(at, fact);
}

function isIdentified(identifiers: MappedIdentifiers): boolean {
  const { accessionNumber, placerOrderNumber, fillerOrderNumber, studyInstanceUid } = identifiers;
  return (accessionNumber ?? placerOrderNumber ?? fillerOrderNumber ?? studyInstanceUid) !== undefined;
}

/** Once by content: the same PDF comes with every version of a report. */
function keepDocument(
  site: string,
  content: Uint8Array,
  { trace, position }: Omit<Cause, 'fact'>,
  codec: RecordCodec,
  context: AssemblyContext,
): void {
  const { state, nowMs } = context;
  const name = hash('sha256', content, 'hex');
  const key = `${site}/${name}`;
  const keptAtMs = state.documents.get(key);
  if (keptAtMs !== undefined && nowMs - keptAtMs < DOCUMENT_RENEWED_AFTER_MS) return;
  state.documents.set(key, nowMs);
  const document = { site, hash: name, mediaType: 'application/pdf', createdAtMs: nowMs, content };
  context.emit(codec.entry('documents', document, { trace, causation: position }));
}

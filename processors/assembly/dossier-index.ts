/**
 * Finds the dossier of a fact by the identifiers they share, and makes one of several.
 *
 * Accession and filler numbers are one name space here, since a filler number stands in place of a missing accession.
 * Sharing a dossier is no join: it only means that facts are looked at together (`fact-links.ts` decides). Dossiers are
 * bounded; an identifier that everything shares (a placer number `0`) fills one dossier and then joins nothing more.
 */
import { hash } from 'node:crypto';
import type { MappedIdentifiers } from '../mapping/mapped-message.ts';
import type { AssemblyContext } from './assembly-state.ts';
import { type Dossier, EMPTY_DOSSIER, type StudyEntry } from './dossier.ts';
import { imageAccession } from './images-fact.ts';
import { mergedOrder } from './order-fact.ts';
import { mergedReport } from './report-fact.ts';

/**
 * Facts a dossier may hold for one more to be let in by an identifier of this kind. A placer number is the first to be
 * shared by strangers; what it lets in leaves room for what the accession numbers bring later.
 */
const FACTS_MAX: { readonly [Kind in TokenKind]: number } = { study: 96, exam: 64, placer: 12 };

type TokenKind = 'study' | 'exam' | 'placer';

interface Token {
  readonly kind: TokenKind;
  /** As it stands in the key after the site. */
  readonly text: string;
}

export interface FoundDossier {
  /** With the site. */
  readonly key: string;
  readonly dossier: Dossier;
}

export interface FactSearch {
  /** Whether the dossier knows the fact already, which then needs no room. */
  holds(dossier: Dossier): boolean;
  /** Whether it knows it by these same identifiers. */
  holdsAsNamed(dossier: Dossier): boolean;
}

/**
 * The dossier that holds everything these identifiers lead to; a new one when nothing is known. undefined: it is full.
 * What is merged is written; the dossier itself is the caller's to change and set.
 */
export function openDossier(
  site: string,
  identifiers: MappedIdentifiers,
  sinceMs: number,
  fact: FactSearch,
  context: AssemblyContext,
): FoundDossier | undefined {
  const { state } = context;
  const tokens = identifierTokens(identifiers);
  let found: FoundDossier | undefined;
  const unknown: string[] = [];
  for (const { kind, text } of tokens) {
    const name = state.identifiers.get(`${site}/${text}`);
    const key = `${site}/${name}`;
    if (found?.key === key) continue;
    const dossier = name === undefined ? undefined : state.dossiers.get(key);
    if (dossier === undefined) {
      unknown.push(text);
      continue;
    }
    if (found !== undefined) {
      found = merge(found, { key, dossier }, FACTS_MAX[kind], context) ?? found;
      continue;
    }
    if (fact.holdsAsNamed(dossier)) {
      found = { key, dossier };
      // The other identifiers led here when the fact came, or to a dossier too full to be united with this one; since
      // dossiers only grow, it still is.
      break;
    }
    if (sizeOf(dossier) < FACTS_MAX[kind] || fact.holds(dossier)) found = { key, dossier };
    // The stronger identifiers are new and this one is taken by too many: a dossier of its own, found by the stronger.
    else if (unknown.length === 0) return undefined;
  }
  const [strongest] = tokens;
  if (strongest === undefined) return undefined;
  found ??= { key: `${site}/${strongest.text}`, dossier: { ...EMPTY_DOSSIER, sinceMs } };
  const name = found.key.slice(site.length + 1);
  for (const text of unknown) state.identifiers.set(`${site}/${text}`, name);
  return found;
}

/** Strongest first. A long identifier becomes its hash, since keys are bounded. */
export function identifierTokens(identifiers: MappedIdentifiers): readonly Token[] {
  const { accessionNumber, placerOrderNumber, fillerOrderNumber, studyInstanceUid } = identifiers;
  const tokens: Token[] = [];
  const add = (kind: TokenKind, value: string | undefined) => {
    if (value === undefined) return;
    const text = `${kind}/${keyText(value)}`;
    if (!tokens.some((known) => known.text === text)) tokens.push({ kind, text });
  };
  add('study', studyInstanceUid);
  add('exam', accessionNumber);
  add('exam', fillerOrderNumber);
  add('placer', placerOrderNumber);
  return tokens;
}

/** A text from outside as part of a key: itself, or its hash when it is long. */
export function keyText(value: string): string {
  return value.length <= 100 ? value : hash('sha256', value, 'hex');
}

/** undefined: together they are too large; each stays for itself. */
function merge(a: FoundDossier, b: FoundDossier, factsMax: number, context: AssemblyContext): FoundDossier | undefined {
  const [older, younger] = isOlder(a, b) ? [a, b] : [b, a];
  if (sizeOf(a.dossier) + sizeOf(b.dossier) >= factsMax) return undefined;
  const dossier: Dossier = {
    sinceMs: older.dossier.sinceMs,
    keysMade: older.dossier.keysMade,
    orders: united(older.dossier.orders, younger.dossier.orders, mergedOrder),
    reports: united(older.dossier.reports, younger.dossier.reports, mergedReport),
    images: united(older.dossier.images, younger.dossier.images, (known, other) =>
      known.current.revision >= other.current.revision ? known : other,
    ),
    studies: [...older.dossier.studies, ...younger.dossier.studies].sort(olderEntryFirst),
    fresh: [...older.dossier.fresh, ...younger.dossier.fresh],
  };
  repoint(younger, older.key, context);
  context.state.dossiers.delete(younger.key);
  context.state.dossiers.set(older.key, dossier);
  context.touch(older.key);
  return { key: older.key, dossier };
}

function repoint({ key, dossier }: FoundDossier, newKey: string, { state }: AssemblyContext): void {
  const site = key.slice(0, key.indexOf('/'));
  const [oldName, newName] = [key.slice(site.length + 1), newKey.slice(site.length + 1)];
  const move = (text: string) => {
    // An identifier may have stayed with a third, full dossier.
    if (state.identifiers.get(`${site}/${text}`) === oldName) state.identifiers.set(`${site}/${text}`, newName);
  };
  const moveAll = (identifiers: MappedIdentifiers) => {
    for (const { text } of identifierTokens(identifiers)) move(text);
  };
  for (const { identifiers } of [...dossier.orders, ...dossier.reports]) moveAll(identifiers);
  for (const { studyInstanceUid, current } of dossier.images) {
    moveAll(imageIdentifiers(studyInstanceUid, imageAccession(current)));
  }
  // Its own name is an identifier that no fact need hold any more.
  move(oldName);
}

export function imageIdentifiers(studyInstanceUid: string, accession: string | undefined): MappedIdentifiers {
  return accession === undefined ? { studyInstanceUid } : { studyInstanceUid, accessionNumber: accession };
}

function sizeOf({ orders, reports, images }: Dossier): number {
  return orders.length + reports.length + images.length;
}

function united<F extends { readonly id: string }>(
  older: readonly F[],
  younger: readonly F[],
  merged: (a: F, b: F) => F,
): readonly F[] {
  const byId = new Map(older.map((fact) => [fact.id, fact]));
  for (const fact of younger) {
    const known = byId.get(fact.id);
    byId.set(fact.id, known === undefined ? fact : merged(known, fact));
  }
  return [...byId.values()];
}

function isOlder(a: FoundDossier, b: FoundDossier): boolean {
  if (a.dossier.sinceMs !== b.dossier.sinceMs) return a.dossier.sinceMs < b.dossier.sinceMs;
  return a.key < b.key;
}

function olderEntryFirst(a: StudyEntry, b: StudyEntry): number {
  if (a.sinceMs !== b.sinceMs) return a.sinceMs - b.sinceMs;
  return a.studyKey < b.studyKey ? -1 : 1;
}

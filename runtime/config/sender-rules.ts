// Which senders are taken, and which source and site a message, an object or a store event belongs to.
import type { Site } from '../../schemas/identifiers.ts';
import { addressRanges, isLoopback } from './address-range.ts';
import type { Configuration, SiteConfiguration } from './configuration.ts';

export interface SenderRules<Sender extends { readonly address: string }> {
  /** Before anything is read: whether any source may call from this address. */
  admits(address: string): boolean;
  /** The first source that fits, in the order of the file; undefined: refused by rule. */
  sourceOf(sender: Sender): SenderSource | undefined;
}

export interface SenderSource {
  readonly site: Site;
  /** Name of the source; `any` where a site without sources takes every sender on this machine. */
  readonly source: string;
  readonly defaultCharset?: string;
}

export interface Hl7Sender {
  readonly address: string;
  /** MSH-3.1 */
  readonly application: string;
  /** MSH-4.1 */
  readonly facility: string;
}

export interface DicomSender {
  readonly address: string;
  /** Absent for store events. */
  readonly callingAeTitle?: string;
  /** (0008,0080); absent before an object has come. */
  readonly institution?: string;
  /** The source a store event names. */
  readonly source?: string;
}

export function hl7SenderRules(configuration: Configuration): SenderRules<Hl7Sender> {
  return rules(
    configuration,
    (site) => site.hl7Sources,
    (source, sender) =>
      fits(source.sendingApplication, sender.application) && fits(source.sendingFacility, sender.facility),
  );
}

export function dicomSenderRules(configuration: Configuration): SenderRules<DicomSender> {
  return rules(
    configuration,
    (site) => site.dicomSources,
    (source, sender) =>
      (sender.source === undefined || source.name === sender.source) &&
      fits(source.callingAeTitle?.trim(), sender.callingAeTitle?.trim()) &&
      fits(source.institution, sender.institution),
  );
}

interface RuleSource {
  readonly name: string;
  readonly addresses?: readonly string[] | undefined;
  readonly defaultCharset?: string | undefined;
}

interface Rule<Source> extends SenderSource {
  readonly declared: Source;
  readonly from: (address: string) => boolean;
}

function rules<Source extends RuleSource, Sender extends { readonly address: string }>(
  configuration: Configuration,
  sourcesOf: (site: SiteConfiguration) => readonly Source[],
  describes: (source: Source, sender: Sender) => boolean,
): SenderRules<Sender> {
  const declared: Rule<Source>[] = configuration.sites.flatMap((site) =>
    sourcesOf(site).map((source) => ({
      site: site.site,
      source: source.name,
      declared: source,
      ...charset(source.defaultCharset ?? site.hl7DefaultCharset),
      from: source.addresses === undefined ? isLoopback : addressRanges(source.addresses),
    })),
  );
  const open = openSite(configuration, sourcesOf);
  return {
    admits: (address) => (open !== undefined && isLoopback(address)) || declared.some((rule) => rule.from(address)),
    sourceOf: (sender) =>
      declared.find((rule) => rule.from(sender.address) && describes(rule.declared, sender)) ??
      (isLoopback(sender.address) ? open : undefined),
  };
}

/** The one site without sources of this kind takes any sender on this machine; of several, none could be chosen. */
function openSite<Source>(
  configuration: Configuration,
  sourcesOf: (site: SiteConfiguration) => readonly Source[],
): SenderSource | undefined {
  const [site, another] = configuration.sites.filter((candidate) => sourcesOf(candidate).length === 0);
  if (site === undefined || another !== undefined) return undefined;
  return { site: site.site, source: 'any', ...charset(site.hl7DefaultCharset) };
}

function charset(defaultCharset: string | undefined): { readonly defaultCharset?: string } {
  return defaultCharset === undefined ? {} : { defaultCharset };
}

function fits(expected: string | undefined, found: string | undefined): boolean {
  return expected === undefined || found === undefined || expected === found;
}

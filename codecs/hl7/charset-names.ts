// Names of character sets as HL7 senders write them, and what their bytes are decoded with.

/** What bytes can be decoded with. `gb18030` stands for the whole GB family, of which it is the superset. */
export type CharsetLabel =
  | 'us-ascii'
  | 'utf-8'
  | 'utf-16le'
  | 'utf-16be'
  | 'gb18030'
  | 'big5'
  | 'euc-kr'
  | `iso-8859-${number}`;

/** A longer value is no name. */
const NAME_LENGTH_MAX = 40;

/** Table 0211 and what is written in its place; spaces, hyphens, slashes and underscores do not count. */
const LABELS: ReadonlyMap<string, CharsetLabel> = new Map<string, CharsetLabel>([
  ['ASCII', 'us-ascii'],
  ['USASCII', 'us-ascii'],
  ['ISOIR6', 'us-ascii'],
  ['UNICODE', 'utf-8'],
  ['UNICODEUTF8', 'utf-8'],
  ['UTF8', 'utf-8'],
  ['GBK', 'gb18030'],
  ['CP936', 'gb18030'],
  ['GB2312', 'gb18030'],
  ['GB23121980', 'gb18030'],
  ['BIG5', 'big5'],
  ['KSX1001', 'euc-kr'],
]);
/** The spellings most senders use, found without rewriting them. */
const USUAL: ReadonlyMap<string, CharsetLabel> = new Map<string, CharsetLabel>([
  ['UNICODE UTF-8', 'utf-8'],
  ['UNICODE', 'utf-8'],
  ['UTF-8', 'utf-8'],
  ['GB 18030-2000', 'gb18030'],
  ['GB18030', 'gb18030'],
  ['GBK', 'gb18030'],
  ['GB2312', 'gb18030'],
  ['ASCII', 'us-ascii'],
  ['8859/1', 'iso-8859-1'],
]);
const GB18030 = /^GB18030(?:\d{4})?$/;
/** The parts a decoder exists for: all but 12, which was never made, and 16. */
const ISO_8859 = /^(?:ISO)?8859([1-9]|1[01345])$/;

/** The label of a name; undefined when the text names no character set known here. */
export function charsetLabel(name: string): CharsetLabel | undefined {
  if (name.length > NAME_LENGTH_MAX) return undefined;
  const usual = USUAL.get(name);
  if (usual !== undefined) return usual;
  const normal = name.toUpperCase().replace(/[\s/_-]+/g, '');
  const label = LABELS.get(normal);
  if (label !== undefined) return label;
  if (GB18030.test(normal)) return 'gb18030';
  const part = ISO_8859.exec(normal)?.[1];
  return part === undefined ? undefined : `iso-8859-${Number(part)}`;
}

// What Chinese hospital text is: hanzi, placeholders, and how parts are joined.

/** What is written where nothing is known. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(['无', '同上', '0']);
/** No placeholder is longer, nor is the explicit null. */
const NOTHING_LENGTH_MAX = 2;

/** HL7's explicit null: delete what was said before. Source: HL7 v2.5.1, section 2.5.3. */
export const EXPLICIT_NULL = '""';

/** The text without blanks around it; '' for a placeholder or an explicit null. */
export function meaningful(text: string): string {
  const trimmed = mayHoldBlanks(text) ? text.trim() : text;
  if (trimmed.length > NOTHING_LENGTH_MAX) return trimmed;
  return PLACEHOLDERS.has(trimmed) || trimmed === EXPLICIT_NULL ? '' : trimmed;
}

/** Around the text: to trim costs as much as to find a field, and what needs it is rare. */
function mayHoldBlanks(text: string): boolean {
  return !(isSign(text.charCodeAt(0)) && isSign(text.charCodeAt(text.length - 1)));
}

/** Of ASCII or CJK, where no blank is. */
function isSign(unit: number): boolean {
  return (unit > 0x20 && unit < 0x7f) || (unit > 0x3000 && unit < 0xd800);
}

/** Whether a character is a CJK ideograph: the unified block, extension A, the compatibility block, or the planes 2 and 3. */
export function holdsHanzi(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x3400) continue;
    if (unit <= 0x9fff || (unit >= 0xf900 && unit <= 0xfaff)) return true;
    // High surrogates of U+20000 to U+3FFFF.
    if (unit >= 0xd840 && unit <= 0xd8bf) return true;
  }
  return false;
}

/** A person or a department given as one bare component is a name when it holds a hanzi or a space, otherwise an id. */
export function isName(text: string): boolean {
  return text.includes(' ') || holdsHanzi(text);
}

/** Chinese parts stand side by side; a blank separates two that both are not Chinese. */
export function joined(parts: readonly string[]): string {
  let whole = '';
  for (const part of parts) {
    if (part === '') continue;
    const apart = whole !== '' && !holdsHanzi(whole) && !holdsHanzi(part);
    whole += apart ? ` ${part}` : part;
  }
  return whole;
}

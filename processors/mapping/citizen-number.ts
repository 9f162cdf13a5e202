// The check character of a citizen number.

/** Weights of the first 17 digits. Source: ISO 7064 MOD 11-2 as GB 11643-1999 applies it. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS = '10X98765432';

/** The number with an upper-case X, or undefined when it has not 18 characters or fails the check. */
export function citizenNumber(text: string): string | undefined {
  if (text.length !== 18) return undefined;
  let sum = 0;
  for (let at = 0; at < 17; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    sum += digit * (WEIGHTS[at] ?? 0);
  }
  const check = text.charAt(17).toUpperCase();
  return CHECK_CHARACTERS[sum % 11] === check ? text.slice(0, 17) + check : undefined;
}

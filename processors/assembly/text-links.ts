// Texts that lead to other texts. Most lead to one or to nothing: only several are kept as a set.

export class TextLinks {
  #links: Map<string, string | Set<string>> | undefined;

  /** Nothing, when one of the two is not known. */
  add(from: string | undefined, to: string | undefined): void {
    if (from === undefined || to === undefined) return;
    this.#links ??= new Map();
    const known = this.#links.get(from);
    if (known === undefined) this.#links.set(from, to);
    else if (typeof known !== 'string') known.add(to);
    else if (known !== to) this.#links.set(from, new Set([known, to]));
  }

  has(from: string): boolean {
    return this.#links?.has(from) === true;
  }

  /** undefined: it leads nowhere, or to several. */
  only(from: string): string | undefined {
    const known = this.#links?.get(from);
    return typeof known === 'string' ? known : undefined;
  }

  leadsToSeveral(from: string): boolean {
    return typeof this.#links?.get(from) === 'object';
  }

  all(from: string): Iterable<string> {
    const known = this.#links?.get(from);
    if (known === undefined) return [];
    return typeof known === 'string' ? [known] : known;
  }
}

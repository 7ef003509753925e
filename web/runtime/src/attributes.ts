/** Reads attributes as the native components do: a value outside the rule counts as not given. */

/** What attributes are read from. */
export interface Attributes {
  getAttribute(name: string): string | null;
}

/** A switch: absent is `otherwise`; `false` and `{{false}}`-like texts are off, anything else is on. */
export function flag(of: Attributes, name: string, otherwise: boolean): boolean {
  const value = of.getAttribute(name);
  return value === null ? otherwise : !/^(false|0|no|off)$/i.test(value.trim());
}

/** A number within bounds. */
export function number(of: Attributes, name: string, otherwise: number, least: number, most: number): number {
  const value = of.getAttribute(name);
  const read = value === null || value.trim() === '' ? Number.NaN : Number(value);
  return read >= least && read <= most ? read : otherwise;
}

/** One of several words. */
export function choice<T extends string>(of: Attributes, name: string, words: readonly T[], otherwise: T): T {
  const value = of.getAttribute(name);
  return words.find((word) => word.toLowerCase() === value?.trim().toLowerCase()) ?? otherwise;
}

/** A text; empty if absent. */
export function text(of: Attributes, name: string): string {
  return of.getAttribute(name)?.trim() ?? '';
}

/** A set of words, of which unknown ones are ignored; null if the attribute is absent. */
export function words(of: Attributes, name: string): Set<string> | null {
  const value = of.getAttribute(name);
  return value === null ? null : new Set(value.toLowerCase().split(/[\s,]+/).filter((word) => word !== ''));
}

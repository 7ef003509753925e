/** What `setData` takes, as it arrives: on phones it crosses from one thread to another as text. */

/** Beyond this the tools of the platform warn, characters. */
const WARN_LENGTH = 1024 * 1024;

/** A copy without functions; a circle is refused as on phones. */
export function copyData(data: unknown, where: string): Record<string, unknown> {
  let size = 0;
  const open = new Set<object>();
  const copy = (value: unknown): unknown => {
    if (typeof value === 'string') {
      size += value.length;
      return value;
    }
    if (typeof value !== 'object' || value === null) {
      return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
    }
    if (value instanceof Date) {
      return value.toJSON();
    }
    if (open.has(value)) {
      throw new TypeError(`setData of ${where}: the data contains itself`);
    }
    open.add(value);
    const made = Array.isArray(value)
      ? value.map((item) => copy(item) ?? null)
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]).filter(([, item]) => item !== undefined));
    open.delete(value);
    return made;
  };
  if (typeof data !== 'object' || data === null) {
    throw new TypeError(`setData of ${where}: it takes an object`);
  }
  const entries = Object.entries(data).map(([key, value]) => {
    if (value === undefined) {
      console.warn(`setData of ${where}: ${key} is undefined, which phones ignore`);
    }
    return [key, copy(value)] as const;
  });
  if (size > WARN_LENGTH) {
    console.warn(`setData of ${where}: ${Math.round(size / 1024)} KiB at once is slow on phones; 1024 KiB are too much`);
  }
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The template compiler, which is WebAssembly. */
import * as compiler from 'glass-easel-template-compiler';
import type { TmplGroup } from 'glass-easel-template-compiler';

/** The build replaces the part of the package that reads its file from a disk by this function. */
interface Startable {
  startWith?(source: Response | Promise<Response>): Promise<void>;
}

/** A group of templates to compile; `address` is where the compiler's code is. */
export async function openCompiler(address: string): Promise<TmplGroup> {
  await (compiler as unknown as Startable).startWith?.(fetch(address));
  return new compiler.TmplGroup();
}

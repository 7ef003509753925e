/** Where the page gets its credential: from the address, from what the user pasted, or from a server that runs the demo. */
import { say } from './language.js';
import type { Credential } from './address.js';

const PATH = 'demo/usersig';

/** Whether this server mints credentials for anybody, which it does only with its own demo application. */
export async function demoIsOpen(base: string): Promise<boolean> {
  try {
    const response = await fetch(new URL(PATH, base));
    const { app } = (await response.json()) as { app?: unknown };
    return typeof app === 'number';
  } catch {
    return false;
  }
}

/** A credential of the demo application. Rejects with a sentence. */
export async function mint(base: string, user: string): Promise<Credential> {
  let response: Response;
  try {
    const headers = { 'content-type': 'application/json' };
    response = await fetch(new URL(PATH, base), { method: 'POST', headers, body: JSON.stringify({ user }) });
  } catch {
    throw new Error(say('serverSilent'));
  }
  const answer = (await response.json().catch(() => ({}))) as { app?: number; userSig?: string; message?: string };
  if (!response.ok || answer.app === undefined || answer.userSig === undefined) {
    throw new Error(say('failedBecause', { detail: answer.message ?? response.statusText }));
  }
  return { app: answer.app, user, sig: answer.userSig };
}

/** Where the page gets its credential: from the address, from what the user pasted, or from a server that runs the demo. */
import type { Credential } from './address.js';
import { make } from './dom.js';
import { say } from './language.js';
import type { Key } from './texts.js';

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

/** The fields for a credential that somebody else has issued. */
export class CredentialFields {
  readonly element: HTMLElement;
  private readonly app: HTMLInputElement;
  private readonly sig: HTMLInputElement;

  /** They are shown where the server mints none, or the address has brought one. */
  constructor(
    given: Credential | null,
    readonly needed: boolean,
  ) {
    this.app = make('input', { id: 'appid', inputmode: 'numeric', autocomplete: 'off', value: given?.app ?? '' });
    this.sig = make('input', { id: 'sig', autocomplete: 'off', spellcheck: 'false', value: given?.sig ?? '' });
    const row = (input: HTMLInputElement, text: Key): HTMLElement => make('div', { class: 'row' }, make('label', { for: input.id, text }), input);
    this.element = make(
      'fieldset',
      { hidden: !needed },
      make('legend', { text: 'credentials' }),
      make('small', { text: 'credentialsHelp' }),
      row(this.app, 'appId'),
      row(this.sig, 'userSig'),
    );
  }

  /** What is missing; null if nothing. */
  get wrong(): 'credentialMissing' | null {
    const { app, sig } = this.read('');
    return this.needed && (!(app > 0) || sig === '') ? 'credentialMissing' : null;
  }

  read(user: string): Credential {
    return { app: Number(this.app.value.trim()), user, sig: this.sig.value.trim() };
  }

  /** The first field that is to be filled in. */
  focus(): void {
    (this.sig.value.trim() === '' ? this.sig : this.app).focus();
  }
}

/** The demo site: a lobby and a meeting, calls, voice rooms, and conferences. */
import { endpoint } from '@huitong/core';
import { webPlatform } from '@huitong/web-platform';
import { audioContext } from '@huitong/web-media';
import { define, shared } from '@huitong/web-runtime';
import { readAddress, roomOf } from './address.js';
import type { Asked, Credential } from './address.js';
import { CallsPage } from './calls/page.js';
import { ConferencePage } from './conference/page.js';
import { demoIsOpen } from './credentials.js';
import { begin, say } from './language.js';
import { Lobby } from './lobby.js';
import { Me } from './me.js';
import type { Mode } from './modes.js';
import { beginTheme } from './top.js';
import { MeetingView } from './view.js';
import { VoicePage } from './voice/page.js';

/** The folder of the page, without `#` and query: the server may be under a path of a proxy. */
const base = new URL('.', location.href).href;
const platform = webPlatform();
const app = document.querySelector('#app') as HTMLElement;

/** The page that is shown now, as far as the links at its top may lead away from it. */
let home: { mode: Mode; room: string; busy(): boolean; close(): void } | null = null;

function lobby(asked: Asked, demo: boolean, notice: string): void {
  const page = new Lobby({
    me: new Me(),
    asked,
    base,
    demo,
    notice,
    enter: (credential, room) => {
      const me = page.me;
      home = null;
      page.close();
      enter(asked, demo, me, credential, room);
    },
  });
  home = { mode: 'rooms', room: '', busy: () => false, close: () => { page.close(); page.me.close(); } };
  app.replaceChildren(page.element);
}

/** The other things that the site is for. */
function show(mode: Exclude<Mode, 'rooms'>, asked: Asked, demo: boolean): void {
  const server = endpoint(base);
  if (!server) {
    lobby(asked, demo, say('serverSilent'));
    return;
  }
  const options = { platform, endpoint: server, base, asked, demo };
  const page = mode === 'calls' ? new CallsPage(options) : mode === 'voice' ? new VoicePage(options) : new ConferencePage(options);
  home = { mode, room: asked.room, busy: () => page.busy, close: () => page.close() };
  app.replaceChildren(page.element);
}

function begins(asked: Asked, demo: boolean): void {
  if (asked.mode === 'rooms') {
    lobby(asked, demo, '');
  } else {
    show(asked.mode, asked, demo);
  }
}

/** The address was changed, by one of the links or by the user: to the other page, unless something is on. */
function turn(asked: Asked, demo: boolean): void {
  const { mode, room } = readAddress(location.search, location.hash);
  const invited = mode === 'conference' && room !== '' && room !== home?.room;
  if (home && !home.busy() && (mode !== home.mode || invited)) {
    home.close();
    begins({ ...asked, mode, room, call: '' }, demo);
  }
}

function enter(asked: Asked, demo: boolean, me: Me, credential: Credential, roomName: string): void {
  const server = endpoint(base);
  const room = roomOf(roomName);
  if (!server || !room) {
    lobby(asked, demo, say('serverSilent'));
    return;
  }
  audioContext(); // The click that joins is the touch that browsers want before they play sound.
  const view = new MeetingView({ platform, endpoint: server, credential, room, me }, roomName, (sentence) => {
    lobby({ ...asked, name: credential.user, room: roomName }, demo, sentence);
  });
  app.replaceChildren(view.element);
  scrollTo(0, 0); // The form may have been scrolled, and the meeting is as high as the window.
}

/** What stays in the address of a page that came with a credential. */
function hashOf({ mode, room }: Asked): string {
  const which = mode === 'conference' && room !== '' ? `?${new URLSearchParams({ room })}` : '';
  return mode === 'rooms' ? '' : `#${mode}${which}`;
}

async function start(): Promise<void> {
  const asked = readAddress(location.search, location.hash);
  begin(asked.language);
  beginTheme();
  define();
  if (asked.play === 'whep' || asked.play === 'flv' || asked.play === 'ws-flv') {
    shared.transport = asked.play;
  }
  if (asked.credential || asked.call !== '') {
    // Nobody reads a credential from the address bar, and a contact is added once.
    const query = new URLSearchParams(location.search);
    query.delete('call');
    history.replaceState(null, '', `${location.pathname}${query.size > 0 ? `?${query}` : ''}${hashOf(asked)}`);
  }
  const demo = await demoIsOpen(base);
  begins(asked, demo);
  window.addEventListener('hashchange', () => turn(asked, demo));
}

void start();

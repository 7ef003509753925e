/** The demo site: a lobby and a meeting, calls, and voice rooms. */
import { endpoint } from '@huitong/core';
import { webPlatform } from '@huitong/web-platform';
import { audioContext } from '@huitong/web-media';
import { define, shared } from '@huitong/web-runtime';
import { readAddress, roomOf } from './address.js';
import type { Asked, Credential } from './address.js';
import { CallsPage } from './calls/page.js';
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
let home: { mode: Mode; busy(): boolean; close(): void } | null = null;

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
  home = { mode: 'rooms', busy: () => false, close: () => { page.close(); page.me.close(); } };
  app.replaceChildren(page.element);
}

function calls(asked: Asked, demo: boolean): void {
  const server = endpoint(base);
  if (!server) {
    lobby(asked, demo, say('serverSilent'));
    return;
  }
  const page = new CallsPage({ platform, endpoint: server, base, asked, demo });
  home = { mode: 'calls', busy: () => page.busy, close: () => page.close() };
  app.replaceChildren(page.element);
}

function voice(asked: Asked, demo: boolean): void {
  const server = endpoint(base);
  if (!server) {
    lobby(asked, demo, say('serverSilent'));
    return;
  }
  const page = new VoicePage({ platform, endpoint: server, base, asked, demo });
  home = { mode: 'voice', busy: () => page.busy, close: () => page.close() };
  app.replaceChildren(page.element);
}

function show(mode: Mode, asked: Asked, demo: boolean): void {
  if (mode === 'calls') {
    calls(asked, demo);
  } else if (mode === 'voice') {
    voice(asked, demo);
  } else {
    lobby(asked, demo, '');
  }
}

const modeOf = ({ calls: wantsCalls, voice: wantsVoice }: Asked): Mode => (wantsCalls ? 'calls' : wantsVoice ? 'voice' : 'rooms');

/** The address was changed, by one of the links or by the user: to the other page, unless a meeting or a call is on. */
function turn(asked: Asked, demo: boolean): void {
  const wanted = modeOf(readAddress(location.search, location.hash));
  if (home && !home.busy() && wanted !== home.mode) {
    home.close();
    show(wanted, { ...asked, call: '' }, demo);
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
    history.replaceState(null, '', `${location.pathname}${query.size > 0 ? `?${query}` : ''}${asked.calls ? '#calls' : asked.voice ? '#voice' : ''}`);
  }
  const demo = await demoIsOpen(base);
  show(modeOf(asked), asked, demo);
  window.addEventListener('hashchange', () => turn(asked, demo));
}

void start();

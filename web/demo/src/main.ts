/** The demo site: a lobby, and a meeting. */
import { endpoint } from '@huitong/core';
import { webPlatform } from '@huitong/web-platform';
import { audioContext } from '@huitong/web-media';
import { define, shared } from '@huitong/web-runtime';
import { readAddress, roomOf } from './address.js';
import type { Asked, Credential } from './address.js';
import { demoIsOpen } from './credentials.js';
import { begin, say } from './language.js';
import { Lobby } from './lobby.js';
import { Me } from './me.js';
import { beginTheme } from './top.js';
import { MeetingView } from './view.js';

/** The folder of the page, without `#` and query: the server may be under a path of a proxy. */
const base = new URL('.', location.href).href;
const platform = webPlatform();
const app = document.querySelector('#app') as HTMLElement;

function lobby(asked: Asked, demo: boolean, notice: string): void {
  const page = new Lobby({
    me: new Me(),
    asked,
    base,
    demo,
    notice,
    enter: (credential, room) => {
      const me = page.me;
      page.close();
      enter(asked, demo, me, credential, room);
    },
  });
  app.replaceChildren(page.element);
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
  if (asked.credential) {
    history.replaceState(null, '', location.pathname + location.search); // Nobody reads it from the address bar.
  }
  lobby(asked, await demoIsOpen(base), '');
}

void start();

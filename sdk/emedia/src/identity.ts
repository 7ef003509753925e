/**
 * Who asks, as the application's own messaging keeps it in `wx.WebIM`. It is read whenever something is asked, and at each login. The
 * token there may be that of the messaging product, which this server cannot know: then the application sets `wx.huitong.userSig`.
 */
import { settings, shared } from '@huitong/wx-platform';

/** A user of an application. */
export interface Who {
  app: number;
  user: string;
  sig: string;
  names: Names;
}

/** How users are called on pages: `appKey_user@domain`. */
export interface Names {
  appKey: string;
  domain: string;
}

const DOMAIN = 'easemob.com';
/** `org#app_user@domain/resource`. Names of applications have no underscore, those of users may. */
const FULL_NAME = /^([^#]*#[^_]*)_(.+)@([^@/]+)(?:\/.*)?$/;

/** The user of now, or the sentence that says what is missing. */
export function findWho(): Who | string {
  const { accessToken, jid } = contextOf();
  const sig = settings().userSig || accessToken;
  if (typeof sig !== 'string' || sig === '') {
    return 'wx.WebIM.conn.context.accessToken is missing: set it, or wx.huitong.userSig, to the UserSig of this user.';
  }
  const named = typeof jid === 'string' ? parse(jid) : parts(jid);
  if (!named) {
    return 'wx.WebIM.conn.context.jid must be { appKey, name, domain } or a text such as org#app_user@domain.';
  }
  const { user, names } = named;
  const id = names.appKey.slice(names.appKey.indexOf('#') + 1);
  const app = /^[1-9]\d{0,9}$/.test(id) ? Number(id) : Number(settings().app);
  if (!(app > 0)) {
    return `The application ${names.appKey} has no number: let its key end in one (org#1400000001), or set wx.huitong.app.`;
  }
  return { app, user, sig, names };
}

/** The credential of this user as it is now; empty if somebody else asks by now. */
export function latestSig({ app, user }: Who): string {
  const now = findWho();
  return typeof now !== 'string' && now.app === app && now.user === user ? now.sig : '';
}

/** What pages call a user. */
export const fullName = ({ appKey, domain }: Names, user: string): string => `${appKey}_${user}@${domain}`;

/** The user in a name as pages write it, full or bare. */
export function bareName({ appKey, domain }: Names, name: string): string {
  const [head, tail] = [`${appKey}_`, `@${domain}`];
  const full = name.slice(0, head.length) === head && name.slice(-tail.length) === tail;
  return full ? name.slice(head.length, -tail.length) : name;
}

function contextOf(): { accessToken?: unknown; jid?: unknown } {
  const im = shared('WebIM') as { conn?: { context?: object } } | undefined;
  return im?.conn?.context ?? {};
}

function parts(jid: unknown): Pick<Who, 'user' | 'names'> | null {
  const { appKey, name, domain } = (jid ?? {}) as Record<string, unknown>;
  if (typeof appKey !== 'string' || (typeof name !== 'string' && typeof name !== 'number') || name === '') {
    return null;
  }
  return { user: String(name), names: { appKey, domain: typeof domain === 'string' && domain !== '' ? domain : DOMAIN } };
}

function parse(jid: string): Pick<Who, 'user' | 'names'> | null {
  const [, appKey, user, domain] = FULL_NAME.exec(jid) ?? [];
  return appKey !== undefined && user !== undefined && domain !== undefined ? { user, names: { appKey, domain } } : null;
}

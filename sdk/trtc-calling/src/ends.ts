/** Which events a call ends with. Every invitee's own end is told once, whether the server tells it alone or with the call's. */
import type { Call, CallEnding, ParticipantState } from '@huitong/core';
import { EVENT } from './constants.js';
import type { EventCode } from './constants.js';
import { ACTION, isGroup, signalMessage } from './message.js';

/** How a call ended here. */
export interface Ending {
  call: Call;
  reason: CallEnding;
  durationMs: number;
  /** This user has called. */
  sponsor: boolean;
  self: string;
  /** Who is in the room still. */
  users: string[];
  /** This user was connected. */
  connected: boolean;
}

const SECOND_MS = 1000;

/** What other devices and other ends of an invitation are called. */
const CANCELLED: Partial<Record<CallEnding, string>> = {
  answeredElsewhere: 'answered elsewhere',
  refusedElsewhere: 'refused elsewhere',
};

/** Ends of a call by which the others have left the room, and not only this user. */
const OTHERS_LEFT: readonly CallEnding[] = ['hungUp', 'lost', 'dissolved', 'ended'];

/** States of an invitee that has not answered, and those that end its invitation. */
const OPEN: readonly ParticipantState[] = ['ringing', 'offline'];
const ENDED: readonly ParticipantState[] = ['rejected', 'busy', 'timedOut', 'unreachable'];

/** States of an invitee that end its invitation, by the end of a call of two that says the same. */
const OUT: Partial<Record<CallEnding, ParticipantState>> = {
  rejected: 'rejected', busy: 'busy', timedOut: 'timedOut', unreachable: 'unreachable',
};

/** See the head of the file. */
export class Ends {
  private readonly told = new Set<string>();

  constructor(private readonly emit: (code: EventCode, data?: unknown) => void) {}

  /** Another call begins. */
  begin(): void {
    this.told.clear();
  }

  /** At the sponsor: an invitee is now in this state. */
  participant(call: Call, user: string, state: ParticipantState): void {
    if (state === 'connected') {
      this.emit(EVENT.USER_ACCEPT, { userID: user });
    } else {
      this.invitees(call, [user], state);
    }
  }

  /** At the sponsor: the call goes on, and some have declined by now. */
  already(call: Call): void {
    call.participants.forEach(({ user, state }) => this.invitees(call, [user], state));
  }

  /** The call is over here; the component is idle already. */
  over(ending: Ending): void {
    if (ending.connected) {
      this.talkEnded(ending);
    } else if (ending.sponsor) {
      this.unanswered(ending);
    } else {
      this.invitationEnded(ending);
    }
  }

  /** Tells the end of invitations, unless it was told. */
  private invitees(call: Call, users: string[], state: ParticipantState): void {
    const fresh = users.filter((user) => !this.told.has(user));
    const inviteID = call.call;
    const nobody = { inviteID, timeoutUserList: fresh, groupID: call.group ?? '', sponsor: call.caller };
    if (fresh.length === 0 || ENDED.indexOf(state) < 0) {
      return;
    }
    fresh.forEach((user) => this.told.add(user));
    if (state === 'rejected') {
      fresh.forEach((invitee) => this.emit(EVENT.REJECT, { invitee, inviteID, reason: 'reject' }));
    } else if (state === 'busy') {
      fresh.forEach((invitee) => this.emit(EVENT.LINE_BUSY, { invitee, inviteID, reason: 'line busy' }));
    } else {
      this.emit(state === 'timedOut' ? EVENT.CALLING_TIMEOUT : EVENT.NO_RESP, nobody);
    }
  }

  private talkEnded({ call, reason, durationMs, users }: Ending): void {
    if (OTHERS_LEFT.indexOf(reason) >= 0) {
      users.forEach((userID) => this.emit(EVENT.USER_LEAVE, { userID }));
    }
    const seconds = isGroup(call) ? 0 : Math.round(durationMs / SECOND_MS);
    const message = signalMessage(call, ACTION.invite, { callEnd: seconds });
    this.emit(EVENT.CALL_END, { message, sponsor: call.caller, inviteID: call.call, call_end: seconds });
  }

  private unanswered({ call, reason }: Ending): void {
    const invited = call.participants.filter(({ user }) => user !== call.caller);
    for (const ended of ENDED) {
      const open = OUT[reason] === ended ? OPEN : [];
      const users = invited.filter(({ state }) => state === ended || open.indexOf(state) >= 0).map(({ user }) => user);
      this.invitees(call, users, ended);
    }
    // Whoever called one person and was refused has heard it: the published component resets without a further word.
    if (isGroup(call) || (reason !== 'rejected' && reason !== 'busy')) {
      this.emit(EVENT.CALL_END, { inviteID: call.call, sponsor: call.caller, call_end: 0 });
    }
  }

  private invitationEnded({ call, reason, self }: Ending): void {
    const inviteID = call.call;
    const sponsor = call.caller;
    if (reason !== 'timedOut' && reason !== 'unreachable') {
      this.emit(EVENT.CALLING_CANCEL, { invitee: self, inviteID, sponsor, reason: CANCELLED[reason] ?? 'cancelled' });
      return;
    }
    this.emit(EVENT.CALLING_TIMEOUT, { inviteID, timeoutUserList: [self], groupID: call.group ?? '', sponsor });
    const goesOn = isGroup(call) && call.participants.some(({ user, state }) => user !== self && state === 'connected');
    if (!goesOn) {
      this.emit(EVENT.CALL_END, { inviteID, sponsor, call_end: 0 });
    }
  }
}


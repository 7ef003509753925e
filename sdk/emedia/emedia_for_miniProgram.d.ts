/** Types of `emedia_for_miniProgram.js`. */

declare namespace emedia {
  /** 0: one has left; 1 no answer; 2 refused or removed; 3 busy; 4 failed; 5 not supported; 10 another device; 11 closed. */
  type ExitReason = 0 | 1 | 2 | 3 | 4 | 5 | 10 | 11;

  interface Member {
    /** `MS_…`, another one at each entry. */
    id: string;
    /** `appKey_user@domain`. */
    name: string;
    globalName: string;
    memName: string;
    /** The user alone. */
    userName: string;
    nickName: string;
    /** What it gave at its entry. */
    ext: any;
    role: number;
    isSelf?: true;
    [key: string]: any;
  }

  interface Stream {
    id: string;
    /** 1: the picture is off. */
    voff: 0 | 1;
    /** 1: the sound is off. */
    aoff: 0 | 1;
    memId: string;
    memName: string;
    rtcId: string;
    /** 0 camera and microphone, 1 screen. */
    type: number;
    owner: Member;
    /** In onStreamRemoved: `Unpub`, or why its sender is out. */
    closeReason?: string | number;
  }

  interface Confr {
    confrId: string;
    id: string;
    serverConfrId: string;
    password: string;
    roleToken: string;
    /** JSON text, for joinConferenceWithTicket. */
    ticket: string;
    type: number;
    mixed?: boolean;
    /** After an entry. */
    memberId?: string;
    role?: number;
    /** After joinRoom, if the conference was made by it. */
    isCreator?: true;
  }

  /** A result, and the same as the body of an HTTP reply. Of a join the text of it is the id of the member, of a ticket its text. */
  type Result<T> = T & { error: 0; data: T & { error: 0 }; statusCode: number; header: object };

  /** What promises reject with. */
  interface Trouble {
    error: number;
    message: string;
    /** The stable word for the error. */
    code?: string;
    failed?: number;
  }

  interface JoinRoomOption {
    roomName: string;
    password?: string;
    /** 7, 3 or 1. */
    role: number;
    config?: {
      nickName?: string;
      rec?: boolean;
      recMerge?: boolean;
      maxTalkerCount?: number;
      maxVideoCount?: number;
      maxAudienceCount?: number;
      maxPubDesktopCount?: number;
      ext?: any;
      /** An addition: 10, 11 or 12. */
      confrType?: number;
      /** An addition: false if audience may not ask to talk. Of who makes the conference. */
      allowAudienceTalk?: boolean;
      /** An addition: true for [subMix] in conferences of other types than 11. Of each who enters. */
      mix?: boolean;
    };
  }

  type JoinFailed = { error: -1 | -523; message: string; reaseon: Trouble; reason: Trouble };

  interface Calls {
    success?: (result: any) => void;
    error?: (trouble: Trouble) => void;
  }

  interface Attribute {
    key: string;
    val: string;
    op: 'UPDATE' | 'DEL';
    memName?: string;
  }

  interface Manager {
    readonly ConfrType: { COMMUNICATION: 10; COMMUNICATION_MIX: 11; LIVE: 12; P2P: 13; INTERCOMM: 14 };
    readonly Role: { ADMIN: 7; TALKER: 3; AUDIENCE: 1; HIDING: 9 };

    setHost(url: string): void;
    createConference(confrType: number | string, password?: string, rec?: boolean, recMerge?: boolean): Promise<Result<Confr>>;
    getConferenceTkt(confrId: string, password?: string): Promise<Result<Confr>>;
    joinConference(confrId: string, password?: string, ext?: any): Promise<Result<Confr>>;
    joinConferenceWithTicket(confrId: string, ticket: string | object, ext?: any): Promise<Result<Confr>>;
    joinRoom(option: JoinRoomOption): Promise<Result<Confr> | JoinFailed | undefined>;
    /** `reason` is an addition. */
    exitConference(confrId?: string, reason?: 0 | 1 | 3 | 4 | 5): void;
    destroyConference(confrId: string): Promise<any>;
    kickMembersById(confrId: string, memberNames: string | string[]): Promise<any>;
    grantRole(confrId: string, memberNames: string | string[], role: number | string): Promise<any>;
    getConferenceInfo(confrId: string, password?: string): Promise<any>;
    setConferenceAttrs(option: { key: string; val: any; confrId: string } & Calls): Promise<any>;
    deleteConferenceAttrs(option: { key: string; confrId: string } & Calls): Promise<any>;
    pubStream(rtcId: string | ({ rtcId: string } & Calls)): Promise<Result<{ rtmp: string; streamId: string; voff: 0 | 1 }>>;
    subStream(streamId: string | ({ streamId: string } & Calls)): Promise<Result<{ rtmp: string; flv: string }>>;
    createUrl(url: string): string;

    /** An addition: the voices of all others as one sound, in a conference of type 11 or with config.mix; single streams come without sound then. False ends it. */
    subMix(on?: boolean): Promise<any>;
    /** Additions. */
    muteMembers(confrId: string, memberNames: string | string[], what?: { audio?: boolean; video?: boolean }): Promise<any>;
    setMedia(what: { audio?: boolean; video?: boolean }): Promise<any>;
    raiseHand(up?: boolean): Promise<any>;
    declineHand(confrId: string, memberName: string): Promise<any>;

    onMemberJoined: (member: Member) => void;
    onMemberJoin?: (member: Member) => void;
    onMemberExited: (member: Member, reason?: ExitReason) => void;
    onStreamAdded: (stream: Stream) => void;
    onStreamRemoved: (stream: Stream) => void;
    onRoleChanged: (role: number, roleToken: string) => void;
    onMediaChanaged: (stream: Stream, update: { voff: 0 | 1; aoff: 0 | 1 }) => void;
    onMediaChanged?: (stream: Stream, update: { voff: 0 | 1; aoff: 0 | 1 }) => void;
    onConferenceExit: (reason: ExitReason, failed?: number) => void;
    onConfrAttrsUpdated: (attributes: Attribute[]) => void;
    /** Everything is told anew from here on, one's own entry first: clear what is shown, and stop the pusher. */
    onReconnect: (confr: any, ticket: object) => void;

    /** Additions. */
    onMemberRoleChanged?: (member: Member, role: number) => void;
    onHandRaised?: (member: Member, up: boolean) => void;
    onHandDeclined?: () => void;
    onMuted?: (muted: { audio: boolean; video: boolean }) => void;
    onAudienceChanged?: (count: number) => void;
    onPushRefused?: (trouble: { error: number; message: string }) => void;
  }
}

declare const emedia: {
  mgr: emedia.Manager;
  util: { getRtcId(): string };
  config: { (options: object): void; [key: string]: any };
  LOG_LEVEL: number;
};

export = emedia;

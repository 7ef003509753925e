/** Numbers of the API, and the words of the core for them. */
import type { ConferenceKind, ConferenceRole } from '@huitong/core';

/** Types of conferences. */
export const ConfrType = {
  COMMUNICATION: 10,
  COMMUNICATION_MIX: 11,
  LIVE: 12,
  P2P: 13,
  INTERCOMM: 14,
} as const;

/** Roles. HIDING means the default one of the conference. */
export const Role = { ADMIN: 7, TALKER: 3, AUDIENCE: 1, HIDING: 9 } as const;

/** Types of streams. */
export const StreamType = { main: 0, aux: 1 } as const;

const KINDS: Record<number, ConferenceKind> = { 10: 'ordinary', 11: 'large', 12: 'live', 13: 'ordinary', 14: 'ordinary' };
const TYPES: Record<ConferenceKind, number> = { ordinary: 10, large: 11, live: 12 };
const ROLES: Record<number, ConferenceRole> = { 7: 'admin', 3: 'talker', 1: 'audience' };
const NUMBERS: Record<ConferenceRole, number> = { admin: 7, talker: 3, audience: 1 };

/** The kind of a type, given as a number or as its digits; null for others. */
export const kindOf = (type: unknown): ConferenceKind | null => KINDS[Number(type)] ?? null;

/** The type of a kind. */
export const typeOf = (kind: ConferenceKind): number => TYPES[kind];

/** The role of a number, or of its digits; null for others, among them the one that means the default. */
export const roleOf = (role: unknown): ConferenceRole | null => ROLES[Number(role)] ?? null;

/** The number of a role. */
export const roleNumber = (role: ConferenceRole): number => NUMBERS[role];

/** Where records are proved that need media or a server: the tests with simulated phones. Of errors it is the whole table, reason by reason. */
import type { Elsewhere } from '../trtc-wx/elsewhere.js';

const media = { file: 'tests/phones/test/conference-media.test.mjs', test: 'members_of_a_conference_see_and_hear_each_other' };
const server = (test: string): Elsewhere => ({ tests: [{ file: 'tests/phones/test/conference-server.test.mjs', test }] });
const away = (test: string): Elsewhere => ({ tests: [{ file: 'tests/phones/test/conference-away.test.mjs', test }] });
const wire = (test: string): Elsewhere => ({ tests: [{ file: 'tests/phones/test/wire-staying.test.mjs', test }] });

const given = server('reasons_that_a_member_gives_reach_the_others');
const ended = server('who_is_removed_sees_2_and_who_was_in_a_conference_that_ends_sees_11');
const tickets = server('tickets_are_for_one_user_and_one_entry');
const limits = server('limits_are_told_by_their_codes');
const ranOut = away('tickets_that_have_run_out_and_conferences_that_never_were_are_told');

/** Records that other tests show as well, or alone if they need media. -408 is what a server says that cannot keep up: none of these is. */
export const ELSEWHERE: Record<string, Elsewhere> = {
  'emedia.method.mgr.pubStream': { tests: [media] },
  'emedia.method.mgr.subStream': { tests: [media] },
  'emedia.claim.nativeTags': { tests: [media] },
  'emedia.error.reason.0': given,
  'emedia.error.reason.1': given,
  'emedia.error.reason.2': ended,
  'emedia.error.reason.3': given,
  'emedia.error.reason.4': given,
  'emedia.error.reason.5': given,
  'emedia.error.reason.10': server('another_device_takes_the_place'),
  'emedia.error.reason.11': ended,
  'emedia.error.failed.-9527': away('who_is_without_network_for_longer_than_its_place_is_kept_is_out_by_the_network'),
  'emedia.error.failed.-500': tickets,
  'emedia.error.failed.-501': wire('who_comes_back_too_late_learns_whether_the_conference_is_over'),
  'emedia.error.failed.-502': ranOut,
  'emedia.error.failed.-504': tickets,
  'emedia.error.failed.-506': ended,
  'emedia.error.failed.-507': server('only_admins_decide_and_each_role_has_its_rights'),
  'emedia.error.failed.-508': ranOut,
  'emedia.error.failed.-510': limits,
  'emedia.error.failed.-523': limits,
};

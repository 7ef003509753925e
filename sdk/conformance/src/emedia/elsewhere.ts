/** Where records are proved that need media: the tests with simulated phones. */
import type { Elsewhere } from '../trtc-wx/elsewhere.js';

const media = { file: 'tests/phones/test/conference-media.test.mjs', test: 'members_of_a_conference_see_and_hear_each_other' };

/** Records of verify media. */
export const ELSEWHERE: Record<string, Elsewhere> = {
  'emedia.method.mgr.pubStream': { tests: [media] },
  'emedia.method.mgr.subStream': { tests: [media] },
  'emedia.claim.nativeTags': { tests: [media] },
};

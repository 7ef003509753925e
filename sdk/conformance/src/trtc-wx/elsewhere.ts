/** Where records are proved that need a server, media or a machine: the tests of other folders, by file and name. */

/** One test. */
export interface Pointer {
  /** From the root of the repository. */
  file: string;
  /** The name of the test in that file. */
  test: string;
}

/** What proves a record. */
export interface Elsewhere {
  tests: Pointer[];
  /** Records that only a phone can show: what stands in for it, and what remains unproved. */
  standsIn?: string;
}

const phones = (file: string, ...names: string[]): Pointer[] => names.map((test) => ({ file: `tests/phones/test/${file}.test.mjs`, test }));
const bitByBit = phones('quality', 'a_picture_of_${name}_and_sound_of_48_khz_in_stereo_arrive_bit_by_bit');
const delay = phones('quality', 'the_audience_of_a_live_room_sees_within_a_second_and_anchors_each_other_within_300_ms');

/** Records of verify media, scale and device. */
export const ELSEWHERE: Record<string, Elsewhere> = {
  'trtc-wx.claim.rtcMax300': {
    tests: phones('full-rooms', 'three_hundred_people_in_a_room_know_of_each_other_and_one_more_is_told_that_it_is_full'),
  },
  'trtc-wx.claim.rtcMax50Speakers': {
    tests: phones('full-rooms', 'fifty_people_send_in_one_room_and_one_more_only_watches').concat(
      phones('crowded', 'whoever_finds_no_place_to_send_is_told_once_watches_and_sends_when_a_place_is_free'),
    ),
  },
  'trtc-wx.claim.live50mic': {
    tests: phones('full-rooms', 'fifty_microphones_are_open_in_a_live_room_and_one_more_finds_no_place'),
  },
  // Media for as many is a matter of machines: `make bench` measures what one viewer costs.
  'trtc-wx.claim.live100k': {
    tests: [{ file: 'crates/room/tests/behaviour.rs', test: 'a_hundred_thousand_watchers_are_counted_without_being_told_of_each_other' }],
  },
  'trtc-wx.claim.hd': { tests: bitByBit },
  'trtc-wx.claim.audio48k': { tests: bitByBit },
  'trtc-wx.claim.livePlayLatency': { tests: delay },
  'trtc-wx.claim.anchorLatency': { tests: delay },
  'trtc-wx.claim.smoothMic': { tests: phones('names', 'a_listener_takes_the_microphone_without_leaving_and_gives_it_back') },
  'trtc-wx.claim.autoPlay': { tests: phones('quality', 'players_start_by_themselves') },
  'trtc-wx.claim.netQuality': {
    tests: [],
    standsIn: 'The runtime judges the network; the check of this record shows that pages get its word unchanged.',
  },
  'trtc-wx.claim.sizeOverridesAspect': {
    tests: [],
    standsIn: 'The native tag decides between size and aspect; the check of this record shows that both reach it as the page set them.',
  },
};

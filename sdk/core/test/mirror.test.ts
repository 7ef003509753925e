import assert from 'node:assert/strict';
import test from 'node:test';
import { Mirror } from '../src/index.js';
import type { Change, MemberInfo, RoomState, StreamState } from '../src/index.js';

const stream = (play: string, audio: boolean, video: boolean): StreamState => ({ stream: 'main', audio, video, play });
const member = (user: string, ...streams: StreamState[]): MemberInfo => ({ user, away: false, streams });
const state = (...members: MemberInfo[]): RoomState => ({ room: { number: 1 }, scene: 'rtc', role: 'publisher', members, audience: 0 });

/** A change in short: `+bob`, `-bob`, `bob v+ key`. */
function short(changes: Change[]): string[] {
  return changes.map((change) => {
    switch (change.type) {
      case 'memberJoined':
        return `+${change.user}`;
      case 'memberLeft':
        return `-${change.user} ${change.reason}`;
      case 'memberAway':
        return `${change.user} ${change.away ? 'away' : 'back'}`;
      case 'trackChanged':
        return `${change.user} ${change.track.charAt(0)}${change.on ? '+' : '-'} ${change.play}`;
    }
  });
}

test('a_stream_is_told_track_by_track', () => {
  const mirror = new Mirror();
  assert.deepEqual(short(mirror.joined(member('bob'))), ['+bob']);
  assert.deepEqual(short(mirror.stream('bob', stream('k', true, true))), ['bob v+ k', 'bob a+ k']);
  assert.deepEqual(short(mirror.stream('bob', stream('k', true, false))), ['bob v- k']);
  assert.deepEqual(short(mirror.stream('bob', stream('k', true, false))), []);
  assert.deepEqual(short(mirror.stream('bob', stream('k', false, false))), ['bob a- k']);
});

test('whoever_leaves_stops_sending_first', () => {
  const mirror = new Mirror();
  mirror.joined(member('bob', stream('k', true, true)));
  assert.deepEqual(short(mirror.left('bob', 'kicked')), ['bob v- k', 'bob a- k', '-bob kicked']);
  assert.deepEqual(short(mirror.left('bob', 'kicked')), []);
});

test('a_new_play_key_is_off_and_on_again', () => {
  const mirror = new Mirror();
  mirror.joined(member('bob', stream('old', true, true)));
  assert.deepEqual(short(mirror.stream('bob', stream('new', true, false))), ['bob v- old', 'bob a- old', 'bob a+ new']);
});

test('a_snapshot_tells_only_what_is_different', () => {
  const mirror = new Mirror();
  mirror.replace(state(member('ann', stream('a', true, false)), member('bob', stream('b', true, true)), member('cid')));
  const now = state(member('bob', stream('b', true, false)), { ...member('cid'), away: true }, member('dan', stream('d', false, true)));
  assert.deepEqual(short(mirror.replace(now)), ['ann a- a', '-ann left', 'bob v- b', 'cid away', '+dan', 'dan v+ d']);
  assert.deepEqual(short(mirror.replace(now)), []);
});

test('a_stream_that_is_missing_in_a_snapshot_is_off', () => {
  const mirror = new Mirror();
  mirror.replace(state(member('bob', stream('b', true, false))));
  assert.deepEqual(short(mirror.replace(state(member('bob')))), ['bob a- b']);
});

test('what_is_told_adds_up_to_the_state_for_any_sequence_of_snapshots', () => {
  let seed = 7;
  const chance = (n: number): number => (seed = (seed * 48271) % 2147483647) % n;
  const users = ['a', 'b', 'c', 'd'];
  const mirror = new Mirror();
  const seen = new Map<string, Map<string, string>>();
  for (let round = 0; round < 500; round++) {
    const members = users.filter(() => chance(3) > 0).map((user) => {
      const streams = [stream(`k${chance(2)}`, chance(2) === 0, chance(2) === 0)].filter((s) => s.audio || s.video);
      return member(user, ...streams);
    });
    for (const change of mirror.replace(state(...members))) {
      apply(seen, change);
    }
    const expected = new Map(members.map(({ user, streams }) => [user, tracksOf(streams)]));
    assert.deepEqual(new Map([...seen].sort()), new Map([...expected].sort()), `round ${round}`);
  }
});

function tracksOf(streams: StreamState[]): Map<string, string> {
  const tracks = new Map<string, string>();
  for (const { audio, video, play } of streams) {
    if (audio) {
      tracks.set('audio', play);
    }
    if (video) {
      tracks.set('video', play);
    }
  }
  return new Map([...tracks].sort());
}

/** A page that believes every change, and finds contradictions. */
function apply(seen: Map<string, Map<string, string>>, change: Change): void {
  const tracks = seen.get(change.user);
  if (change.type === 'memberJoined') {
    assert.equal(tracks, undefined);
    seen.set(change.user, new Map());
  } else if (change.type === 'memberLeft') {
    assert.equal(tracks?.size, 0);
    seen.delete(change.user);
  } else if (change.type === 'trackChanged') {
    assert.equal(tracks?.has(change.track), !change.on);
    if (change.on) {
      tracks?.set(change.track, change.play);
      seen.set(change.user, new Map([...(tracks ?? [])].sort()));
    } else {
      tracks?.delete(change.track);
    }
  }
}

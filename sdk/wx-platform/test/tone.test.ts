import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Tone, wav } from '../src/index.js';

const scope = globalThis as Record<string, any>;

/** A phone with files and a loudspeaker. */
class Phone {
  readonly did: string[] = [];
  written: ((result?: unknown) => void)[] = [];
  readonly wx: Record<string, any> = {
    env: { USER_DATA_PATH: 'wxfile://usr' },
    getFileSystemManager: () => ({
      writeFile: ({ filePath, data, success }: any) => {
        this.did.push(`write ${filePath} ${data.byteLength}`);
        this.written.push(success);
      },
    }),
    createInnerAudioContext: () => {
      const player = {
        src: '', loop: false,
        play: () => this.did.push(`play ${player.src} ${player.loop}`),
        stop: () => this.did.push('stop'),
        destroy: () => this.did.push('destroy'),
      };
      return player;
    },
  };

  take(): string[] {
    return this.did.splice(0);
  }
}

let phone: Phone;
beforeEach(() => {
  phone = new Phone();
  scope['wx'] = phone.wx;
});
afterEach(() => delete scope['wx']);

const tone = (): Tone => new Tone('bell.wav', () => ({ rate: 8000, samples: new Float32Array(10) }));

test('a_sound_is_a_wav_file_that_any_player_reads', () => {
  const bytes = Buffer.from(wav({ rate: 8000, samples: Float32Array.from([0, 1, -1, 2, 0.5]) }));
  const text = (from: number): string => bytes.toString('latin1', from, from + 4);
  assert.deepEqual([text(0), text(8), text(12), text(36)], ['RIFF', 'WAVE', 'fmt ', 'data']);
  assert.deepEqual([bytes.readUInt32LE(4), bytes.readUInt32LE(40), bytes.length], [46, 10, 54]);
  const [format, channels, rate, perSecond, block, bits] = [20, 22, 24, 28, 32, 34].map((at) => (at === 24 || at === 28 ? bytes.readUInt32LE(at) : bytes.readUInt16LE(at)));
  assert.deepEqual([format, channels, rate, perSecond, block, bits], [1, 1, 8000, 16000, 2, 16]);
  assert.deepEqual([0, 1, 2, 3, 4].map((at) => bytes.readInt16LE(44 + 2 * at)), [0, 32767, -32767, 32767, 16384], 'too loud is clipped');
});

test('it_is_written_once_and_played_until_it_is_stopped', () => {
  const bell = tone();
  bell.play();
  bell.play();
  assert.deepEqual(phone.take(), ['write wxfile://usr/bell.wav 64']);
  phone.written[0]?.();
  assert.deepEqual(phone.take(), ['play wxfile://usr/bell.wav true']);
  bell.stop();
  bell.stop();
  assert.deepEqual(phone.take(), ['stop', 'destroy']);
  bell.play();
  assert.deepEqual(phone.take(), ['play wxfile://usr/bell.wav true']);
});

test('what_was_stopped_before_the_file_was_there_is_not_heard', () => {
  const bell = tone();
  bell.play();
  bell.stop();
  phone.written[0]?.();
  assert.deepEqual(phone.take(), ['write wxfile://usr/bell.wav 64']);
  bell.play();
  assert.deepEqual(phone.take(), ['play wxfile://usr/bell.wav true']);
});

test('a_phone_that_lacks_something_stays_silent', () => {
  const refuse = (): never => {
    throw new Error('not here');
  };
  const lacks: Record<string, any>[] = [
    {}, { env: {} }, { getFileSystemManager: undefined }, { createInnerAudioContext: undefined }, { createInnerAudioContext: refuse },
    { getFileSystemManager: refuse },
  ];
  for (const lack of lacks) {
    scope['wx'] = Object.keys(lack).length > 0 ? { ...phone.wx, ...lack } : {};
    const bell = tone();
    bell.play();
    try {
      phone.written.splice(0).forEach((success) => success());
    } catch {
      assert.fail('whoever wrote the file is not troubled');
    }
    bell.stop();
    assert.ok(!phone.take().some((what) => what.startsWith('play')));
  }
});

/** Text and bytes. Mini programs have no TextEncoder and no btoa. */

/** The bytes of a text in UTF-8; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    let point = text.charCodeAt(at);
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = text.charCodeAt(at + 1);
      if (point <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        at++;
      } else {
        point = 0xfffd;
      }
    }
    pushUtf8(bytes, point);
  }
  return bytes;
}

function pushUtf8(bytes: number[], point: number): void {
  if (point < 0x80) {
    bytes.push(point);
  } else if (point < 0x800) {
    bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
  } else if (point < 0x10000) {
    bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  } else {
    bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  }
}

/** As much of a text as fits into so many bytes of UTF-8, without control characters and halves of characters. */
export function clip(text: string, bytes: number): string {
  let clipped = '';
  let left = bytes;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
      continue;
    }
    left -= utf8(character).length;
    if (left < 0) {
      break;
    }
    clipped += point >= 0xd800 && point <= 0xdfff ? '\ufffd' : character;
  }
  return clipped;
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Bytes as base64url without padding (RFC 4648, section 5). */
export function base64url(bytes: ArrayLike<number>): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const characters = left >= 3 ? 4 : left + 1;
    for (let n = 0; n < characters; n++) {
      text += BASE64URL.charAt((group >> (18 - 6 * n)) & 63);
    }
  }
  return text;
}

//! An incremental FLV reader with bounded memory, for clients and tests.

use bytes::{Buf, Bytes, BytesMut};

use super::TagKind;

/// Largest tag body that is accepted: the same bound as for RTMP messages. A keyframe of a 1080p stream has a few
/// hundred kilobytes.
pub const MAX_TAG_BYTES: usize = 4 << 20;

/// Longest data offset accepted in a file header; version 1 says 9, and the rest would be skipped.
const MAX_DATA_OFFSET: u32 = 1024;

/// One tag of an FLV stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What the body is.
    pub kind: TagKind,
    /// Timestamp in milliseconds.
    pub timestamp_ms: u32,
    /// The body.
    pub body: Bytes,
}

/// Why an FLV stream cannot be read further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlvError {
    /// The first bytes are not those of an FLV file.
    #[error("the stream does not start with an FLV file header")]
    NotFlv,
    /// A tag type other than 8, 9 and 18.
    #[error("tag type {0} is not audio, video or script data")]
    TagType(u8),
    /// A tag announces a body larger than [`MAX_TAG_BYTES`].
    #[error("a tag of {0} bytes is larger than the accepted {MAX_TAG_BYTES}")]
    TooLarge(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FileHeader,
    Skip(usize),
    Tag,
    Failed(FlvError),
}

/// Reads an FLV stream from pieces of any size.
///
/// Memory grows with the bytes that were pushed and not yet taken as tags. Whoever calls [`Self::next_tag`] until
/// it returns `None` after each push holds at most one unfinished tag.
#[derive(Debug)]
pub struct Demuxer {
    buffer: BytesMut,
    state: State,
}

impl Default for Demuxer {
    fn default() -> Self {
        Self::new()
    }
}

impl Demuxer {
    /// A reader that expects the file header.
    pub fn new() -> Self {
        Self { buffer: BytesMut::new(), state: State::FileHeader }
    }

    /// Adds bytes as they came. After an error they are ignored.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Failed(_)) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next complete tag, or `None` where more bytes are needed. An error is final.
    pub fn next_tag(&mut self) -> Result<Option<Tag>, FlvError> {
        let result = self.advance();
        if let Err(error) = result {
            self.state = State::Failed(error);
            self.buffer = BytesMut::new();
        }
        result
    }

    fn advance(&mut self) -> Result<Option<Tag>, FlvError> {
        loop {
            match self.state {
                State::Failed(error) => return Err(error),
                State::FileHeader => {
                    let magic = b"FLV\x01";
                    if self.buffer.iter().zip(magic).any(|(got, expected)| got != expected) {
                        return Err(FlvError::NotFlv);
                    }
                    let Some(&[a, b, c, d]) = self.buffer.get(5..9) else {
                        return Ok(None);
                    };
                    let offset = u32::from_be_bytes([a, b, c, d]);
                    if !(9..=MAX_DATA_OFFSET).contains(&offset) {
                        return Err(FlvError::NotFlv);
                    }
                    // The header and the first "previous tag size".
                    self.state = State::Skip(offset as usize + 4);
                }
                State::Skip(0) => self.state = State::Tag,
                State::Skip(count) => {
                    let take = count.min(self.buffer.len());
                    if take == 0 {
                        return Ok(None);
                    }
                    self.buffer.advance(take);
                    self.state = State::Skip(count - take);
                }
                State::Tag => return self.tag(),
            }
        }
    }

    fn tag(&mut self) -> Result<Option<Tag>, FlvError> {
        let Some(&[kind, l2, l1, l0, t2, t1, t0, t3]) = self.buffer.get(..8) else {
            return Ok(None);
        };
        let kind = match kind {
            8 => TagKind::Audio,
            9 => TagKind::Video,
            18 => TagKind::Script,
            other => return Err(FlvError::TagType(other)),
        };
        let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        if length > MAX_TAG_BYTES {
            return Err(FlvError::TooLarge(length));
        }
        // The size behind the tag is skipped unread: some writers put zero there.
        if self.buffer.len() < length + 11 {
            return Ok(None);
        }
        self.buffer.advance(11);
        let body = self.buffer.split_to(length).freeze();
        self.state = State::Skip(4);
        Ok(Some(Tag { kind, timestamp_ms: u32::from_be_bytes([t3, t2, t1, t0]), body }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{write_file_header, write_tag};
    use super::*;

    fn stream() -> BytesMut {
        let mut out = BytesMut::new();
        write_file_header(&mut out, true, true);
        write_tag(&mut out, TagKind::Script, 0, &[b"meta"]);
        write_tag(&mut out, TagKind::Video, u32::MAX, &[&[0x17; 300]]);
        write_tag(&mut out, TagKind::Audio, 23, &[]);
        out
    }

    #[test]
    fn reads_tags_whatever_the_pieces() {
        let stream = stream();
        for piece in [1, 2, 3, 7, 64, stream.len()] {
            let mut demuxer = Demuxer::new();
            let mut tags = Vec::new();
            for bytes in stream.chunks(piece) {
                demuxer.push(bytes);
                while let Some(tag) = demuxer.next_tag().unwrap() {
                    tags.push((tag.kind, tag.timestamp_ms, tag.body.len()));
                }
            }
            let expected =
                [(TagKind::Script, 0, 4), (TagKind::Video, u32::MAX, 300), (TagKind::Audio, 23, 0)];
            assert_eq!(tags, expected, "pieces of {piece}");
        }
    }

    #[test]
    fn other_streams_are_refused_at_the_first_wrong_byte() {
        let mut demuxer = Demuxer::new();
        demuxer.push(b"FLX");
        assert_eq!(demuxer.next_tag(), Err(FlvError::NotFlv));
        demuxer.push(&stream());
        assert_eq!(demuxer.next_tag(), Err(FlvError::NotFlv));
    }

    #[test]
    fn a_giant_or_unknown_tag_is_refused_before_its_body_arrives() {
        for (head, error) in [
            ([9, 0xff, 0xff, 0xff, 0, 0, 0, 0], FlvError::TooLarge(0xff_ffff)),
            ([7, 0, 0, 1, 0, 0, 0, 0], FlvError::TagType(7)),
        ] {
            let mut demuxer = Demuxer::new();
            let mut bytes = BytesMut::new();
            write_file_header(&mut bytes, true, false);
            bytes.extend_from_slice(&head);
            demuxer.push(&bytes);
            assert_eq!(demuxer.next_tag(), Err(error));
        }
    }
}

//! AMF0 (Adobe's AMF0 file format specification).

use bytes::{BufMut, BytesMut};

use super::{AmfError, Reader, Value, amf3};

const NUMBER: u8 = 0x00;
const BOOLEAN: u8 = 0x01;
const STRING: u8 = 0x02;
const OBJECT: u8 = 0x03;
const NULL: u8 = 0x05;
const UNDEFINED: u8 = 0x06;
const REFERENCE: u8 = 0x07;
const ECMA_ARRAY: u8 = 0x08;
const OBJECT_END: u8 = 0x09;
const STRICT_ARRAY: u8 = 0x0a;
const DATE: u8 = 0x0b;
const LONG_STRING: u8 = 0x0c;
const UNSUPPORTED: u8 = 0x0d;
const XML: u8 = 0x0f;
const TYPED_OBJECT: u8 = 0x10;
const SWITCH_TO_AMF3: u8 = 0x11;

/// Decodes all values of a message body.
pub fn decode_all(bytes: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut reader = Reader::new(bytes);
    let mut values = Vec::new();
    while !reader.rest.is_empty() {
        values.push(value(&mut reader)?);
    }
    Ok(values)
}

/// The first value of a message body if it is a string, and the bytes behind it. The rest is not looked at.
pub fn skip_string(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&marker, rest) = bytes.split_first()?;
    if marker != STRING {
        return None;
    }
    let (&[high, low], rest) = rest.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(high) << 8 | usize::from(low))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

fn value(reader: &mut Reader<'_>) -> Result<Value, AmfError> {
    reader.spend_value()?;
    match reader.byte()? {
        NUMBER => Ok(Value::Number(reader.double()?)),
        BOOLEAN => Ok(Value::Boolean(reader.byte()? != 0)),
        STRING => Ok(Value::String(short_text(reader)?)),
        OBJECT => Ok(Value::Object(reader.nested(|reader| members(reader, None))?)),
        NULL => Ok(Value::Null),
        UNDEFINED | UNSUPPORTED => Ok(Value::Undefined),
        REFERENCE => Err(AmfError::Reference),
        ECMA_ARRAY => {
            let count = u32::from_be_bytes(reader.array()?);
            Ok(Value::EcmaArray(reader.nested(|reader| members(reader, Some(count)))?))
        }
        STRICT_ARRAY => {
            let count = u32::from_be_bytes(reader.array()?);
            reader.nested(|reader| {
                let mut items = Vec::new();
                for _ in 0..count {
                    items.push(value(reader)?);
                }
                Ok(Value::StrictArray(items))
            })
        }
        DATE => {
            Ok(Value::Date { unix_ms: reader.double()?, zone_minutes: i16::from_be_bytes(reader.array()?) })
        }
        LONG_STRING => Ok(Value::String(long_text(reader)?)),
        XML => Ok(Value::Xml(long_text(reader)?)),
        TYPED_OBJECT => {
            let class = short_text(reader)?;
            let members = reader.nested(|reader| members(reader, None))?;
            Ok(Value::TypedObject { class, members })
        }
        SWITCH_TO_AMF3 => amf3::value(reader),
        marker => Err(AmfError::Marker(marker)),
    }
}

/// Members up to the end marker. Some writers of associative arrays leave the marker out: the array then ends with
/// the message, once it has as many members as it announced.
fn members(reader: &mut Reader<'_>, announced: Option<u32>) -> Result<Vec<(String, Value)>, AmfError> {
    let mut members = Vec::new();
    loop {
        if reader.rest.is_empty() && announced.is_some_and(|count| members.len() >= count as usize) {
            return Ok(members);
        }
        let name = short_text(reader)?;
        if name.is_empty() && reader.rest.first() == Some(&OBJECT_END) {
            reader.byte()?;
            return Ok(members);
        }
        members.push((name, value(reader)?));
    }
}

fn short_text(reader: &mut Reader<'_>) -> Result<String, AmfError> {
    let length = u16::from_be_bytes(reader.array()?);
    reader.text(usize::from(length))
}

fn long_text(reader: &mut Reader<'_>) -> Result<String, AmfError> {
    let length = u32::from_be_bytes(reader.array()?);
    reader.text(length as usize)
}

/// Encodes the values one behind the other.
pub fn encode_all(values: &[Value], out: &mut BytesMut) {
    for value in values {
        encode(value, out);
    }
}

/// Encodes a value.
pub fn encode(value: &Value, out: &mut BytesMut) {
    match value {
        Value::Number(number) => {
            out.put_u8(NUMBER);
            out.put_f64(*number);
        }
        Value::Boolean(value) => {
            out.put_u8(BOOLEAN);
            out.put_u8(u8::from(*value));
        }
        Value::String(text) => put_string(text, out),
        Value::Object(members) => {
            out.put_u8(OBJECT);
            put_members(members, out);
        }
        Value::TypedObject { class, members } => {
            out.put_u8(TYPED_OBJECT);
            put_name(class, out);
            put_members(members, out);
        }
        Value::EcmaArray(members) => {
            out.put_u8(ECMA_ARRAY);
            out.put_u32(writable(members).count() as u32);
            put_members(members, out);
        }
        Value::StrictArray(items) => {
            out.put_u8(STRICT_ARRAY);
            out.put_u32(items.len() as u32);
            encode_all(items, out);
        }
        Value::Null => out.put_u8(NULL),
        Value::Undefined => out.put_u8(UNDEFINED),
        Value::Date { unix_ms, zone_minutes } => {
            out.put_u8(DATE);
            out.put_f64(*unix_ms);
            out.put_i16(*zone_minutes);
        }
        Value::Xml(text) => {
            out.put_u8(XML);
            put_long(text, out);
        }
        Value::Bytes(bytes) => put_string(&String::from_utf8_lossy(bytes), out),
    }
}

fn put_string(text: &str, out: &mut BytesMut) {
    if text.len() > usize::from(u16::MAX) {
        out.put_u8(LONG_STRING);
        put_long(text, out);
    } else {
        out.put_u8(STRING);
        put_name(text, out);
    }
}

fn put_long(text: &str, out: &mut BytesMut) {
    out.put_u32(text.len() as u32);
    out.put_slice(text.as_bytes());
}

/// Names have 16-bit lengths; a longer one is cut at a character.
fn put_name(name: &str, out: &mut BytesMut) {
    let cut = name.get(..name.floor_char_boundary(usize::from(u16::MAX))).unwrap_or_default();
    out.put_u16(cut.len() as u16);
    out.put_slice(cut.as_bytes());
}

fn put_members(members: &[(String, Value)], out: &mut BytesMut) {
    for (name, value) in writable(members) {
        put_name(name, out);
        encode(value, out);
    }
    out.put_slice(&[0, 0, OBJECT_END]);
}

/// The members with a name: an empty one would read as the end of the object.
fn writable(members: &[(String, Value)]) -> impl Iterator<Item = &(String, Value)> {
    members.iter().filter(|(name, _)| !name.is_empty())
}

//! AMF3 (Adobe's AMF3 specification), the value types that commands use.

use super::{AmfError, Reader, Value};

const UNDEFINED: u8 = 0x00;
const NULL: u8 = 0x01;
const FALSE: u8 = 0x02;
const TRUE: u8 = 0x03;
const INTEGER: u8 = 0x04;
const DOUBLE: u8 = 0x05;
const STRING: u8 = 0x06;
const XML_DOCUMENT: u8 = 0x07;
const DATE: u8 = 0x08;
const ARRAY: u8 = 0x09;
const OBJECT: u8 = 0x0a;
const XML: u8 = 0x0b;
const BYTE_ARRAY: u8 = 0x0c;

/// What later values of the same AMF3 part may refer to by index.
#[derive(Default)]
struct Tables {
    strings: Vec<String>,
    traits: Vec<Traits>,
}

#[derive(Clone)]
struct Traits {
    class: String,
    names: Vec<String>,
    dynamic: bool,
}

/// Decodes one AMF3 value. The reference tables live as long as this value, as behind each AMF0 switch marker.
pub(super) fn value(reader: &mut Reader<'_>) -> Result<Value, AmfError> {
    nested(reader, &mut Tables::default())
}

fn nested(reader: &mut Reader<'_>, tables: &mut Tables) -> Result<Value, AmfError> {
    reader.spend_value()?;
    match reader.byte()? {
        UNDEFINED => Ok(Value::Undefined),
        NULL => Ok(Value::Null),
        FALSE => Ok(Value::Boolean(false)),
        TRUE => Ok(Value::Boolean(true)),
        INTEGER => {
            // A signed 29-bit value.
            let bits = u29(reader)?;
            Ok(Value::Number(f64::from((bits << 3) as i32 >> 3)))
        }
        DOUBLE => Ok(Value::Number(reader.double()?)),
        STRING => Ok(Value::String(string(reader, tables)?)),
        XML_DOCUMENT | XML => {
            let length = inline(reader)?;
            Ok(Value::Xml(reader.text(length)?))
        }
        DATE => {
            inline(reader)?;
            Ok(Value::Date { unix_ms: reader.double()?, zone_minutes: 0 })
        }
        ARRAY => {
            let count = inline(reader)?;
            reader.nested(|reader| array(reader, tables, count))
        }
        OBJECT => {
            let header = u29(reader)?;
            reader.nested(|reader| object(reader, tables, header))
        }
        BYTE_ARRAY => {
            let length = inline(reader)?;
            reader.spend_text(length)?;
            Ok(Value::Bytes(reader.take(length)?.to_vec()))
        }
        marker => Err(AmfError::Marker(marker)),
    }
}

/// An unsigned integer of up to 29 bits: three bytes of seven, then one of eight.
fn u29(reader: &mut Reader<'_>) -> Result<u32, AmfError> {
    let mut value = 0u32;
    for _ in 0..3 {
        let byte = reader.byte()?;
        value = value << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Ok(value << 8 | u32::from(reader.byte()?))
}

/// The length of an inline value; a reference to an earlier object is refused.
fn inline(reader: &mut Reader<'_>) -> Result<usize, AmfError> {
    let header = u29(reader)?;
    if header & 1 == 0 { Err(AmfError::Reference) } else { Ok((header >> 1) as usize) }
}

fn string(reader: &mut Reader<'_>, tables: &mut Tables) -> Result<String, AmfError> {
    let header = u29(reader)?;
    let count = (header >> 1) as usize;
    if header & 1 == 0 {
        let text = tables.strings.get(count).ok_or(AmfError::DanglingReference)?;
        reader.spend_text(text.len())?;
        return Ok(text.clone());
    }
    let text = reader.text(count)?;
    // The empty string is never sent by reference. The copy in the table counts too.
    if !text.is_empty() {
        reader.spend_text(text.len())?;
        tables.strings.push(text.clone());
    }
    Ok(text)
}

/// An associative part that ends with the empty name, then `count` dense items.
fn array(reader: &mut Reader<'_>, tables: &mut Tables, count: usize) -> Result<Value, AmfError> {
    let mut members = named_values(reader, tables)?;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(nested(reader, tables)?);
    }
    if members.is_empty() {
        return Ok(Value::StrictArray(items));
    }
    members.extend(items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)));
    Ok(Value::EcmaArray(members))
}

fn named_values(reader: &mut Reader<'_>, tables: &mut Tables) -> Result<Vec<(String, Value)>, AmfError> {
    let mut members = Vec::new();
    loop {
        let name = string(reader, tables)?;
        if name.is_empty() {
            return Ok(members);
        }
        members.push((name, nested(reader, tables)?));
    }
}

/// Bits of the header, lowest first: inline object, inline traits, externalizable, dynamic; above them the number of
/// sealed members.
fn object(reader: &mut Reader<'_>, tables: &mut Tables, header: u32) -> Result<Value, AmfError> {
    if header & 1 == 0 {
        return Err(AmfError::Reference);
    }
    let traits = if header & 2 == 0 {
        let known = tables.traits.get((header >> 2) as usize).ok_or(AmfError::DanglingReference)?.clone();
        reader.spend_text(known.class.len() + known.names.iter().map(String::len).sum::<usize>())?;
        known
    } else if header & 4 != 0 {
        // An externalizable class writes bytes that only it can read.
        return Err(AmfError::Marker(OBJECT));
    } else {
        let class = string(reader, tables)?;
        let mut names = Vec::new();
        for _ in 0..header >> 4 {
            reader.spend_value()?;
            names.push(string(reader, tables)?);
        }
        let traits = Traits { class, names, dynamic: header & 8 != 0 };
        reader.spend_text(traits.class.len() + traits.names.iter().map(String::len).sum::<usize>())?;
        tables.traits.push(traits.clone());
        traits
    };
    let mut members = Vec::new();
    for name in traits.names {
        members.push((name, nested(reader, tables)?));
    }
    if traits.dynamic {
        members.extend(named_values(reader, tables)?);
    }
    if traits.class.is_empty() {
        Ok(Value::Object(members))
    } else {
        Ok(Value::TypedObject { class: traits.class, members })
    }
}

//! Scalars in TensorBoard's events: the protocol buffers `Event`, `Summary` and `TensorProto`, as far as they matter.

/// What a record of an event file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Seconds since 1970.
    pub wall_time: f64,
    pub step: i64,
    /// Name and value; images, texts and histograms are left out.
    pub scalars: Vec<(String, f64)>,
}

/// Fields of `Event`.
const WALL_TIME: u64 = 1;
const STEP: u64 = 2;
const FILE_VERSION: u64 = 3;
const SUMMARY: u64 = 5;
/// Of `Summary`, and of `Summary.Value`.
const VALUE: u64 = 1;
const TAG: u64 = 1;
const SIMPLE_VALUE: u64 = 2;
const TENSOR: u64 = 8;
/// Of `TensorProto`, and what stands in its `dtype`.
const DTYPE: u64 = 1;
const CONTENT: u64 = 4;
const FLOATS: u64 = 5;
const DOUBLES: u64 = 6;
const FLOAT: u64 = 1;
const DOUBLE: u64 = 2;

impl Event {
    /// The first record of every event file.
    pub fn version(wall_time: f64) -> Vec<u8> {
        let mut bytes = head(wall_time, 0);
        put_bytes(&mut bytes, FILE_VERSION, b"brain.Event:2");
        bytes
    }

    /// The record that says this; values as f32, which is what TensorBoard keeps.
    pub fn encode(&self) -> Vec<u8> {
        let mut summary = Vec::new();
        for (tag, value) in &self.scalars {
            let mut one = Vec::new();
            put_bytes(&mut one, TAG, tag.as_bytes());
            put_varint(&mut one, (SIMPLE_VALUE << 3) | 5);
            one.extend((*value as f32).to_le_bytes());
            put_bytes(&mut summary, VALUE, &one);
        }
        let mut bytes = head(self.wall_time, self.step);
        put_bytes(&mut bytes, SUMMARY, &summary);
        bytes
    }

    /// What a record says; `None` where it is no such event.
    pub fn decode(record: &[u8]) -> Option<Self> {
        let mut event = Self::default();
        for field in Fields(record) {
            match field? {
                (WALL_TIME, Wire::Eight(bits)) => event.wall_time = f64::from_le_bytes(bits),
                (STEP, Wire::Varint(step)) => event.step = step as i64,
                (SUMMARY, Wire::Bytes(summary)) => {
                    for field in Fields(summary) {
                        if let (VALUE, Wire::Bytes(value)) = field? {
                            event.scalars.extend(scalar(value)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Some(event)
    }
}

/// A `Summary.Value`: at most one scalar; `None` where it is broken.
fn scalar(value: &[u8]) -> Option<Option<(String, f64)>> {
    let (mut tag, mut number) = (String::new(), None);
    for field in Fields(value) {
        match field? {
            (TAG, Wire::Bytes(bytes)) => tag = String::from_utf8_lossy(bytes).into_owned(),
            (SIMPLE_VALUE, Wire::Four(bits)) => number = Some(shortest(f32::from_le_bytes(bits))),
            (TENSOR, Wire::Bytes(bytes)) => number = number.or(tensor(bytes)?),
            _ => {}
        }
    }
    Some(number.map(|number| (tag, number)))
}

/// The number in a `TensorProto` that has exactly one.
fn tensor(bytes: &[u8]) -> Option<Option<f64>> {
    let (mut dtype, mut values) = (0, Vec::new());
    for field in Fields(bytes) {
        match field? {
            (DTYPE, Wire::Varint(kind)) => dtype = kind,
            (CONTENT | FLOATS | DOUBLES, Wire::Bytes(bytes)) => values.extend_from_slice(bytes),
            (FLOATS, Wire::Four(bits)) => values.extend(bits),
            (DOUBLES, Wire::Eight(bits)) => values.extend(bits),
            _ => {}
        }
    }
    Some(match dtype {
        FLOAT => values.try_into().ok().map(|bits| shortest(f32::from_le_bytes(bits))),
        DOUBLE => values.try_into().ok().map(f64::from_le_bytes),
        _ => None,
    })
}

/// The number of the fewest digits that is this one as f32: a rate that was logged as 0.002 is 0.002.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| value.into())
}

fn head(wall_time: f64, step: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_varint(&mut bytes, (WALL_TIME << 3) | 1);
    bytes.extend(wall_time.to_le_bytes());
    put_varint(&mut bytes, STEP << 3);
    put_varint(&mut bytes, step as u64);
    bytes
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, (field << 3) | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The fields of a message with their numbers; `None` once what follows is none, and nothing after it.
struct Fields<'a>(&'a [u8]);

enum Wire<'a> {
    Varint(u64),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
    Four([u8; 4]),
}

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = self.varint()?;
        let wire = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Eight(self.take(8)?.try_into().ok()?),
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(usize::try_from(length).ok()?)?)
            }
            5 => Wire::Four(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((key >> 3, wire))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Wire<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            wall_time in 0.0..1e10,
            step in 0..i64::MAX,
            scalars in proptest::collection::vec(("[a-z/]{0,9}", any::<f32>().prop_filter("a number", |x| !x.is_nan())), 0..4),
        ) {
            let scalars = scalars.into_iter().map(|(tag, value)| (tag, shortest(value))).collect();
            let event = Event { wall_time, step, scalars };
            prop_assert_eq!(Event::decode(&event.encode()), Some(event));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..99)) {
            let _ = Event::decode(&bytes);
        }
    }

    /// As TensorFlow 2 writes a scalar: a tensor, its bytes in `tensor_content` or its numbers one by one.
    #[test]
    fn a_tensor_of_one_number_is_a_scalar() {
        let event = |tensor: &[u8]| {
            let (mut value, mut summary, mut event) = (Vec::new(), Vec::new(), head(0.0, 3));
            put_bytes(&mut value, TAG, b"loss");
            put_bytes(&mut value, TENSOR, tensor);
            put_bytes(&mut summary, VALUE, &value);
            put_bytes(&mut event, SUMMARY, &summary);
            Event::decode(&event).map(|event| event.scalars)
        };
        let mut content = vec![8, 1];
        put_bytes(&mut content, CONTENT, &2.5f32.to_le_bytes());
        assert_eq!(event(&content), Some(vec![("loss".into(), 2.5)]));
        let mut doubles = vec![8, 2];
        put_bytes(&mut doubles, DOUBLES, &0.1f64.to_le_bytes());
        assert_eq!(event(&doubles), Some(vec![("loss".into(), 0.1)]));
        let mut two = vec![8, 1];
        put_bytes(&mut two, CONTENT, &[0; 8]);
        assert_eq!(event(&two), Some(Vec::new()), "several numbers are no scalar");
        assert_eq!(event(&[8, 7]), Some(Vec::new()), "nor is a text");
        assert_eq!(event(&[0xff]), None);
    }

    #[test]
    fn a_number_is_the_one_that_was_logged() {
        let values = [0.002, 1e-45, 3.4028235e38, -1.5, f64::INFINITY];
        let scalars = values.map(|value| ("lr".into(), value)).to_vec();
        let event = Event { wall_time: 0.0, step: 1, scalars };
        assert_eq!(Event::decode(&event.encode()), Some(event));
    }

    #[test]
    fn the_first_record_has_no_scalar() {
        let first = Event::decode(&Event::version(1.5)).expect("an event");
        assert_eq!((first.wall_time, first.scalars.len()), (1.5, 0));
    }
}

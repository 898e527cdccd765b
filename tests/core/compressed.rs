//! Data sets that gzip or zstd packed, whole, cut off and damaged; and several files as one.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use lossglass::data::{DataError, LONGEST, Raw, Records, Series, read_whole, record_at};
use lossglass::sample::Sample;
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// With a checksum, as the program `zstd` writes it.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A frame that a decoder passes over, as pzstd puts it first.
const SKIPPED: &[u8] = b"\x50\x2a\x4d\x18\x04\0\0\0\x01\x02\x03\x04";

fn written(content: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

fn text(raw: Raw) -> String {
    match raw.read(None).map(|record| record.sample) {
        Ok(Sample::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn texts(path: &Path) -> Vec<String> {
    Records::open(path).unwrap().map(|raw| text(raw.unwrap())).collect()
}

/// Lines that are not much alike, so that packed they are no few bytes.
fn lines(count: usize) -> String {
    let mut seed = 1_u64;
    let mut number = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 16
    };
    (0..count).map(|line| format!("{{\"text\": \"{line} {:x}{:x}{:x}\"}}\n", number(), number(), number())).collect()
}

#[test]
fn packed_records_are_those_of_the_plain_file() {
    let plain = lines(9000);
    let wanted = texts(written(&plain).path());
    assert_eq!(wanted.len(), 9000);
    let (front, back) = plain.as_bytes().split_at(plain.len() / 3);
    for (what, packed) in [
        ("gzip", gzip(plain.as_bytes())),
        ("gzip of two members", [gzip(front), gzip(back)].concat()),
        ("zstd", zstd(plain.as_bytes())),
        ("zstd of two frames", [zstd(front), zstd(back)].concat()),
        ("zstd behind a frame to be skipped", [SKIPPED.to_vec(), zstd(plain.as_bytes())].concat()),
    ] {
        let file = written(&packed);
        assert_eq!(texts(file.path()), wanted, "{what}");
        assert_eq!(read_whole(file.path()).unwrap(), plain.as_bytes(), "{what}");
        let all: Vec<Raw> = Records::open(file.path()).unwrap().map(Result::unwrap).collect();
        for raw in all.into_iter().step_by(2999) {
            let again = record_at(file.path(), raw.at()).unwrap();
            assert_eq!(again.at(), raw.at(), "{what}");
            assert_eq!(text(again), text(raw), "{what}");
        }
    }
    let list = written(gzip(b"[\n {\"text\": \"a\"},\n {\"text\": \"b\"}\n]"));
    assert_eq!(texts(list.path()), ["a", "b"]);
    let second = Records::open(list.path()).unwrap().nth(1).unwrap().unwrap();
    assert_eq!((second.place, text(record_at(list.path(), second.at()).unwrap())), (3, "b".into()));
}

/// The records before it, and what is said.
fn failure(packed: &[u8]) -> (usize, String) {
    let file = written(packed);
    let mut records = match Records::open(file.path()) {
        Ok(records) => records,
        Err(error) => return (0, error.to_string()),
    };
    let mut read = 0;
    loop {
        match records.next().expect("an error comes") {
            Ok(raw) => drop((text(raw), read += 1)),
            Err(error) => return (read, error.to_string()),
        }
    }
}

#[test]
fn what_is_cut_off_or_damaged_says_how_far_it_could_be_read() {
    for (name, packed) in [("gzip", gzip(lines(9000).as_bytes())), ("zstd", zstd(lines(9000).as_bytes()))] {
        let (read, said) = failure(&packed[..packed.len() / 2]);
        assert!((100..9000).contains(&read), "{name}: {read}");
        let wanted = format!("its {name} data is cut off behind record {} (from 0); download", read - 1);
        assert!(said.contains(&wanted), "{said}");
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0x55);
        let (read, said) = failure(&damaged);
        assert!(read < 9000 && said.contains(&format!("its {name} data is damaged (")), "{read}: {said}");
        let (read, said) = failure(&packed[..12]);
        assert!(read == 0 && said.contains(&format!("its {name} data is")), "{read}: {said}");
        assert!(said.contains("before its first record ends; download"), "{said}");
    }
    // A short file is looked at whole before its first record is taken.
    let short = gzip(lines(20).as_bytes());
    let (read, said) = failure(&short[..short.len() - 9]);
    assert!(read > 0 && said.contains(&format!("behind record {}", read - 1)), "{read}: {said}");
}

#[test]
fn what_is_packed_twice_or_is_no_text_says_so() {
    let error = |packed: Vec<u8>| Records::open(written(packed).path()).err().expect("refused").to_string();
    assert!(error(gzip(&zstd(b"{}"))).contains("packed with zstd; unpack it first"));
    assert!(error(gzip(b"PAR1 and more")).contains("it is packed, or comes through a pipe"));
    assert!(error(gzip(b" \n")).contains("is empty"));
    let mut archive = vec![0; 512];
    archive[257..262].copy_from_slice(b"ustar");
    assert!(error(gzip(&archive)).contains("a tar archive"));
}

#[test]
fn a_record_without_end_is_passed_over() {
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(LONGEST));
    let read = |content: String| -> Vec<String> {
        let records = Records::open(written(content).path()).unwrap();
        let line =
            |raw: Raw| (raw.place, raw.read(None).map(|record| record.form.name()).map_err(|bad| bad.to_string()));
        records.map(|raw| format!("{:?}", line(raw.unwrap()))).collect()
    };
    let bad = "is longer than 64 MB, the most that is read as one record; split it";
    let lines = read(format!("{{\"text\": \"a\"}}\n{long}\n{{\"text\": \"b\"}}\n"));
    assert!(lines.len() == 3 && lines[1].contains(bad) && lines[1].contains("line 2 (record 1)"), "{lines:?}");
    assert_eq!((&*lines[0], &*lines[2]), ("(1, Ok(\"text\"))", "(3, Ok(\"text\"))"));
    let list = read(format!("[\n{{\"text\": \"a\"}},\n{long},\n{{\"text\": \"b\"}}\n]"));
    assert!(list.len() == 3 && list[1].contains(bad), "{list:?}");
    assert_eq!(&*list[2], "(4, Ok(\"text\"))");
}

fn series(contents: &[Vec<u8>]) -> (tempfile::TempDir, Result<Series, DataError>) {
    let directory = tempfile::tempdir().unwrap();
    let path = |(number, content): (usize, &Vec<u8>)| -> PathBuf {
        let path = directory.path().join(number.to_string());
        std::fs::write(&path, content).unwrap();
        path
    };
    let paths = contents.iter().enumerate().map(path).collect();
    (directory, Series::open(paths))
}

#[test]
fn several_files_are_counted_through() {
    let contents = [
        lines(3).into_bytes(),
        Vec::new(),
        gzip(lines(2).as_bytes()),
        b"[]".to_vec(),
        zstd(lines(1).as_bytes()),
        vec![],
    ];
    let (_guard, series) = series(&contents);
    let series = series.unwrap();
    let progress = series.progress();
    let all: Vec<(usize, usize, usize)> =
        series.map(Result::unwrap).map(|raw| (raw.index, raw.file, raw.place)).collect();
    assert_eq!(all, [(0, 0, 1), (1, 0, 2), (2, 0, 3), (3, 2, 1), (4, 2, 2), (5, 4, 1)]);
    assert_eq!(progress.share(), Some(1.0));
}

#[test]
fn a_series_names_the_file_and_the_record_that_it_got_to() {
    let cut = gzip(lines(2000).as_bytes());
    let (_guard, series) = series(&[lines(3).into_bytes(), cut[..cut.len() / 2].to_vec(), lines(1).into_bytes()]);
    let mut read = 0;
    let error = series.unwrap().find_map(|raw| raw.map(|_| read += 1).err()).expect("an error").to_string();
    assert!(read > 3 && error.contains(&format!("/1: its gzip data is cut off behind record {}", read - 1)), "{error}");
    let missing = Series::open(vec!["Cargo.toml".into(), "no such file".into()]).err().expect("refused").to_string();
    assert!(missing.contains("reading no such file"), "{missing}");
    let (_guard, empty) = self::series(&[vec![], b"\n".to_vec()]);
    assert!(empty.err().expect("refused").to_string().contains("is empty"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_end_in_records_or_one_error(
        is_gzip in any::<bool>(),
        count in 1..40_usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
    ) {
        let plain = lines(count);
        let mut packed = if is_gzip { gzip(plain.as_bytes()) } else { zstd(plain.as_bytes()) };
        for (place, byte) in damage {
            let place = place.index(packed.len());
            packed[place] = byte;
        }
        packed.truncate(end.index(packed.len()) + 1);
        let file = written(&packed);
        if let Ok(records) = Records::open(file.path()) {
            let all: Vec<_> = records.take(10 * count + 300).collect();
            let errors = all.iter().filter(|raw| raw.is_err()).count();
            prop_assert!(errors <= 1 && all.iter().rev().skip(1).all(Result::is_ok));
        }
    }
}

//! Where values come from, and what is said about wrong ones.

use huitong_server::config::{AppSection, Config, Flags, LogFormat, MultiDevicePolicy, env_names, load};
use huitong_types::{AppId, Redacted};
use std::collections::BTreeMap;
use std::io::Write;
use toml::{Table, Value};

const EXAMPLE: &str = include_str!("../../../huitong.example.toml");

const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn from_file(text: &str) -> Result<Config, String> {
    let file = file(text);
    let flags = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
    load(&flags, &BTreeMap::new()).map_err(|error| error.to_string())
}

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The example with its commented-out settings (a `#` directly before the text) in force.
fn example_with_apps() -> String {
    let setting =
        |line: &str| line.starts_with('#') && line[1..].starts_with(|c: char| c == '[' || c.is_alphabetic());
    let lines: Vec<_> = EXAMPLE.lines().map(|line| if setting(line) { &line[1..] } else { line }).collect();
    assert!(lines.contains(&EXAMPLE_SECRET), "the example has an application");
    lines.join("\n")
}

/// What stands in the example for a secret.
const EXAMPLE_SECRET: &str = "secret = \"replace-this-with-your-own-secret-key\"";

#[test]
fn the_example_is_complete_and_shows_the_defaults() {
    let shown: Table = EXAMPLE.parse().unwrap();
    let mut defaults = Table::try_from(Config::default()).unwrap();
    assert_eq!(defaults.remove("app"), Some(Value::Array(Vec::new())));
    assert_eq!(shown, defaults);
    assert_eq!(from_file(EXAMPLE).unwrap(), Config::default());
}

#[test]
fn the_example_shows_every_key_of_an_application_with_its_default() {
    let example = example_with_apps().replace(EXAMPLE_SECRET, &format!("secret = \"{SECRET}\""));
    let config = from_file(&example).unwrap();
    let shown: Table = example.parse().unwrap();
    let shown = shown["app"].as_array().unwrap()[0].as_table().unwrap();
    let default = AppSection::new(config.app[0].id, config.app[0].secret.reveal());
    assert_eq!(shown, &Table::try_from(default).unwrap());
}

/// Who takes the comment signs away and forgets the secret has a server that everybody can use.
#[test]
fn the_secret_of_the_example_is_refused() {
    let error = from_file(&example_with_apps()).unwrap_err();
    assert!(error.contains("application 1400000000 is that of the example"), "{error}");
    assert!(!error.contains("replace-this"), "{error}");
}

#[test]
fn an_application_that_one_place_names_twice_is_refused() {
    let app = |secret: &str| Redacted::new(format!("7:{secret}"));
    let flags = Flags { app: vec![app("0123456789abcdef"), app("fedcba9876543210")], ..Flags::default() };
    let error = load(&flags, &BTreeMap::new()).unwrap_err().to_string();
    assert_eq!(error, "--app names application 7 twice; keep one.");
    let variable = env(&[("HUITONG_APP", &format!("7:{SECRET},8:{SECRET},7:{SECRET}"))]);
    let error = load(&Flags::default(), &variable).unwrap_err().to_string();
    assert_eq!(error, "HUITONG_APP names application 7 twice; keep one.");
}

#[test]
fn every_key_has_a_comment_before_it() {
    let mut commented = false;
    for line in EXAMPLE.lines() {
        let is_key = line.contains(" = ") && !line.starts_with('#');
        assert!(!is_key || commented, "{line} has no comment");
        // Keys that belong together share one.
        commented = line.starts_with("# ") || (is_key && commented);
    }
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let file = file("[server]\nhttp = \"127.0.0.1:1\"\nrtmp = \"127.0.0.1:2\"\ndata = \"/file\"\n");
    let flags =
        Flags { config: Some(file.path().to_owned()), http: Some("127.0.0.1:11".into()), ..Flags::default() };
    let env = env(&[("HUITONG_HTTP", "127.0.0.1:21"), ("HUITONG_RTMP", "127.0.0.1:22")]);
    let config = load(&flags, &env).unwrap();
    assert_eq!(config.server.http.to_string(), "127.0.0.1:11");
    assert_eq!(config.server.rtmp.to_string(), "127.0.0.1:22");
    assert_eq!(config.server.data.to_str(), Some("/file"));
    assert_eq!(config.server.rtc, Config::default().server.rtc);
}

#[test]
fn every_key_can_be_set_by_the_environment() {
    let config = load(
        &Flags::default(),
        &env(&[
            ("HUITONG_PUBLIC_HOST", "rtc.example.com"),
            ("HUITONG_TRUSTED_PROXIES", "10.0.0.7, fd00::/8"),
            ("HUITONG_LIMITS_RTC_MEMBERS", "12"),
            ("HUITONG_MEDIA_RTC_WINDOW_MS", "0"),
            ("HUITONG_LOG", "debug"),
            ("HUITONG_LOG_FORMAT", "json"),
            ("HUITONG_APP", &format!("1:{SECRET}, 2:{SECRET}")),
            ("HUITONG_DATA", ""),
        ]),
    )
    .unwrap();
    assert_eq!(config.server.public_host, "rtc.example.com");
    assert_eq!((config.limits.rtc_members, config.media.rtc_window_ms), (12, 0));
    let proxies: Vec<_> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.7", "fd00::/8"]);
    assert_eq!((config.log.level.as_str(), config.log.format), ("debug", LogFormat::Json));
    assert_eq!(config.app.iter().map(|app| app.id.get()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(config.server.data, Config::default().server.data, "an empty variable sets nothing");
    assert!(env_names().contains_key("HUITONG_TLS_CERT"));
}

#[test]
fn the_environment_names_the_file() {
    let file = file("[limits]\npublishers = 3\n");
    let config = load(&Flags::default(), &env(&[("HUITONG_CONFIG", file.path().to_str().unwrap())])).unwrap();
    assert_eq!(config.limits.publishers, 3);
}

#[test]
fn a_secret_from_a_flag_keeps_the_policies_of_the_file() {
    let file = file(&format!(
        "[[app]]\nid = 7\nsecret = \"{SECRET}\"\nrequire_room_key = true\nmulti_device = \"per-device\"\n"
    ));
    let app = Redacted::new("7:0123456789abcdef".to_owned());
    let flags = Flags { config: Some(file.path().to_owned()), app: vec![app], ..Flags::default() };
    let config = load(&flags, &BTreeMap::new()).unwrap();
    assert_eq!(config.app.len(), 1);
    assert_eq!(config.app[0].secret.reveal(), "0123456789abcdef");
    assert!(config.app[0].require_room_key);
    assert_eq!(config.app[0].multi_device, MultiDevicePolicy::PerDevice);
}

#[test]
fn what_is_wrong_in_a_file_is_told_in_one_sentence() {
    let cases = [
        (
            "[server]\nhtpp = \"0.0.0.0:80\"\n",
            "\"server.htpp\", which does not exist; did you mean \"server.http\"",
        ),
        ("http = \"0.0.0.0:80\"\n", "\"http\", which does not exist; did you mean \"server.http\""),
        ("[sever]\nhttp = \"0.0.0.0:80\"\n", "[sever], which does not exist; did you mean [server]"),
        (
            "[[app]]\nid = 7\nsecrt = \"x\"\n",
            "\"app.secrt\", which does not exist; did you mean \"app.secret\"",
        ),
        ("[server]\nhttp = \"localhost\"\n", "line 2 is not valid: \"localhost\" is not a listening address"),
        ("[limits]\n\nrtc_members = \"many\"\n", "line 3 is not valid"),
        ("[limits]\nrtc_members = 0\n", "limits.rtc_members is 0; set it from 1 to 10000"),
        ("[server\n", "line 1 is not valid"),
        ("[server]\ntls_cert = \"a.pem\"\n", "tls_key is not set; set both or neither"),
        ("[server]\npublic_host = \"https://a.example\"\n", "without scheme, port or path"),
        ("[server]\npublic_host = \"a.example:80\"\n", "without scheme, port or path"),
        ("[server]\npublic_url = \"a.example\"\n", "write http:// or https://"),
        ("[log]\nformat = \"xml\"\n", "line 2 is not valid"),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]\n",
            "line 2 is not valid: \"10.0.0.0/33\" is no network; write an IP address",
        ),
        ("[server]\ntrusted_proxies = [\"0.0.0.0/0\"]\n", "\"0.0.0.0/0\" is no network"),
    ];
    for (text, sentence) in cases {
        let error = from_file(text).unwrap_err();
        assert!(error.contains(sentence), "{text:?} gave: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.ends_with('.'), "{error}");
    }
}

#[test]
fn no_sentence_shows_a_secret() {
    let cases = [
        "[[app]]\nid = 7\nsecret = 5050505050505050\n",
        "[[app]]\nid = 7\nsecret = \"5050 5050505050505050\"\n",
        "[[app]]\nid = 7\nsecret = \"50505050\"\n",
        "[[app]]\nid = 0\nsecret = \"5050505050505050\"\n",
        "[[app]]\nid = 7\nsecret = [\"5050505050505050\"]\n",
        "[[app]]\nid = 7\nsecret = \"5050505050505050\"\n[[app]]\nid = 7\nsecret = \"5050505050505050\"\n",
    ];
    for text in cases {
        let error = from_file(text).unwrap_err();
        assert!(!error.contains("5050"), "{error}");
    }
}

#[test]
fn addresses_may_leave_out_the_host_to_mean_every_one() {
    let flags = Flags { http: Some(":9000".into()), ..Flags::default() };
    assert_eq!(load(&flags, &BTreeMap::new()).unwrap().server.http.to_string(), "0.0.0.0:9000");
}

#[test]
fn the_debug_form_of_a_configuration_shows_no_secret() {
    let mut config = Config::default();
    config.app.push(AppSection::new(AppId::new(7).unwrap(), SECRET));
    assert!(!format!("{config:?}").contains(SECRET));
}

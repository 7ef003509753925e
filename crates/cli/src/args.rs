//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use huitong_types::Redacted;
use std::convert::Infallible;
use std::path::PathBuf;

/// Real-time audio and video for WeChat Mini Programs and browsers.
#[derive(Parser)]
#[command(
    name = "huitong",
    version,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "Examples:
  huitong serve
  huitong serve --app 1400000000:SECRET --public-host rtc.example.com
  huitong preview examples/miniprogram
  huitong usersig --app 1400000000:SECRET --user alice
  huitong url push --server http://127.0.0.1:8080 --app 1400000000:SECRET --room 1 --user obs")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Serve(Box<Serve>),
    Preview(Box<Preview>),
    Usersig(UserSig),
    Authbuffer(AuthBuffer),
    Url(Url),
    Rooms(Rooms),
    Usage(Usage),
    Apitoken(ApiToken),
}

/// Run the server.
#[derive(Args)]
#[command(
    after_help = "Every flag can also be set in the file (see huitong.example.toml) and by an environment variable: \
--http by HUITONG_HTTP, --app by HUITONG_APP (several with commas), --log by HUITONG_LOG and so on. A flag wins over \
the environment, the environment over the file.

Examples:
  huitong serve                                  a demo application, the usual ports
  huitong serve --config /etc/huitong.toml
  huitong serve --app 1400000000:SECRET --http 0.0.0.0:443 \\
    --tls-cert chain.pem --tls-key key.pem

The server ends on SIGTERM or SIGINT after it has drained; a second signal ends it at once."
)]
pub(crate) struct Serve {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of the HTTP port: API, signalling, FLV, SDK files [default: 0.0.0.0:8080]
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<String>,
    /// Address of the RTMP port [default: 0.0.0.0:1935]
    #[arg(long, value_name = "ADDR")]
    pub(crate) rtmp: Option<String>,
    /// Address of the WebRTC port, UDP and TCP [default: 0.0.0.0:8000]
    #[arg(long, value_name = "ADDR")]
    pub(crate) rtc: Option<String>,
    /// Directory for what the server keeps [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// An application to serve; can be given several times. Without any, a demo application is made.
    #[arg(long, value_name = "APPID:SECRET", value_parser = secret)]
    pub(crate) app: Vec<Redacted<String>>,
    /// Host name or address under which clients reach this machine [default: that of the default route]
    #[arg(long, value_name = "HOST")]
    pub(crate) public_host: Option<String>,
    /// PEM file with the certificate chain: TLS on the HTTP port. Read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<String>,
    /// PEM file with the private key of the certificate.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<String>,
    /// Form of log lines: human or json [default: human]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// How much to log: error, warn, info, debug, trace, or directives [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

/// Show a mini program in a browser, with a server to go with it; it starts anew when a file changes.
#[derive(Args)]
#[command(
    after_help = "The folder is the one that WeChat DevTools opens. Its pages run in the browser with <live-pusher> and \
<live-player>; what a browser cannot do fails with a reason in the console beside the phone.

Examples:
  huitong preview examples/miniprogram           then open http://127.0.0.1:8080/preview/
  huitong preview . --http 127.0.0.1:9000 --rtmp 127.0.0.1:0 --rtc 127.0.0.1:0 \\
    --data preview-data"
)]
pub(crate) struct Preview {
    /// Folder with app.json or project.config.json.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// Print a UserSig, as the token server of an application mints it.
#[derive(Args)]
#[command(after_help = "Example:
  huitong usersig --app 1400000000:SECRET --user alice --expire 3600")]
pub(crate) struct UserSig {
    #[command(flatten)]
    pub(crate) app: App,
    /// The user who logs in with it.
    #[arg(long, value_name = "ID")]
    pub(crate) user: String,
    /// Validity, seconds.
    #[arg(long, value_name = "SECS", default_value_t = 86_400)]
    pub(crate) expire: u32,
}

/// Print an authBuffer, with which a user enters a voice room, as the token server of an application mints it.
#[derive(Args)]
#[command(
    after_help = "The key is the secret of the application: one of 16 characters, as the vendor's console shows them, \
as it is; of a longer one the MD5. The cipher that the format prescribes is an old one: mint it when the user asks to \
enter, for a short time (docs/decisions/0017).

Examples:
  huitong authbuffer --app 1400000000:SECRET --user 10001 --room room_123
  huitong authbuffer --app 1400000000:SECRET --user 10001 --room room_123 --raw > ticket

What is in one that your token server minted, and whether it is expired:
  huitong authbuffer --app 1400000000:SECRET --read FfgoIxM+HQq8apcFTX1eq/f7JeuYijrC…
  huitong authbuffer --app 1400000000:SECRET --read - < ticket"
)]
pub(crate) struct AuthBuffer {
    #[command(flatten)]
    pub(crate) app: App,
    /// The user who enters: a whole number of 64 bits.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, required_unless_present = "read")]
    pub(crate) user: Option<String>,
    /// The voice room: at most 127 letters, digits and underscores.
    #[arg(long, required_unless_present = "read")]
    pub(crate) room: Option<String>,
    /// Print what is in this one instead, in whatever form it is; `-` reads it from the standard input.
    #[arg(
        long, value_name = "AUTHBUFFER", allow_hyphen_values = true,
        conflicts_with_all = ["user", "room", "expire", "base64", "hex", "raw"]
    )]
    pub(crate) read: Option<String>,
    /// Validity, seconds. It is looked at when the user enters.
    #[arg(long, value_name = "SECS", default_value_t = 300)]
    pub(crate) expire: u32,
    /// Take the MD5 of the secret as the key, although it has 16 characters: as older token servers do.
    #[arg(long)]
    pub(crate) md5: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// In which form.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct Form {
    /// As base64, for mini programs and browsers; the default.
    #[arg(long)]
    pub(crate) base64: bool,
    /// As hexadecimal digits.
    #[arg(long)]
    pub(crate) hex: bool,
    /// As bytes, for native clients, without a line end.
    #[arg(long)]
    pub(crate) raw: bool,
}

/// Print a token for the back-end API (`Authorization: Bearer …`).
#[derive(Args)]
#[command(after_help = "Example:
  curl -H \"Authorization: Bearer $(huitong apitoken --app 1400000000:SECRET)\" \\
    http://127.0.0.1:8080/v1/rooms")]
pub(crate) struct ApiToken {
    #[command(flatten)]
    pub(crate) app: App,
    /// Validity, seconds.
    #[arg(long, value_name = "SECS", default_value_t = 3600)]
    pub(crate) expire: u32,
}

/// Print URLs to push a stream as a member of a room, or to play a member's stream.
#[derive(Args)]
#[command(
    after_help = "Prints one `name url` per line: `rtmp` and `whip` to push, `rtmp`, `flv`, `ws-flv` and `whep` to play. \
The URLs may be used by many connections until they expire.

Examples:
  export HUITONG_SERVER=http://127.0.0.1:8080 HUITONG_APP=1400000000:SECRET
  huitong url push --room 1 --user obs
  ffmpeg -re -i movie.mp4 -c:v libx264 -bf 0 -c:a aac -f flv \\
    \"$(huitong url push --room 1 --user obs | sed -n 's/^rtmp //p')\"
  huitong url play --server https://rtc.example.com --app 1400000000:SECRET --room 1 --user obs"
)]
pub(crate) struct Url {
    /// What the URLs are for.
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) app: App,
    /// The room: `1234` numeric, `abc` named, `@1234` named of digits.
    #[arg(long)]
    pub(crate) room: String,
    /// The member that pushes, or whose stream is played.
    #[arg(long)]
    pub(crate) user: String,
    /// Which of the member's streams.
    #[arg(long, value_enum, default_value_t = Stream::Main)]
    pub(crate) stream: Stream,
    /// What the room is for, if the push creates it.
    #[arg(long, value_enum, default_value_t = Scene::Rtc)]
    pub(crate) scene: Scene,
    /// Validity, seconds [default: a day]
    #[arg(long, value_name = "SECS")]
    pub(crate) expire: Option<u32>,
}

/// List the rooms of an application, or the members and streams of one room.
#[derive(Args)]
#[command(after_help = "Examples:
  huitong rooms --server http://127.0.0.1:8080 --app 1400000000:SECRET
  huitong rooms --server http://127.0.0.1:8080 --app 1400000000:SECRET --room 1")]
pub(crate) struct Rooms {
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) app: App,
    /// Show this room with its members and streams.
    #[arg(long)]
    pub(crate) room: Option<String>,
}

/// Show what an application used, day by day, in the minutes of the bill.
#[derive(Args)]
#[command(after_help = "Examples:
  huitong usage --server http://127.0.0.1:8080 --app 1400000000:SECRET
  huitong usage --server http://127.0.0.1:8080 --app 1400000000:SECRET \\
    --since 2026-11-01 --until 2026-12-01")]
pub(crate) struct Usage {
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) app: App,
    /// Only this day and later ones.
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<String>,
    /// Only days before this one.
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
    /// Only what this user used.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Only what was used in this room.
    #[arg(long)]
    pub(crate) room: Option<String>,
    /// What `members` have used [default], or what `guests` have received, who play minted URLs.
    #[arg(long, value_name = "WHO")]
    pub(crate) of: Option<String>,
}

/// Where the server is.
#[derive(Args)]
pub(crate) struct Server {
    /// The server, such as http://127.0.0.1:8080 or https://rtc.example.com.
    #[arg(long, value_name = "URL", env = "HUITONG_SERVER")]
    pub(crate) server: String,
    /// PEM file with certificates to trust, for a server with a private one.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

/// On whose behalf.
#[derive(Args)]
pub(crate) struct App {
    /// The application and its secret.
    #[arg(long, value_name = "APPID:SECRET", env = "HUITONG_APP", hide_env_values = true, value_parser = secret)]
    pub(crate) app: Redacted<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// To push a stream as a member of the room.
    Push,
    /// To play a member's stream.
    Play,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Stream {
    /// Camera and microphone.
    Main,
    /// Screen or second camera.
    Aux,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Scene {
    /// A call or a meeting.
    Rtc,
    /// A broadcast.
    Live,
}

/// Takes any text, so that a message about a wrong one is ours and does not show it.
#[expect(clippy::unnecessary_wraps, reason = "the form of a value parser")]
fn secret(text: &str) -> Result<Redacted<String>, Infallible> {
    Ok(Redacted::new(text.to_owned()))
}

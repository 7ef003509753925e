//! `huitong url`

use super::{identity, print};
use crate::api::Api;
use crate::args::{Kind, Scene, Stream, Url};
use crate::failure::Failure;
use huitong_protocol::api::{UrlKind, UrlReply, UrlRequest};

pub(super) fn run(args: &Url) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let request = UrlRequest {
        kind: match args.kind {
            Kind::Push => UrlKind::Push,
            Kind::Play => UrlKind::Play,
        },
        user: args.user.clone(),
        stream: match args.stream {
            Stream::Main => "main",
            Stream::Aux => "aux",
        }
        .to_owned(),
        scene: match args.scene {
            Scene::Rtc => "rtc",
            Scene::Live => "live",
        }
        .to_owned(),
        expire_seconds: args.expire,
    };
    let api = Api::new(&args.server, &identity)?;
    let reply: UrlReply = api.post(&["v1", "rooms", &args.room, "urls"], &request)?;
    reply.urls.iter().try_for_each(|url| print(&format!("{} {}", url.name, url.url)))
}

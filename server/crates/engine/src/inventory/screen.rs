//! The picture of a phone's screen, for somebody who helps its owner.
//!
//! Owns asking for it, reading it, and for how long it is kept. *Invariant:* what a phone sends
//! is hostile: it is bounded, known by its first bytes, decoded within limits and written anew;
//! no byte of the phone's own reaches a browser. Who looked is in the audit log.

use std::io::Cursor;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carillon_domain::event::EventResult;
use carillon_domain::role::Permission;
use carillon_domain::{Cause, Mac, Timestamp};
use carillon_store::{ContactUpdate, PhoneRow};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{finish, record};
use crate::Engine;
use crate::caller::Caller;
use crate::dispatch::picture;
use crate::error::{EngineError, Result};

const KIND: &str = "screen";
/// So long a picture can be looked at by whoever took it.
const LASTS: Duration = Duration::from_mins(10);
/// The largest screens of phones are far below.
const MAX_SIDE: u32 = 2048;
const MAX_MEMORY: u64 = 32 * 1024 * 1024;
/// Pictures that are asked for and read at once.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// A picture of a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Whose.
    pub mac: Mac,
    /// When it was taken.
    pub at: Timestamp,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Written by us.
    pub png: Vec<u8>,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPicture {
    /// The phone or the network said no.
    Refused(Cause),
    /// What came is no picture that we read.
    Unreadable,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    mac: Mac,
    at: Timestamp,
    width: u32,
    height: u32,
    png: String,
}

impl Engine {
    /// Asks a phone for a picture of its screen and keeps it for this account; says under which
    /// id.
    ///
    /// # Errors
    /// Denied, not found, or everything is stopped.
    pub async fn take_picture(
        &self,
        caller: &Caller,
        mac: Mac,
    ) -> Result<std::result::Result<String, NoPicture>> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let row = seen.phone(mac).await?.ok_or(EngineError::NotFound)?;
        if self.store.stop_all().await?.is_some() {
            let message = "everything is stopped: no phone is asked anything";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        self.follow_networks().await?;
        self.note_look(caller, &row, EventResult::Intent, None, None)
            .await?;
        let (found, contact) = self.look(&row).await?;
        let (result, cause) = match &found {
            Ok(_) => (EventResult::Ok, None),
            Err(NoPicture::Refused(cause)) => (EventResult::Failed, Some(*cause)),
            Err(NoPicture::Unreadable) => (EventResult::Failed, Some(Cause::BadAnswer)),
        };
        self.note_look(caller, &row, result, cause, contact).await?;
        match found {
            Ok(picture) => Ok(Ok(self.keep_picture(caller, picture).await?)),
            Err(why) => Ok(Err(why)),
        }
    }

    /// One request, and what came of it.
    async fn look(
        &self,
        row: &PhoneRow,
    ) -> Result<(
        std::result::Result<Picture, NoPicture>,
        Option<ContactUpdate>,
    )> {
        if row.phone.protected {
            return Ok((Err(NoPicture::Refused(Cause::Protected)), None));
        }
        let delivery = match picture::delivery(self, row).await? {
            Ok(delivery) => delivery,
            Err(cause) => return Ok((Err(NoPicture::Refused(cause)), None)),
        };
        let _turn = AT_ONCE
            .acquire()
            .await
            .map_err(|_| EngineError::Internal("pictures are no longer taken"))?;
        let fetched = self.gateway.fetch(delivery).await;
        let outcome = &fetched.outcome;
        let contact = ContactUpdate {
            reached: outcome.reached,
            learned_auth: outcome.learned_auth,
            learned_pin: outcome.learned_pin.clone(),
        };
        let found = match outcome.cause {
            Some(cause) => Err(NoPicture::Refused(cause)),
            None => self.read(row.phone.mac, fetched.body).await?,
        };
        Ok((found, Some(contact)))
    }

    /// Decoding is work for a thread of its own.
    async fn read(
        &self,
        mac: Mac,
        body: Vec<u8>,
    ) -> Result<std::result::Result<Picture, NoPicture>> {
        let written = tokio::task::spawn_blocking(move || written_anew(&body))
            .await
            .map_err(|_| EngineError::Internal("a picture could not be read"))?;
        let at = self.clock.now();
        let picture = written.map(|(png, width, height)| Picture {
            mac,
            at,
            width,
            height,
            png,
        });
        Ok(picture.ok_or(NoPicture::Unreadable))
    }

    async fn note_look(
        &self,
        caller: &Caller,
        row: &PhoneRow,
        result: EventResult,
        cause: Option<Cause>,
        contact: Option<ContactUpdate>,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut event = record::of_phone(caller, now, "phone.screen_looked_at", &row.phone);
        event.result = result;
        if let Some(cause) = cause {
            event.detail = json!({"cause": cause});
        }
        let mut unit = match result {
            EventResult::Intent => caller.begin(&self.store).await?,
            // What came of it is told, whatever became of who asked.
            _ => self.store.begin().await?,
        };
        if let Some(contact) = contact {
            unit.note_contact(row.phone.mac, contact, now).await?;
        }
        finish(unit, &[event]).await
    }

    async fn keep_picture(&self, caller: &Caller, picture: Picture) -> Result<String> {
        let kept = Kept {
            mac: picture.mac,
            at: picture.at,
            width: picture.width,
            height: picture.height,
            png: STANDARD.encode(&picture.png),
        };
        self.keep_draft(caller, KIND, &kept, LASTS).await
    }

    /// A picture that this account took a while ago.
    ///
    /// # Errors
    /// Denied, or not found: also when its time is over, or it is of another phone.
    pub async fn picture(&self, caller: &Caller, mac: Mac, id: &str) -> Result<Picture> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        if seen.phone(mac).await?.is_none() {
            return Err(EngineError::NotFound);
        }
        let kept: Kept = self.draft(caller, KIND, id).await?;
        let png = STANDARD.decode(&kept.png).ok();
        let png = png.filter(|_| kept.mac == mac);
        Ok(Picture {
            mac: kept.mac,
            at: kept.at,
            width: kept.width,
            height: kept.height,
            png: png.ok_or(EngineError::NotFound)?,
        })
    }
}

/// The kinds that phones send, known by their first bytes and by nothing that they say.
fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    let kinds: [(&[u8], ImageFormat); 3] = [
        (b"BM", ImageFormat::Bmp),
        (b"\xff\xd8\xff", ImageFormat::Jpeg),
        (b"\x89PNG\r\n\x1a\n", ImageFormat::Png),
    ];
    let known = kinds.iter().find(|(magic, _)| bytes.starts_with(magic));
    known.map(|(_, format)| *format)
}

/// The picture as a PNG of ours with its width and height; `None` when it is none, or too large.
fn written_anew(bytes: &[u8]) -> Option<(Vec<u8>, u32, u32)> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format_of(bytes)?);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let pixels = reader.decode().ok()?.into_rgb8();
    let (width, height) = pixels.dimensions();
    let mut png = Cursor::new(Vec::new());
    let written = DynamicImage::ImageRgb8(pixels).write_to(&mut png, ImageFormat::Png);
    written.ok().map(|()| (png.into_inner(), width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let red = image::RgbImage::from_pixel(20, 10, image::Rgb([200, 0, 0]));
        DynamicImage::ImageRgb8(red)
            .write_to(&mut out, format)
            .expect("a picture");
        out.into_inner()
    }

    #[test]
    fn every_kind_becomes_a_png_of_ours() {
        for format in [ImageFormat::Bmp, ImageFormat::Jpeg, ImageFormat::Png] {
            let mut sent = picture(format);
            // What a phone hides behind the picture stays behind.
            sent.extend_from_slice(b"<script>alert(1)</script>");
            let (png, width, height) = written_anew(&sent).expect("readable");
            assert_eq!((width, height), (20, 10));
            assert_eq!(format_of(&png), Some(ImageFormat::Png));
            let hidden = png.windows(7).any(|part| part == b"<script");
            assert!(!hidden, "{format:?}");
        }
    }

    #[test]
    fn what_is_no_picture_is_none() {
        for text in [
            &b""[..],
            b"BM",
            b"<html>",
            b"\xff\xd8\xff",
            b"GIF89a",
            b"<svg/>",
        ] {
            assert_eq!(written_anew(text), None);
        }
        let whole = picture(ImageFormat::Png);
        assert_eq!(
            written_anew(&whole[..whole.len() / 2]),
            None,
            "half a picture"
        );
    }

    #[test]
    fn a_picture_that_would_fill_the_memory_is_refused() {
        let mut bomb = picture(ImageFormat::Bmp);
        bomb[18..22].copy_from_slice(&60_000_u32.to_le_bytes());
        bomb[22..26].copy_from_slice(&60_000_u32.to_le_bytes());
        assert_eq!(written_anew(&bomb), None);
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_luma8(MAX_SIDE + 1, 1)
            .write_to(&mut out, ImageFormat::Png)
            .expect("a wide picture");
        assert_eq!(written_anew(&out.into_inner()), None);
    }
}

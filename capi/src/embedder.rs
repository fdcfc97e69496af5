//! The host's own vectors, and those of a model server.
//!
//! Knows how the trait becomes a callback that fills a table of numbers, and how a server's
//! settings look in C.

use crate::border::callback::UserData;
use crate::border::error::{confidant_error, confidant_status, invalid, kind_of};
use crate::border::guard::{caught, guard};
use crate::border::handle::{Place, free};
use crate::border::record::{Record, read};
use crate::border::text::{confidant_flag, confidant_str, text, view};
use crate::border::views::{shown_number, shown_text};
#[cfg(feature = "http")]
use crate::border::{error::unknown, limit::time_limit, text::maybe};
#[cfg(feature = "http")]
use confidant::HttpEmbedder;
use confidant::{Embedder, Error, ErrorKind, Result};
use std::ffi::c_void;
use std::sync::Arc;

/// The server speaks Ollama's protocol.
pub const CONFIDANT_EMBEDDER_OLLAMA: i32 = 0;
/// The server speaks OpenAI's protocol, as many others do.
pub const CONFIDANT_EMBEDDER_OPENAI: i32 = 1;

/// The longest name of a model, in bytes, and the most numbers of a vector.
const MAX_NAME_BYTES: usize = 128;
const MAX_DIMENSIONS: usize = 8_192;

/// A model that turns texts into vectors: the host's own, or one of a server. Usable from many
/// threads at once; collections keep what they need of it, so it may be freed before them.
pub struct confidant_embedder {
    pub(crate) embedder: Arc<dyn Embedder>,
}

type Embed = unsafe extern "C" fn(
    user_data: *mut c_void,
    texts: *const confidant_str,
    count: usize,
    vectors: *mut f32,
) -> confidant_status;

/// An embedder of the host's own. Begin with `CONFIDANT_EMBEDDER_CALLBACKS_INIT`.
///
/// The library owns `user_data` from the call it is given in, also if that call fails (unless
/// `struct_size` is refused), and runs `destroy` exactly once, on any thread. `embed` is called
/// without any lock or transaction held, from any thread and from many at once; it may call the
/// library, may run long, and must not throw or jump out.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_embedder_callbacks {
    /// `sizeof(confidant_embedder_callbacks)`.
    pub struct_size: usize,
    /// The host's own; the first parameter of each function.
    pub user_data: *mut c_void,
    /// Writes one vector for each of `count` texts, in their order, into `vectors`, which has room
    /// for `count` times `dimensions` numbers, all zero; returns `CONFIDANT_OK`, or a status, with
    /// which the call fails: EMBEDDING for an unknown one and for INTERNAL, which only the library
    /// says. A vector's length does not matter. Must not be NULL.
    pub embed: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            texts: *const confidant_str,
            count: usize,
            vectors: *mut f32,
        ) -> confidant_status,
    >,
    /// Gives `user_data` back; may be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// The model's name with its version, 1 to 128 bytes: vectors of two names are never compared.
    pub name: confidant_str,
    /// The numbers of a vector, 1 to 8,192.
    pub dimensions: usize,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_embedder_callbacks {}

/// An embedding model on a server. Begin with `CONFIDANT_HTTP_EMBEDDER_OPTIONS_INIT`; what stays
/// zero is the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_http_embedder_options {
    /// `sizeof(confidant_http_embedder_options)`.
    pub struct_size: usize,
    /// The model's name, such as "nomic-embed-text:v1.5".
    pub model: confidant_str,
    /// Where the server is, without "/api" or "/v1"; of Ollama a NULL pointer is
    /// "http://127.0.0.1:11434".
    pub base_url: confidant_str,
    /// The server's key; a NULL pointer for none. It is in no error.
    pub api_key: confidant_str,
    /// The numbers of a vector, 1 to 8,192.
    pub dimensions: usize,
    /// How long to wait for a reply, in milliseconds; 0 for 60,000.
    pub response_timeout_ms: u64,
    /// One of `CONFIDANT_EMBEDDER_*`.
    pub protocol: i32,
    /// How often a request that failed in passing is sent again; read if `has_max_retries`, else 2.
    pub max_retries: u32,
    /// Whether `max_retries` is given.
    pub has_max_retries: confidant_flag,
    /// Allows "http://" to another machine: the texts and the key travel in the clear.
    pub allow_plain_http: confidant_flag,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_http_embedder_options {}

struct HostEmbedder {
    name: String,
    dimensions: usize,
    embed: Embed,
    user_data: UserData,
}

impl Embedder for HostEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let shown: Vec<confidant_str> = texts.iter().map(|text| view(text)).collect();
        let mut vectors = vec![0.0; shown.len() * self.dimensions];
        // SAFETY: the host's function with the host's data, not destroyed yet; all others live.
        let status = caught(|| unsafe {
            (self.embed)(
                self.user_data.pointer(),
                shown.as_ptr(),
                shown.len(),
                vectors.as_mut_ptr(),
            )
        });
        let name = &self.name;
        match status {
            Some(0) => Ok(vectors.chunks_exact(self.dimensions).map(<[f32]>::to_vec).collect()),
            Some(status) => {
                let kind = kind_of(status).unwrap_or(ErrorKind::Embedding);
                Err(Error::new(
                    kind,
                    format!("the host's embedder {name} returned the status {status}"),
                ))
            }
            None => Err(Error::new(
                ErrorKind::Embedding,
                format!("the host's embedder {name} panicked"),
            )),
        }
    }
}

/// # Safety
/// As `text::text`.
pub(crate) unsafe fn checked(name: confidant_str, dimensions: usize) -> Result<String> {
    // SAFETY: as promised by the caller.
    let name = unsafe { text(name, "the embedder's name") }?;
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Err(invalid("the embedder's name must have 1 to 128 bytes"));
    }
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Err(invalid(format!(
            "the embedder {name} has {dimensions} dimensions; there must be 1 to 8,192"
        )));
    }
    Ok(name.to_owned())
}

/// Makes an embedder of the host's own.
///
/// Owned: free `*out` with `confidant_embedder_free`; the library owns `callbacks->user_data` from
/// here on, also if this fails. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_embedder_new(
    callbacks: *const confidant_embedder_callbacks,
    out: *mut *mut confidant_embedder,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out);
        let given = read(callbacks, "callbacks")?;
        let user_data = UserData::new(given.user_data, given.destroy);
        let out = out?;
        let name = checked(given.name, given.dimensions)?;
        let embed = given.embed.ok_or_else(|| invalid("callbacks.embed is NULL"))?;
        let embedder =
            Arc::new(HostEmbedder { name, dimensions: given.dimensions, embed, user_data });
        out.give(confidant_embedder { embedder })
    })
}

/// An embedding model on an Ollama server, or one that speaks OpenAI's protocol. Nothing is sent
/// before it is first used; then a failure of the server is LLM.
///
/// Owned: free `*out` with `confidant_embedder_free`; the texts are copied. Threads: any. Fails:
/// INVALID_ARGUMENT, UNSUPPORTED (the library was built without HTTP).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_embedder_http(
    options: *const confidant_http_embedder_options,
    out: *mut *mut confidant_embedder,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        out.give(confidant_embedder { embedder: server(&read(options, "options")?)? })
    })
}

/// Frees the handle of an embedder; collections that use it keep it. NULL does nothing.
///
/// Owned: `user_data` of a host's embedder is destroyed with the last collection that uses it.
/// Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_embedder_free(embedder: *mut confidant_embedder) {
    unsafe { free(embedder) }
}

/// The model's name.
///
/// Owned: a view that lives until `confidant_embedder_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_embedder_name(
    embedder: *const confidant_embedder,
) -> confidant_str {
    unsafe { shown_text(embedder, |embedder| Some(embedder.embedder.name())) }
}

/// The numbers of a vector; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_embedder_dimensions(
    embedder: *const confidant_embedder,
) -> usize {
    unsafe { shown_number(embedder, |embedder| embedder.embedder.dimensions()) }
}

/// # Safety
/// The texts must be readable.
#[cfg(feature = "http")]
unsafe fn server(given: &confidant_http_embedder_options) -> Result<Arc<dyn Embedder>> {
    // SAFETY: as promised by the caller.
    let (model, base_url, api_key) = unsafe {
        (
            checked(given.model, given.dimensions)?,
            maybe(given.base_url, "base_url")?,
            maybe(given.api_key, "api_key")?,
        )
    };
    let mut embedder = match given.protocol {
        CONFIDANT_EMBEDDER_OLLAMA => base_url
            .into_iter()
            .fold(HttpEmbedder::ollama(model, given.dimensions), HttpEmbedder::base_url),
        CONFIDANT_EMBEDDER_OPENAI => {
            let url = base_url
                .ok_or_else(|| invalid("a server with OpenAI's protocol needs a base_url"))?;
            HttpEmbedder::openai(url, model, given.dimensions)
        }
        number => return Err(unknown("protocol of embedders", number)),
    };
    embedder = api_key.into_iter().fold(embedder, HttpEmbedder::api_key);
    embedder = time_limit(given.response_timeout_ms)
        .into_iter()
        .fold(embedder, HttpEmbedder::response_timeout);
    if given.has_max_retries != 0 {
        embedder = embedder.max_retries(given.max_retries);
    }
    if given.allow_plain_http != 0 {
        embedder = embedder.allow_plain_http();
    }
    Ok(Arc::new(embedder))
}

/// # Safety
/// None is needed.
#[cfg(not(feature = "http"))]
unsafe fn server(_: &confidant_http_embedder_options) -> Result<Arc<dyn Embedder>> {
    let message =
        "embedders on servers need the feature `http`, which this library was built without";
    Err(Error::new(ErrorKind::Unsupported, message))
}

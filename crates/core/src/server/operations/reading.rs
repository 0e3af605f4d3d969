//! Operations that are answered with a document: threads, items, titles, feedback, deletion.

use chatkitd_protocol::chatkit::{
    ItemsFeedbackParams, ItemsListParams, Order, Page, Thread, ThreadItem, ThreadsDeleteParams,
    ThreadsGetByIdParams, ThreadsListParams, ThreadsUpdateParams,
};
use serde::Serialize;

use crate::id::ThreadId;
use crate::ports::{Scope, StoreError};
use crate::server::engine::{ChatCaller, ChatServer, Reply};
use crate::server::error::ServerError;
use crate::server::reach::Reach;
use crate::threads::{ItemQuery, PageQuery, ThreadChange, ThreadQuery};

/// How many elements a page has unless the client says otherwise.
const PAGE: u32 = 20;
/// The most it may ask for; more is answered with as many, and `has_more`.
const MAX_PAGE: u32 = 100;
/// The longest title, in characters.
const MAX_TITLE: usize = 500;
/// The most items of one feedback.
const MAX_RATED: usize = 100;

impl ChatServer {
    pub(in crate::server) async fn get_thread(
        &self,
        caller: &ChatCaller,
        params: ThreadsGetByIdParams,
    ) -> Result<Reply, ServerError> {
        let scope = &caller.scope();
        let id = thread_id(&params.thread_id)?;
        // Before all else: a run that ends meanwhile has changed what is read after that.
        let live_run = self.threads.live_run(scope, &id).await?.map(|run| run.id);
        let thread = self.threads.thread(scope, &id).await?.ok_or(ServerError::ThreadNotFound)?;
        let page = page_query(None, Order::Asc, None);
        let items = self.visible_items(caller, &id, page).await?;
        Ok(Reply::Json { body: json(&thread.to_wire(items))?, live_run })
    }

    /// The first items of a thread, as many as there may be at once.
    pub(in crate::server) async fn first_items(
        &self,
        caller: &ChatCaller,
        thread: &ThreadId,
    ) -> Result<Vec<ThreadItem>, ServerError> {
        let page = page_query(Some(MAX_PAGE), Order::Asc, None);
        Ok(self.visible_items(caller, thread, page).await?.data)
    }

    pub(in crate::server) async fn list_threads(
        &self,
        scope: &Scope,
        reach: Reach,
        params: ThreadsListParams,
    ) -> Result<Reply, ServerError> {
        if matches!(reach, Reach::Since(_)) {
            return document(&Page::<Thread>::default());
        }
        let page = page_query(params.limit, params.order, params.after);
        let query = ThreadQuery { page, newest: reach.newest() };
        let found = self.threads.threads(scope, &query).await?;
        let data: Vec<Thread> = found.threads.iter().map(|thread| thread.to_wire(Page::default())).collect();
        let after = data.last().filter(|_| found.has_more).map(|thread| thread.id.clone());
        document(&Page { data, has_more: found.has_more, after })
    }

    pub(in crate::server) async fn list_items(
        &self,
        caller: &ChatCaller,
        params: ItemsListParams,
    ) -> Result<Reply, ServerError> {
        let scope = &caller.scope();
        let id = thread_id(&params.thread_id)?;
        // As above. Whoever opens a thread asks for both at once, and its run may end between the two answers.
        let live_run = match params.after {
            None => self.threads.live_run(scope, &id).await?.map(|run| run.id),
            Some(_) => None,
        };
        let page = page_query(params.limit, params.order, params.after);
        let query = ItemQuery { page, hidden: false, kinds: None };
        let items = self.threads.item_texts(scope, &id, &query).await?;
        let mut items = items.ok_or(ServerError::ThreadNotFound)?;
        self.address_texts(caller, &mut items).map_err(not_json)?;
        let body = items.to_json().map_err(not_json)?;
        Ok(Reply::Json { body, live_run })
    }

    async fn visible_items(
        &self,
        caller: &ChatCaller,
        thread: &ThreadId,
        page: PageQuery,
    ) -> Result<Page<ThreadItem>, ServerError> {
        let query = ItemQuery { page, hidden: false, kinds: None };
        let items = self.threads.items(&caller.scope(), thread, &query).await?;
        let mut page = items.ok_or(ServerError::ThreadNotFound)?.into_wire();
        self.address_all(caller, &mut page.data);
        Ok(page)
    }

    pub(in crate::server) async fn update_thread(
        &self,
        scope: &Scope,
        params: ThreadsUpdateParams,
    ) -> Result<Reply, ServerError> {
        let id = thread_id(&params.thread_id)?;
        if params.title.chars().count() > MAX_TITLE {
            let message = format!("A title has at most {MAX_TITLE} characters.");
            return Err(ServerError::Invalid { param: "params.title", message });
        }
        let change = ThreadChange { title: Some(Some(params.title)), ..ThreadChange::default() };
        let thread = self.threads.change_thread(scope, &id, &change).await?;
        self.runs.thread_changed(&id, change);
        document(&thread.to_wire(Page::default()))
    }

    pub(in crate::server) async fn delete_thread(
        &self,
        caller: &ChatCaller,
        params: ThreadsDeleteParams,
    ) -> Result<Reply, ServerError> {
        let actor = format!("user:{}", caller.context.user);
        self.delete(&caller.scope(), &thread_id(&params.thread_id)?, actor).await?;
        Ok(nothing())
    }

    pub(in crate::server) async fn add_feedback(
        &self,
        scope: &Scope,
        params: ItemsFeedbackParams,
    ) -> Result<Reply, ServerError> {
        let id = thread_id(&params.thread_id)?;
        if params.item_ids.len() > MAX_RATED {
            let message = format!("At most {MAX_RATED} items can be rated at once.");
            return Err(ServerError::Invalid { param: "params.item_ids", message });
        }
        match self.threads.add_feedback(scope, &id, &params.item_ids, params.kind, self.clock.now()).await {
            Ok(()) => Ok(nothing()),
            Err(StoreError::NotFound) if self.threads.thread(scope, &id).await?.is_some() => {
                Err(ServerError::ItemNotFound)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The thread that a client names. What cannot be an id names no thread.
pub(in crate::server) fn thread_id(text: &str) -> Result<ThreadId, ServerError> {
    ThreadId::parse(text).ok_or(ServerError::ThreadNotFound)
}

/// A page as clients ask for it; 0 is the default, as in the reference.
fn page_query(limit: Option<u32>, order: Order, after: Option<String>) -> PageQuery {
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(PAGE).min(MAX_PAGE);
    PageQuery { limit, order, after, before: None }
}

pub(super) fn json(document: &impl Serialize) -> Result<Vec<u8>, ServerError> {
    serde_json::to_vec(document).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> ServerError {
    ServerError::Store(StoreError::Other(Box::new(error)))
}

pub(super) fn document(document: &impl Serialize) -> Result<Reply, ServerError> {
    Ok(Reply::Json { body: json(document)?, live_run: None })
}

/// `{}`.
pub(super) fn nothing() -> Reply {
    Reply::Json { body: b"{}".to_vec(), live_run: None }
}

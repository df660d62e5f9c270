//! Workers that search, write, compute and download, and only report.

use std::time::Duration;

use super::hub::Hub;
use super::protocol::{ServerEvent, StartSearch};
use super::texts;
use crate::dice::Dice;
use crate::user::User;

/// Does simulated work for users.
#[derive(Clone, Debug)]
pub struct Simulator {
    hub: Hub,
}

impl Simulator {
    /// Creates a simulator without work.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }

    /// Searches, and lets a model write about what was found; a search that is known is not begun again.
    ///
    /// # Errors
    ///
    /// How long to wait, when the user searches too often.
    pub fn start_search(&self, user: &User, search: StartSearch) -> Result<(), Duration> {
        let worker = || self.worker(user).search(search.clone());
        self.hub.begin_limited(user, search.job_id.clone(), worker)
    }

    /// Begins a task with so many steps, and returns its id.
    pub fn start_task(&self, user: &User, steps: Option<u64>) -> String {
        let worker = self.worker(user);
        let id = worker.dice.id("task");
        self.hub.begin(user, id.clone(), worker.task(id.clone(), steps));
        id
    }

    /// Begins a download of so many bytes, and returns its id.
    pub fn start_download(&self, user: &User, total: Option<u64>) -> String {
        let worker = self.worker(user);
        let id = worker.dice.id("download");
        self.hub.begin(user, id.clone(), worker.download(id.clone(), total));
        id
    }

    /// Begins something for one of the users who are there.
    pub fn start_something(&self) {
        let there = self.hub.everyone();
        let users: Vec<&str> = there.iter().map(|(user, _)| user.0.as_str()).collect();
        let dice = &self.hub.context().dice;
        let user = User(dice.pick(&users).to_owned());
        match dice.within(1..=2) {
            _ if users.is_empty() => {}
            1 => drop(self.start_task(&user, None)),
            _ => drop(self.start_download(&user, None)),
        }
    }

    fn worker(&self, user: &User) -> Worker {
        let dice = self.hub.context().dice.fork();
        Worker { hub: self.hub.clone(), user: user.clone(), dice }
    }
}

struct Worker {
    hub: Hub,
    user: User,
    dice: Dice,
}

impl Worker {
    async fn search(self, StartSearch { query, job_id }: StartSearch) {
        self.work(20..=60).await;
        let started = ServerEvent::SearchStarted { job_id: job_id.clone(), query: query.clone() };
        self.tell(started).await;
        let mut results = Vec::new();
        for index in 0..self.dice.within(3..=8) {
            self.work(50..=250).await;
            let result = texts::result(&query, index, &self.dice);
            results.push(result.clone());
            self.tell(ServerEvent::SearchResult { job_id: job_id.clone(), index, result }).await;
        }
        let total = results.len() as u64;
        self.tell(ServerEvent::SearchComplete { job_id: job_id.clone(), results, total }).await;
        self.write(job_id, &query).await;
    }

    async fn write(&self, job_id: String, query: &str) {
        let chunks = texts::chunks(query, &self.dice);
        let total = chunks.len() as u64;
        let (mut text, mut duration_ms) = (String::new(), 0);
        for (index, chunk) in (0..).zip(chunks) {
            duration_ms += self.work(20..=90).await;
            text.push_str(&chunk);
            let job_id = job_id.clone();
            self.tell(ServerEvent::ModelChunk { job_id, index, total, chunk }).await;
        }
        let tokens = text.split_whitespace().count() as u64;
        self.tell(ServerEvent::ModelComplete { job_id, text, tokens, duration_ms }).await;
    }

    async fn task(self, task_id: String, steps: Option<u64>) {
        let steps = steps.unwrap_or_else(|| self.dice.within(4..=10)).max(1);
        for step in 1..=steps {
            self.work(200..=800).await;
            let (task_id, message) = (task_id.clone(), format!("step {step} of {steps}"));
            let progress = step * 100 / steps;
            self.tell(ServerEvent::TaskProgress { task_id, progress, message }).await;
        }
    }

    async fn download(self, download_id: String, total: Option<u64>) {
        let total = total.unwrap_or_else(|| self.dice.within(1_000_000..=50_000_000)).max(1);
        let mut received = 0;
        while received < total {
            self.work(50..=200).await;
            let piece = self.dice.within(total / 20..=total / 8).max(1);
            received = total.min(received + piece);
            let download_id = download_id.clone();
            self.tell(ServerEvent::DownloadProgress { download_id, received, total }).await;
        }
    }

    /// Works for a while, and returns how long that takes at the usual speed, in milliseconds.
    async fn work(&self, millis: std::ops::RangeInclusive<u64>) -> u64 {
        let millis = self.dice.within(millis);
        self.hub.context().work(millis).await;
        millis
    }

    async fn tell(&self, event: ServerEvent) {
        self.hub.tell(&self.user, &event).await;
    }
}

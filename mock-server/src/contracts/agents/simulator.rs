//! Jobs of agents that only report.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::events::{AgentProgress, AgentStatus};
use super::room;
use crate::contracts::Context;
use crate::contracts::throttle::Throttle;
use crate::dice::Dice;

/// Runs simulated jobs.
#[derive(Clone, Debug)]
pub struct Simulator {
    context: Context,
}

/// How a job is to run; what is left out is left to chance.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose members are told of it.
    pub project: String,
    /// What it is to do.
    pub kind: String,
    /// How many times it has something to report.
    pub steps: Option<u64>,
    /// Whether it fails.
    pub fail: Option<bool>,
}

impl Simulator {
    /// Creates a simulator without jobs.
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    /// Starts a job and returns its id.
    pub fn start_job(&self, plan: Plan) -> String {
        let dice = self.context.dice.fork();
        let id = dice.id("job");
        let throttle = Throttle::new(self.context.config.progress_interval);
        let (context, room) = (self.context.clone(), room(&plan.project));
        let job = Job { context, id: id.clone(), dice, room, throttle };
        self.context.tasks.spawn(job.run(plan));
        id
    }

    /// Starts a job of some project.
    pub fn start_random_job(&self) {
        let projects: Vec<&str> = self.context.config.projects.keys().map(String::as_str).collect();
        let project = self.context.dice.pick(&projects).to_owned();
        let kind = self.context.dice.pick(&KINDS).to_owned();
        self.start_job(Plan { project, kind, steps: None, fail: None });
    }
}

struct Job {
    context: Context,
    id: String,
    dice: Dice,
    room: String,
    throttle: Throttle<AgentProgress>,
}

impl Job {
    async fn run(mut self, plan: Plan) {
        let steps = plan.steps.unwrap_or_else(|| self.dice.within(8..=20)).max(1);
        let fails = plan.fail.unwrap_or_else(|| self.dice.percent(FAILING_PERCENT));
        let failing_step = if fails { self.dice.within(1..=steps) } else { u64::MAX };

        self.say(STATUS, AgentStatus::queued(&self.id)).await;
        self.work().await;
        self.say(STATUS, AgentStatus::running(&self.id)).await;
        for step in 1..=steps {
            self.work().await;
            if step == failing_step {
                let error = format!("{}: step {step} of {steps} failed", plan.kind);
                return self.end(AgentStatus::error(&self.id, error)).await;
            }
            self.progress(step * 100 / steps, &plan.kind).await;
        }
        let result = self.result(&plan.kind);
        self.end(AgentStatus::success(&self.id, result)).await;
    }

    /// Works for a while; meanwhile the progress that waits is told when it is due.
    async fn work(&mut self) {
        let work = self.context.work(self.dice.within(500..=2_500));
        let (emitter, room) = (&self.context.emitter, &self.room);
        let tell = |progress| emitter.to_rooms(vec![room.clone()], PROGRESS, progress);
        self.throttle.during(work, tell).await;
    }

    async fn progress(&mut self, percent: u64, kind: &str) {
        let message = format!("{kind}: {}", self.dice.pick(&STEPS));
        let progress = AgentProgress::new(&self.id, percent, message);
        if let Some(progress) = self.throttle.offer(Instant::now(), progress) {
            self.say(PROGRESS, progress).await;
        }
    }

    /// Says the last progress, whatever the interval, and how the job has ended.
    async fn end(&mut self, status: AgentStatus) {
        self.tell_waiting().await;
        self.say(STATUS, status).await;
    }

    async fn tell_waiting(&mut self) {
        if let Some(progress) = self.throttle.release(Instant::now()) {
            self.say(PROGRESS, progress).await;
        }
    }

    fn result(&self, kind: &str) -> Value {
        json!({
            "kind": kind,
            "summary": self.dice.pick(&SUMMARIES),
            "files": self.dice.within(1..=40),
            "tokens": self.dice.within(800..=60_000),
        })
    }

    async fn say(&self, event: &str, payload: impl serde::Serialize) {
        self.context.emitter.to_rooms(vec![self.room.clone()], event, payload).await;
    }
}

const STATUS: &str = "agent_status";
const PROGRESS: &str = "agent_progress";
const FAILING_PERCENT: u64 = 15;

/// What agents are asked to do when nobody asks.
const KINDS: [&str; 4] = ["review", "refactor", "test", "document"];

const STEPS: [&str; 5] =
    ["reading the sources", "planning", "writing", "running the tests", "checking the result"];

const SUMMARIES: [&str; 3] =
    ["nothing to complain about", "three suggestions", "rewrote the slowest part"];

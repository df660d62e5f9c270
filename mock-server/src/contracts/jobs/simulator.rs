//! Jobs that only report.

use serde_json::json;

use super::events::JobEvent;
use super::history::Update;
use super::rooms::Subscription;
use super::store::Store;
use crate::contracts::Context;
use crate::dice::Dice;

/// Runs simulated jobs and keeps their history.
#[derive(Clone, Debug)]
pub struct Simulator {
    context: Context,
    store: Store,
}

/// How a job is to run; what is left out is left to chance.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Whose job it is.
    pub user_id: Option<String>,
    /// How many times it reports progress.
    pub steps: Option<u64>,
    /// Whether it fails.
    pub fail: Option<bool>,
}

impl Simulator {
    /// Creates a simulator without jobs, which keeps what they report in `store`.
    pub fn new(context: Context, store: Store) -> Self {
        Self { context, store }
    }

    /// Starts a job and returns its id.
    pub fn start_job(&self, plan: Plan) -> String {
        let dice = self.context.dice.fork();
        let id = dice.id("job");
        let job = Job { simulator: self.clone(), id: id.clone(), dice, user_id: plan.user_id };
        self.context.tasks.spawn(job.run(plan.steps, plan.fail));
        id
    }

    /// Starts the job of some user.
    pub fn start_random_job(&self) -> String {
        let user = self.context.dice.pick(&["user-1", "user-2", "user-3"]);
        self.start_job(Plan { user_id: Some(user.to_owned()), ..Plan::default() })
    }
}

struct Job {
    simulator: Simulator,
    id: String,
    dice: Dice,
    user_id: Option<String>,
}

impl Job {
    async fn run(self, steps: Option<u64>, fail: Option<bool>) {
        let steps = steps.unwrap_or_else(|| self.dice.within(4..=10)).max(1);
        let fails = fail.unwrap_or_else(|| self.dice.percent(FAILING_PERCENT));
        let failing_step = if fails { self.dice.within(1..=steps) } else { u64::MAX };

        let data = json!({ "userId": self.user_id, "steps": steps });
        self.report(JobEvent::Update { status: "queued", data: data.clone() }).await;
        self.work().await;
        self.report(JobEvent::Update { status: "started", data }).await;
        for step in 1..=steps {
            self.work().await;
            if step == failing_step {
                let error = format!("step {step} of {steps} failed");
                return self.report(JobEvent::Failed { error }).await;
            }
            let message = format!("step {step} of {steps}");
            self.report(JobEvent::Progress { percent: step * 100 / steps, message }).await;
        }
        let result = json!({ "steps": steps, "items": self.dice.within(1..=500) });
        self.report(JobEvent::Completed { result }).await;
    }

    async fn work(&self) {
        self.simulator.context.work(self.dice.within(200..=800)).await;
    }

    /// Keeps the event, and sends it once to everyone who follows the job, its user, or all jobs.
    async fn report(&self, event: JobEvent) {
        let (event, payload) = event.message(&self.id);
        let update = Update { event: event.into(), payload: payload.clone() };
        self.simulator.store.push(&self.id, update);

        let user = self.user_id.clone().map(Subscription::User);
        let followed = [Subscription::Job(self.id.clone()), Subscription::All].into_iter();
        let rooms = followed.chain(user).map(|subscription| subscription.room()).collect();
        self.simulator.context.emitter.to_rooms(rooms, event, payload).await;
    }
}

const FAILING_PERCENT: u64 = 15;

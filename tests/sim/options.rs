//! The arguments of the program.

use crate::defects::Defect;

/// What is to be done.
#[derive(Debug)]
pub struct Options {
    /// How many seeds.
    pub seeds: u64,
    /// The first of them.
    pub seed: u64,
    /// How many threads.
    pub jobs: usize,
    /// A mistake that is made on purpose.
    pub defect: Option<Defect>,
    /// Whether each of the mistakes is to be caught.
    pub defects: bool,
    /// Whether to go on after a failure, and to count how often each check fails.
    pub count: bool,
    /// Whether everything that happens is printed.
    pub loud: bool,
}

/// What `cargo test` runs of the simulator, without optimisation.
const SEEDS_WITHOUT_ARGUMENTS: u64 = 100;

impl Options {
    /// Reads the arguments. What is not ours comes from `cargo test`: a filter, `--nocapture`, and means
    /// nothing here.
    pub fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut options = Self {
            seeds: SEEDS_WITHOUT_ARGUMENTS,
            seed: 0,
            jobs: cores,
            defect: None,
            defects: false,
            count: false,
            loud: false,
        };
        let mut arguments = arguments.peekable();
        while let Some(name) = arguments.next() {
            let mut number = || {
                let value = arguments.next().unwrap_or_default();
                value.parse::<u64>().map_err(|_| format!("{name} takes a number, not {value:?}"))
            };
            match name.as_str() {
                "--seeds" => options.seeds = number()?,
                "--seed" => options.seed = number()?,
                "--jobs" => options.jobs = number()?.max(1) as usize,
                "--defect" => {
                    let name = arguments.next().unwrap_or_default();
                    options.defect = Some(Defect::named(&name).ok_or_else(|| unknown(&name))?);
                }
                "--defects" => options.defects = true,
                "--count" => options.count = true,
                "--loud" => options.loud = true,
                _ => {}
            }
        }
        Ok(options)
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = Defect::all().into_iter().map(Defect::name).collect();
    format!("there is no defect {name:?}; there are {}", names.join(" "))
}

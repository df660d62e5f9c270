//! `sockeye-cost OPERATION COUNT` does one of the operations so often; without arguments it names them.

use std::error::Error;

use sockeye_cost::OPERATIONS;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => {
            OPERATIONS.iter().for_each(|operation| println!("{}", operation.name));
            Ok(())
        }
        [name, count] => perform(name, count.parse()?),
        [..] => Err("usage: sockeye-cost [OPERATION COUNT]".into()),
    }
}

fn perform(name: &str, count: u64) -> Result<(), Box<dyn Error>> {
    let operation = OPERATIONS.iter().find(|operation| operation.name == name);
    let operation = operation.ok_or_else(|| format!("no such operation: {name}"))?;
    let mut rig = (operation.prepare)();
    (0..count).for_each(|nth| (operation.perform)(&mut rig, nth));
    Ok(())
}

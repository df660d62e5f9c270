use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::account::AdminAccount;

/// The flags of the Admin UI.
#[derive(Clone, Debug, Args)]
pub struct AdminArgs {
    /// Serve the Socket.IO Admin UI at /admin/: clients, rooms and events as they come and go
    ///
    /// Its password is that of --admin-password, or of the environment's SOCKEYE_MOCK_ADMIN_PASSWORD;
    /// without either one is made up for this run, and told once on stderr.
    #[arg(long)]
    admin: bool,

    /// With --admin: the user's name
    #[arg(long, value_name = "NAME", requires = "admin", default_value = "admin", value_parser = NonEmptyStringValueParser::new())]
    admin_user: String,

    /// With --admin: the password
    #[arg(long, value_name = "TEXT", requires = "admin", value_parser = NonEmptyStringValueParser::new())]
    admin_password: Option<String>,
}

impl AdminArgs {
    /// Returns who may look, if somebody may.
    #[must_use]
    pub fn into_account(self) -> Option<AdminAccount> {
        let user = self.admin.then_some(self.admin_user)?;
        let of_environment = || std::env::var(ADMIN_PASSWORD).ok().filter(|text| !text.is_empty());
        Some(match self.admin_password.or_else(of_environment) {
            Some(password) => AdminAccount::new(user, password),
            None => AdminAccount::with_random_password(user),
        })
    }
}

const ADMIN_PASSWORD: &str = "SOCKEYE_MOCK_ADMIN_PASSWORD";

use crate::id::SiteName;

/// What an operator sets for a site, and is told to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteSetting {
    /// Which pages may call.
    Origins,
    /// What a browser may ask for.
    Workflows,
    /// Whose tokens count.
    Verifiers,
}

impl SiteSetting {
    /// Where it is set, in words: variables are for the default site only (design 4.4).
    ///
    /// ```
    /// use chatkitd_core::id::SiteName;
    /// use chatkitd_core::site::SiteSetting;
    ///
    /// assert_eq!(SiteSetting::Workflows.of(&SiteName::default_site()), "CHATKIT_WORKFLOW_ID");
    /// let shop = SiteName::parse("shop").unwrap();
    /// assert_eq!(SiteSetting::Workflows.of(&shop), "sites.shop.workflows in chatkitd.toml");
    /// ```
    pub fn of(self, site: &SiteName) -> String {
        let (variable, key) = match self {
            Self::Origins => ("CHATKIT_ALLOWED_ORIGINS", "origins"),
            Self::Workflows => ("CHATKIT_WORKFLOW_ID", "workflows"),
            Self::Verifiers => ("CHATKITD_AUTH_ISSUER", "verifiers"),
        };
        if *site == SiteName::default_site() {
            variable.to_owned()
        } else {
            format!("sites.{site}.{key} in chatkitd.toml")
        }
    }
}

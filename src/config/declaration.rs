//! The macro that declares the settings.

/// A setting that is on when it is named without a value.
pub(super) fn is_switch(value: &str) -> bool {
    value == "true|false"
}

/// How many values a flag takes.
pub(super) fn number_of_values(value: &str) -> clap::builder::ValueRange {
    if is_switch(value) { clap::builder::ValueRange::new(0..=1) } else { clap::builder::ValueRange::SINGLE }
}

/// Declares the settings by topic. Each is a flag, a variable and a key of the configuration file; one line of
/// documentation describes it in all three.
macro_rules! settings {
    ($($topic:literal: $(
        #[doc = $doc:literal]
        $(#[$attribute:meta])*
        $field:ident: $type:ty $(= $default:literal)?, $key:literal, $env:literal, $value:literal;
    )+)+) => {
        /// The settings as they were given.
        #[derive(Args, Clone, Debug, Default, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct Settings {
            $($(
                #[doc = $doc]
                #[arg(long = $key, value_name = $value, help_heading = $topic)]
                #[arg(num_args = number_of_values($value), require_equals = is_switch($value))]
                #[arg(default_missing_value = "true")]
                $(#[$attribute])*
                pub $field: Option<$type>,
            )+)+

            /// Change a quota of every account, such as UsersPerAccount=10; several with commas
            #[arg(long = "quota", value_name = "NAME=LIMIT", help_heading = "Limits")]
            #[arg(value_parser = parse_quota, value_delimiter = ',')]
            #[serde(skip)]
            pub quota: Vec<(String, u32)>,

            /// The organization, in the configuration file.
            #[arg(skip)]
            pub organization: Option<OrganizationSettings>,

            /// What runs in AWS's services, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub credentials: CredentialSettings,

            /// The keys of issuers, or where they are, by the issuer's URL, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub issuers: BTreeMap<String, IssuerSettings>,

            /// The policies that delegation requests can name, by ARN, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub policy_templates: PolicyTemplates,

            /// The templates of roles, by ARN, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub role_templates: RoleTemplates,

            /// The gateway, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub gateway: GatewaySettings,

            /// The quotas in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub quotas: BTreeMap<String, u32>,
        }

        impl Settings {
            /// Every setting that is a flag, a variable and a key of the configuration file, in the order of the help.
            pub const ALL: &[Setting] = &[$($(Setting {
                key: $key,
                variable: $env,
                value: $value,
                default: default_text!($($default)?),
                description: $doc,
                topic: $topic,
                schema: <$type as SettingValue>::schema,
            }),+),+];

            /// These settings, and where they are not given, those of `other`.
            fn or(self, other: Self) -> Self {
                Self {
                    $($($field: self.$field.or(other.$field),)+)+
                    quota: if self.quota.is_empty() { other.quota } else { self.quota },
                    credentials: other.credentials,
                    gateway: other.gateway,
                    issuers: other.issuers,
                    quotas: other.quotas,
                    organization: other.organization,
                    policy_templates: other.policy_templates,
                    role_templates: other.role_templates,
                }
            }

            /// The keys and values of the settings that are given; a secret's value is `None`.
            pub(super) fn given(&self) -> Vec<(&'static str, Option<toml::Value>)> {
                let mut given = Vec::new();
                $($(
                    if let Some(value) = &self.$field {
                        given.push(($key, value.shown()));
                    }
                )+)+
                given
            }

            /// Paths that begin at `folder` instead of the working directory.
            fn anchored(self, folder: &Path) -> Self {
                Self {
                    $($($field: self.$field.map(|value| value.anchored(folder)),)+)+
                    ..self
                }
            }

            /// The first setting that is given without a value, such as `--admin-token ''`.
            fn empty(&self) -> Option<&'static str> {
                $($(
                    if self.$field.as_ref().is_some_and(SettingValue::is_empty) {
                        return Some($key);
                    }
                )+)+
                None
            }
        }
    };
}

/// The text of a default, if there is one.
macro_rules! default_text {
    () => {
        None
    };
    ($default:literal) => {
        Some($default)
    };
}

pub(super) use {default_text, settings};

//! The regions of each partition (AWS Account Management Reference Guide, "AWS Regions"; `endpoints.json` of AWS's SDKs).

use crate::shapes::Partition;

/// A region.
pub(super) struct Region {
    pub name: &'static str,
    /// Whether an account has it only after opting in, as all that AWS opened after March 2019.
    pub needs_opt_in: bool,
}

const fn enabled(name: &'static str) -> Region {
    Region { name, needs_opt_in: false }
}

const fn opt_in(name: &'static str) -> Region {
    Region { name, needs_opt_in: true }
}

static AWS: [Region; 34] = [
    opt_in("af-south-1"),
    opt_in("ap-east-1"),
    opt_in("ap-east-2"),
    enabled("ap-northeast-1"),
    enabled("ap-northeast-2"),
    enabled("ap-northeast-3"),
    enabled("ap-south-1"),
    opt_in("ap-south-2"),
    enabled("ap-southeast-1"),
    enabled("ap-southeast-2"),
    opt_in("ap-southeast-3"),
    opt_in("ap-southeast-4"),
    opt_in("ap-southeast-5"),
    opt_in("ap-southeast-6"),
    opt_in("ap-southeast-7"),
    enabled("ca-central-1"),
    opt_in("ca-west-1"),
    enabled("eu-central-1"),
    opt_in("eu-central-2"),
    enabled("eu-north-1"),
    opt_in("eu-south-1"),
    opt_in("eu-south-2"),
    enabled("eu-west-1"),
    enabled("eu-west-2"),
    enabled("eu-west-3"),
    opt_in("il-central-1"),
    opt_in("me-central-1"),
    opt_in("me-south-1"),
    opt_in("mx-central-1"),
    enabled("sa-east-1"),
    enabled("us-east-1"),
    enabled("us-east-2"),
    enabled("us-west-1"),
    enabled("us-west-2"),
];

static CHINA: [Region; 2] = [enabled("cn-north-1"), enabled("cn-northwest-1")];
static GOV: [Region; 2] = [enabled("us-gov-east-1"), enabled("us-gov-west-1")];
static EUSC: [Region; 1] = [enabled("eusc-de-east-1")];
static ISO: [Region; 2] = [enabled("us-iso-east-1"), enabled("us-iso-west-1")];
static ISO_B: [Region; 2] = [enabled("us-isob-east-1"), enabled("us-isob-west-1")];
static ISO_E: [Region; 1] = [enabled("eu-isoe-west-1")];
static ISO_F: [Region; 2] = [enabled("us-isof-east-1"), enabled("us-isof-south-1")];

/// The regions of a partition, by name.
pub(super) fn regions_of(partition: Partition) -> &'static [Region] {
    match partition {
        Partition::Aws => &AWS,
        Partition::AwsCn => &CHINA,
        Partition::AwsUsGov => &GOV,
        Partition::AwsEusc => &EUSC,
        Partition::AwsIso => &ISO,
        Partition::AwsIsoB => &ISO_B,
        Partition::AwsIsoE => &ISO_E,
        Partition::AwsIsoF => &ISO_F,
    }
}

//! AWS's partitions: separate worlds with accounts, regions and domains of their own.

use std::fmt;

use serde::Deserialize;

/// A partition of AWS. A credential, a role or a policy of one is unknown in all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// The commercial regions.
    #[default]
    Aws,
    /// China.
    AwsCn,
    /// GovCloud (US).
    AwsUsGov,
    /// The European Sovereign Cloud.
    AwsEusc,
    /// Top Secret (US).
    AwsIso,
    /// Secret (US).
    AwsIsoB,
    /// The isolated region of Europe.
    AwsIsoE,
    /// The isolated regions of the South.
    AwsIsoF,
}

/// What distinguishes a partition: its name, the start of its regions' names, the region that signs for IAM, its
/// domain.
struct Facts {
    partition: Partition,
    name: &'static str,
    regions: &'static str,
    signing_region: &'static str,
    domain: &'static str,
}

/// In the order of [`Partition`]. From the `partitions.json` of AWS's SDKs.
const FACTS: [Facts; 8] = [
    facts(Partition::Aws, "aws", "", "us-east-1", "amazonaws.com"),
    facts(Partition::AwsCn, "aws-cn", "cn-", "cn-north-1", "amazonaws.com.cn"),
    facts(Partition::AwsUsGov, "aws-us-gov", "us-gov-", "us-gov-west-1", "amazonaws.com"),
    facts(Partition::AwsEusc, "aws-eusc", "eusc-", "eusc-de-east-1", "amazonaws.eu"),
    facts(Partition::AwsIso, "aws-iso", "us-iso-", "us-iso-east-1", "c2s.ic.gov"),
    facts(Partition::AwsIsoB, "aws-iso-b", "us-isob-", "us-isob-east-1", "sc2s.sgov.gov"),
    facts(Partition::AwsIsoE, "aws-iso-e", "eu-isoe-", "eu-isoe-west-1", "cloud.adc-e.uk"),
    facts(Partition::AwsIsoF, "aws-iso-f", "us-isof-", "us-isof-south-1", "csp.hci.ic.gov"),
];

const fn facts(
    partition: Partition,
    name: &'static str,
    regions: &'static str,
    signing_region: &'static str,
    domain: &'static str,
) -> Facts {
    Facts { partition, name, regions, signing_region, domain }
}

impl Partition {
    /// The partition that a region belongs to; an unknown region belongs to the commercial ones.
    pub fn of_region(region: &str) -> Self {
        let found = FACTS.iter().skip(1).find(|facts| region.starts_with(facts.regions));
        found.map_or(Self::Aws, |facts| facts.partition)
    }

    /// The partition of this name, such as `aws-cn`.
    pub fn parse(name: &str) -> Option<Self> {
        FACTS.iter().find(|facts| facts.name == name).map(|facts| facts.partition)
    }

    /// The name in ARNs.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The region that IAM, a global service, is signed for and answers from.
    pub fn signing_region(self) -> &'static str {
        self.facts().signing_region
    }

    /// The domain of its endpoints.
    pub fn domain(self) -> &'static str {
        self.facts().domain
    }

    /// Its number, which never changes: accounts are kept with it.
    pub(in crate::shapes) fn number(self) -> u64 {
        match self {
            Self::Aws => 0,
            Self::AwsCn => 1,
            Self::AwsUsGov => 2,
            Self::AwsEusc => 3,
            Self::AwsIso => 4,
            Self::AwsIsoB => 5,
            Self::AwsIsoE => 6,
            Self::AwsIsoF => 7,
        }
    }

    pub(in crate::shapes) fn from_number(number: u64) -> Option<Self> {
        FACTS.iter().map(|facts| facts.partition).find(|partition| partition.number() == number)
    }

    fn facts(self) -> &'static Facts {
        match self {
            Self::Aws => &FACTS[0],
            Self::AwsCn => &FACTS[1],
            Self::AwsUsGov => &FACTS[2],
            Self::AwsEusc => &FACTS[3],
            Self::AwsIso => &FACTS[4],
            Self::AwsIsoB => &FACTS[5],
            Self::AwsIsoE => &FACTS[6],
            Self::AwsIsoF => &FACTS[7],
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_own_facts() {
        for (place, facts) in FACTS.iter().enumerate() {
            let partition = facts.partition;
            assert_eq!(partition.number(), u64::try_from(place).unwrap());
            assert_eq!(Partition::from_number(partition.number()), Some(partition));
            assert_eq!(partition.name(), facts.name);
            assert_eq!(Partition::parse(facts.name), Some(partition));
            assert_eq!(Partition::of_region(partition.signing_region()), partition);
        }
        assert_eq!(Partition::from_number(8), None);
        assert_eq!(Partition::parse("AWS"), None);
    }

    #[test]
    fn a_region_shows_its_partition() {
        for (region, partition) in [
            ("eu-central-1", Partition::Aws),
            ("local", Partition::Aws),
            ("us-gov-east-1", Partition::AwsUsGov),
            ("us-isob-east-1", Partition::AwsIsoB),
            ("cn-northwest-1", Partition::AwsCn),
        ] {
            assert_eq!(Partition::of_region(region), partition, "{region}");
        }
    }
}

//! Parameters of IAM Access Analyzer.

use super::{Pattern, Text, enums, numbers, texts};

static PRINCIPAL: Pattern = Pattern::new("arn:[^:]*:iam::[^:]*:(role|user)/.{1,576}");
static ROLE: Pattern = Pattern::new("arn:[^:]*:iam::[^:]*:role/.{1,576}");
static TRAIL: Pattern = Pattern::new("arn:[^:]*:cloudtrail:[^:]*:[^:]*:trail/.{1,576}");

texts! {
    /// A policy to look at. The service model has no limit; here it is that of IAM's documents.
    AnalyzedDocument = Text::length(0, 131_072);
    /// The role or user that a policy is generated for (`PrincipalArn`).
    GenerationPrincipal = Text::length(0, 2048).matching(&PRINCIPAL);
    /// The role that reads the events (`RoleArn`).
    GenerationRole = Text::length(0, 2048).matching(&ROLE);
    /// A trail whose events are read (`CloudTrailArn`).
    GenerationTrail = Text::length(0, 2048).matching(&TRAIL);
    /// Where the next page of a listing begins.
    AnalyzerNextToken = Text::length(0, 2048);
}

numbers! {
    /// The most members of a page (`ListPolicyGenerationsRequestMaxResultsInteger`).
    GenerationsPageSize = 1..=2_147_483_647;
}

enums! {
    /// What became of the generation of a policy (`JobStatus`).
    GenerationStatus { InProgress = "IN_PROGRESS", Succeeded = "SUCCEEDED", Failed = "FAILED", Canceled = "CANCELED" }
    /// What kind of policy a document is (`PolicyType`).
    AnalyzedPolicyType {
        Identity = "IDENTITY_POLICY",
        Resource = "RESOURCE_POLICY",
        ServiceControl = "SERVICE_CONTROL_POLICY",
        ResourceControl = "RESOURCE_CONTROL_POLICY",
    }
    /// What a policy of a resource is attached to (`ValidatePolicyResourceType`).
    AnalyzedResourceType {
        Bucket = "AWS::S3::Bucket",
        AccessPoint = "AWS::S3::AccessPoint",
        MultiRegionAccessPoint = "AWS::S3::MultiRegionAccessPoint",
        ObjectLambdaAccessPoint = "AWS::S3ObjectLambda::AccessPoint",
        AssumeRolePolicyDocument = "AWS::IAM::AssumeRolePolicyDocument",
        Table = "AWS::DynamoDB::Table",
    }
    /// The language of findings (`Locale`).
    AnalyzerLocale {
        German = "DE",
        English = "EN",
        Spanish = "ES",
        French = "FR",
        Italian = "IT",
        Japanese = "JA",
        Korean = "KO",
        Portuguese = "PT_BR",
        SimplifiedChinese = "ZH_CN",
        TraditionalChinese = "ZH_TW",
    }
}

//! Parameters of IAM Access Analyzer.

use super::{Text, enums, texts};

texts! {
    /// A policy to look at. The service model has no limit; here it is that of IAM's documents.
    AnalyzedDocument = Text::length(0, 131_072);
    /// Where the next page of a listing begins.
    AnalyzerNextToken = Text::length(0, 2048);
}

enums! {
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

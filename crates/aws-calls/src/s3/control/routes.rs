//! The operations of S3 Control by method and path, and what they are about.

/// What an operation of S3 Control is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Nothing: `*`.
    None,
    AccessPoint,
    /// An access point of Object Lambda.
    ObjectLambda,
    /// An access point of a directory bucket.
    DirectoryAccessPoint,
    /// Nothing, but an action of S3 Express.
    DirectoryNone,
    /// A bucket on an outpost.
    OutpostBucket,
    /// Nothing, but an action of S3 on Outposts.
    OutpostNone,
    Job,
    Lens,
    LensGroup,
    /// The instance of access grants.
    Grants,
    Grant,
    /// A grant that has no identifier yet.
    NewGrant,
    Location,
    /// A location that has no identifier yet.
    NewLocation,
    MultiRegion,
    /// A multi-region access point that the body names.
    MultiRegionInBody,
    MultiRegionRequest,
    /// The ARN in the path.
    Arn,
}

/// One line of the table. The first that fits wins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ControlRoute {
    pub method: &'static str,
    pub path: &'static str,
    pub operation: &'static str,
    pub resource: Resource,
}

const fn route(method: &'static str, path: &'static str, operation: &'static str, resource: Resource) -> ControlRoute {
    ControlRoute { method, path, operation, resource }
}

pub(crate) const ROUTES: &[ControlRoute] = &[
    route("GET", "accessgrantsinstance/caller/grants", "ListCallerAccessGrants", Resource::Grants),
    route("DELETE", "accessgrantsinstance/grant/{id}", "DeleteAccessGrant", Resource::Grant),
    route("GET", "accessgrantsinstance/grant/{id}", "GetAccessGrant", Resource::Grant),
    route("DELETE", "accessgrantsinstance/location/{id}", "DeleteAccessGrantsLocation", Resource::Location),
    route("GET", "accessgrantsinstance/location/{id}", "GetAccessGrantsLocation", Resource::Location),
    route("PUT", "accessgrantsinstance/location/{id}", "UpdateAccessGrantsLocation", Resource::Location),
    route("GET", "accessgrantsinstance/dataaccess", "GetDataAccess", Resource::Grants),
    route("POST", "accessgrantsinstance/grant", "CreateAccessGrant", Resource::NewGrant),
    route("GET", "accessgrantsinstance/grants", "ListAccessGrants", Resource::Grants),
    route("DELETE", "accessgrantsinstance/identitycenter", "DissociateAccessGrantsIdentityCenter", Resource::Grants),
    route("POST", "accessgrantsinstance/identitycenter", "AssociateAccessGrantsIdentityCenter", Resource::Grants),
    route("POST", "accessgrantsinstance/location", "CreateAccessGrantsLocation", Resource::NewLocation),
    route("GET", "accessgrantsinstance/locations", "ListAccessGrantsLocations", Resource::Grants),
    route("GET", "accessgrantsinstance/prefix", "GetAccessGrantsInstanceForPrefix", Resource::Grants),
    route(
        "DELETE",
        "accessgrantsinstance/resourcepolicy",
        "DeleteAccessGrantsInstanceResourcePolicy",
        Resource::Grants,
    ),
    route("GET", "accessgrantsinstance/resourcepolicy", "GetAccessGrantsInstanceResourcePolicy", Resource::Grants),
    route("PUT", "accessgrantsinstance/resourcepolicy", "PutAccessGrantsInstanceResourcePolicy", Resource::Grants),
    route("DELETE", "accessgrantsinstance", "DeleteAccessGrantsInstance", Resource::Grants),
    route("GET", "accessgrantsinstance", "GetAccessGrantsInstance", Resource::Grants),
    route("POST", "accessgrantsinstance", "CreateAccessGrantsInstance", Resource::Grants),
    route("GET", "accessgrantsinstances", "ListAccessGrantsInstances", Resource::None),
    route("DELETE", "accesspoint/{name}/policy", "DeleteAccessPointPolicy", Resource::AccessPoint),
    route("GET", "accesspoint/{name}/policy", "GetAccessPointPolicy", Resource::AccessPoint),
    route("PUT", "accesspoint/{name}/policy", "PutAccessPointPolicy", Resource::AccessPoint),
    route("GET", "accesspoint/{name}/policyStatus", "GetAccessPointPolicyStatus", Resource::AccessPoint),
    route("DELETE", "accesspoint/{name}/scope", "DeleteAccessPointScope", Resource::DirectoryAccessPoint),
    route("GET", "accesspoint/{name}/scope", "GetAccessPointScope", Resource::DirectoryAccessPoint),
    route("PUT", "accesspoint/{name}/scope", "PutAccessPointScope", Resource::DirectoryAccessPoint),
    route("DELETE", "accesspoint/{name}", "DeleteAccessPoint", Resource::AccessPoint),
    route("GET", "accesspoint/{name}", "GetAccessPoint", Resource::AccessPoint),
    route("PUT", "accesspoint/{name}", "CreateAccessPoint", Resource::AccessPoint),
    route("GET", "accesspoint", "ListAccessPoints", Resource::None),
    route("GET", "accesspointfordirectory", "ListAccessPointsForDirectoryBuckets", Resource::DirectoryNone),
    route(
        "GET",
        "accesspointforobjectlambda/{name}/configuration",
        "GetAccessPointConfigurationForObjectLambda",
        Resource::ObjectLambda,
    ),
    route(
        "PUT",
        "accesspointforobjectlambda/{name}/configuration",
        "PutAccessPointConfigurationForObjectLambda",
        Resource::ObjectLambda,
    ),
    route(
        "DELETE",
        "accesspointforobjectlambda/{name}/policy",
        "DeleteAccessPointPolicyForObjectLambda",
        Resource::ObjectLambda,
    ),
    route(
        "GET",
        "accesspointforobjectlambda/{name}/policy",
        "GetAccessPointPolicyForObjectLambda",
        Resource::ObjectLambda,
    ),
    route(
        "PUT",
        "accesspointforobjectlambda/{name}/policy",
        "PutAccessPointPolicyForObjectLambda",
        Resource::ObjectLambda,
    ),
    route(
        "GET",
        "accesspointforobjectlambda/{name}/policyStatus",
        "GetAccessPointPolicyStatusForObjectLambda",
        Resource::ObjectLambda,
    ),
    route("DELETE", "accesspointforobjectlambda/{name}", "DeleteAccessPointForObjectLambda", Resource::ObjectLambda),
    route("GET", "accesspointforobjectlambda/{name}", "GetAccessPointForObjectLambda", Resource::ObjectLambda),
    route("PUT", "accesspointforobjectlambda/{name}", "CreateAccessPointForObjectLambda", Resource::ObjectLambda),
    route("GET", "accesspointforobjectlambda", "ListAccessPointsForObjectLambda", Resource::None),
    route("POST", "async-requests/mrap/create", "CreateMultiRegionAccessPoint", Resource::MultiRegionInBody),
    route("POST", "async-requests/mrap/delete", "DeleteMultiRegionAccessPoint", Resource::MultiRegionInBody),
    route("POST", "async-requests/mrap/put-policy", "PutMultiRegionAccessPointPolicy", Resource::MultiRegionInBody),
    route(
        "GET",
        "async-requests/mrap/{request_token+}",
        "DescribeMultiRegionAccessPointOperation",
        Resource::MultiRegionRequest,
    ),
    route(
        "DELETE",
        "bucket/{name}/lifecycleconfiguration",
        "DeleteBucketLifecycleConfiguration",
        Resource::OutpostBucket,
    ),
    route("GET", "bucket/{name}/lifecycleconfiguration", "GetBucketLifecycleConfiguration", Resource::OutpostBucket),
    route("PUT", "bucket/{name}/lifecycleconfiguration", "PutBucketLifecycleConfiguration", Resource::OutpostBucket),
    route("DELETE", "bucket/{name}/policy", "DeleteBucketPolicy", Resource::OutpostBucket),
    route("GET", "bucket/{name}/policy", "GetBucketPolicy", Resource::OutpostBucket),
    route("PUT", "bucket/{name}/policy", "PutBucketPolicy", Resource::OutpostBucket),
    route("DELETE", "bucket/{name}/replication", "DeleteBucketReplication", Resource::OutpostBucket),
    route("GET", "bucket/{name}/replication", "GetBucketReplication", Resource::OutpostBucket),
    route("PUT", "bucket/{name}/replication", "PutBucketReplication", Resource::OutpostBucket),
    route("DELETE", "bucket/{name}/tagging", "DeleteBucketTagging", Resource::OutpostBucket),
    route("GET", "bucket/{name}/tagging", "GetBucketTagging", Resource::OutpostBucket),
    route("PUT", "bucket/{name}/tagging", "PutBucketTagging", Resource::OutpostBucket),
    route("GET", "bucket/{name}/versioning", "GetBucketVersioning", Resource::OutpostBucket),
    route("PUT", "bucket/{name}/versioning", "PutBucketVersioning", Resource::OutpostBucket),
    route("DELETE", "bucket/{name}", "DeleteBucket", Resource::OutpostBucket),
    route("GET", "bucket/{name}", "GetBucket", Resource::OutpostBucket),
    route("PUT", "bucket/{name}", "CreateBucket", Resource::OutpostBucket),
    route("GET", "bucket", "ListRegionalBuckets", Resource::OutpostNone),
    route("DELETE", "configuration/publicAccessBlock", "DeletePublicAccessBlock", Resource::None),
    route("GET", "configuration/publicAccessBlock", "GetPublicAccessBlock", Resource::None),
    route("PUT", "configuration/publicAccessBlock", "PutPublicAccessBlock", Resource::None),
    route("POST", "jobs/{id}/priority", "UpdateJobPriority", Resource::Job),
    route("POST", "jobs/{id}/status", "UpdateJobStatus", Resource::Job),
    route("DELETE", "jobs/{id}/tagging", "DeleteJobTagging", Resource::Job),
    route("GET", "jobs/{id}/tagging", "GetJobTagging", Resource::Job),
    route("PUT", "jobs/{id}/tagging", "PutJobTagging", Resource::Job),
    route("GET", "jobs/{id}", "DescribeJob", Resource::Job),
    route("GET", "jobs", "ListJobs", Resource::None),
    route("POST", "jobs", "CreateJob", Resource::None),
    route("GET", "mrap/instances/{mrap+}/routes", "GetMultiRegionAccessPointRoutes", Resource::MultiRegion),
    route("PATCH", "mrap/instances/{mrap+}/routes", "SubmitMultiRegionAccessPointRoutes", Resource::MultiRegion),
    route("GET", "mrap/instances/{name+}/policy", "GetMultiRegionAccessPointPolicy", Resource::MultiRegion),
    route("GET", "mrap/instances/{name+}/policystatus", "GetMultiRegionAccessPointPolicyStatus", Resource::MultiRegion),
    route("GET", "mrap/instances", "ListMultiRegionAccessPoints", Resource::None),
    route("GET", "mrap/instances/{name+}", "GetMultiRegionAccessPoint", Resource::MultiRegion),
    route("DELETE", "storagelens/{storagelensid}/tagging", "DeleteStorageLensConfigurationTagging", Resource::Lens),
    route("GET", "storagelens/{storagelensid}/tagging", "GetStorageLensConfigurationTagging", Resource::Lens),
    route("PUT", "storagelens/{storagelensid}/tagging", "PutStorageLensConfigurationTagging", Resource::Lens),
    route("DELETE", "storagelens/{storagelensid}", "DeleteStorageLensConfiguration", Resource::Lens),
    route("GET", "storagelens/{storagelensid}", "GetStorageLensConfiguration", Resource::Lens),
    route("PUT", "storagelens/{storagelensid}", "PutStorageLensConfiguration", Resource::None),
    route("GET", "storagelens", "ListStorageLensConfigurations", Resource::None),
    route("DELETE", "storagelensgroup/{name}", "DeleteStorageLensGroup", Resource::LensGroup),
    route("GET", "storagelensgroup/{name}", "GetStorageLensGroup", Resource::LensGroup),
    route("PUT", "storagelensgroup/{name}", "UpdateStorageLensGroup", Resource::LensGroup),
    route("GET", "storagelensgroup", "ListStorageLensGroups", Resource::None),
    route("POST", "storagelensgroup", "CreateStorageLensGroup", Resource::None),
    route("DELETE", "tags/{resourceArn+}", "UntagResource", Resource::Arn),
    route("GET", "tags/{resourceArn+}", "ListTagsForResource", Resource::Arn),
    route("POST", "tags/{resourceArn+}", "TagResource", Resource::Arn),
];

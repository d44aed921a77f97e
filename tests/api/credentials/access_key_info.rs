//! GetAccessKeyInfo.

use crate::client::Server;
use crate::principals::{ACCOUNT, allow, user};

#[tokio::test]
async fn a_key_shows_its_account() {
    let server = Server::start().await;
    let root = server.root();
    for (key, account) in [("ASIAQNZGKIQY56JQ7WML", "029608264753"), ("AKIARZPUZDIKA2ABCDEF", "123456789012")] {
        let answer = root.sts("GetAccessKeyInfo", &[("AccessKeyId", key)]).await.ok();
        assert_eq!(answer.text("Account"), account);
    }
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let root = Server::start().await.root();
    for id in ["AKIAIOSFODNN7EXAMPLE", "AIDAQNZGKIQY56JQ7WML"] {
        let answer = root.sts("GetAccessKeyInfo", &[("AccessKeyId", id)]).await;
        answer.refused(400, "ValidationError", &format!("{id} is invalid"));
    }
    root.sts("GetAccessKeyInfo", &[("AccessKeyId", "AKIA")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value 'AKIA' at 'accessKeyId' failed to satisfy constraint: Member must have \
         length greater than or equal to 16",
    );
}

#[tokio::test]
async fn it_needs_permission() {
    let server = Server::start().await;
    let key = [("AccessKeyId", "ASIAQNZGKIQY56JQ7WML")];
    let may = user(&server, ACCOUNT, "May", Some(allow("sts:GetAccessKeyInfo", "*"))).await;
    may.sts("GetAccessKeyInfo", &key).await.ok();
    let may_not = user(&server, ACCOUNT, "MayNot", None).await;
    may_not.sts("GetAccessKeyInfo", &key).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/MayNot is not authorized to perform: sts:GetAccessKeyInfo \
         because no identity-based policy allows the sts:GetAccessKeyInfo action",
    );
}

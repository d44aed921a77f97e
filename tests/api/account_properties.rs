//! Account properties.

use crate::client::Server;

const ONE: [(&str, &str); 2] = [("Properties.entry.1.key", "Billing/Mode"), ("Properties.entry.1.value", "fast")];

#[tokio::test]
async fn properties_are_kept_a_namespace_at_a_time() {
    let root = Server::start().await.root();
    root.iam("PutAccountProperties", &ONE).await.ok();
    let more = [("Properties.entry.1.key", "Support/Plan"), ("Properties.entry.1.value", "x")];
    root.iam("PutAccountProperties", &more).await.ok();
    let read = root.iam("GetAccountProperties", &[]).await.ok();
    assert_eq!(read.texts("key"), ["Billing/Mode", "Support/Plan"]);
    assert_eq!(read.texts("value"), ["fast", "x"]);
    let two = [ONE[0], ONE[1], ("Properties.entry.2.key", "Support/Plan"), ("Properties.entry.2.value", "y")];
    root.iam("PutAccountProperties", &two).await.refused(
        400,
        "InvalidInput",
        "The properties of one request must belong to one namespace.",
    );
    let bare = [("Properties.entry.1.key", "Mode"), ("Properties.entry.1.value", "x")];
    root.iam("PutAccountProperties", &bare).await.refused(
        400,
        "InvalidInput",
        "Property keys must have the form {Namespace}/{PropertyName}.",
    );
}

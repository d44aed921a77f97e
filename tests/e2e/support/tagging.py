"""The tags that a kind is created with, and what becomes of them."""

TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "empty", "Value": ""}]


def tagged(iam, kind, **name):
    iam(f"Tag{kind}", Tags=[{"Key": "stage", "Value": "test"}], **name)
    iam(f"Untag{kind}", TagKeys=["team"], **name)
    tags = {tag["Key"]: tag["Value"] for tag in iam(f"List{kind}Tags", **name)["Tags"]}
    assert tags == {"stage": "test", "empty": ""}

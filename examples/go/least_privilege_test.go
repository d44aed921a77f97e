package iamd

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const seed = `
accounts:
  "%s":
    users:
      auditor:
        inline-policies:
          read: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "iam:Get*", Resource: "*"}]}
`

// auditor returns an IAM client of a user who may only read, and the user's account.
func auditor(t *testing.T) (*iam.Client, string) {
	account := Account()
	Apply(t, "accounts.yaml", fmt.Sprintf(seed, account))
	root := iam.NewFromConfig(Root(t, account))
	made, err := root.CreateAccessKey(context.Background(), &iam.CreateAccessKeyInput{UserName: aws.String("auditor")})
	if err != nil {
		t.Fatal(err)
	}
	return iam.NewFromConfig(Config(t, *made.AccessKey.AccessKeyId, *made.AccessKey.SecretAccessKey, "")), account
}

func TestAnAuditorReads(t *testing.T) {
	client, account := auditor(t)
	user, err := client.GetUser(context.Background(), &iam.GetUserInput{UserName: aws.String("auditor")})
	if err != nil {
		t.Fatal(err)
	}
	if expected := "arn:aws:iam::" + account + ":user/auditor"; *user.User.Arn != expected {
		t.Errorf("%s is not %s", *user.User.Arn, expected)
	}
}

func TestAnAuditorChangesNothing(t *testing.T) {
	client, _ := auditor(t)
	_, err := client.DeleteUser(context.Background(), &iam.DeleteUserInput{UserName: aws.String("auditor")})
	AssertDenied(t, err, "not authorized to perform: iam:DeleteUser")
}

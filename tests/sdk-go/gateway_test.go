// The AWS SDK for Go through the gateway: an application with a role of least privilege works, and learns from the SDK's
// errors what it may not do. ENDPOINT names the server; ROOT and APP are "key id:secret".
package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

var background = context.Background()

// The configuration of an identity, whose calls are made once.
func configuration(identity string) aws.Config {
	id, secret, _ := strings.Cut(os.Getenv(identity), ":")
	endpoint := func(string, string, ...interface{}) (aws.Endpoint, error) {
		return aws.Endpoint{URL: os.Getenv("ENDPOINT"), SigningRegion: "us-east-1", HostnameImmutable: true}, nil
	}
	return aws.Config{
		Region:                      "us-east-1",
		Credentials:                 credentials.NewStaticCredentialsProvider(id, secret, ""),
		EndpointResolverWithOptions: aws.EndpointResolverWithOptionsFunc(endpoint),
		RetryMaxAttempts:            1,
	}
}

func objects(identity string) *s3.Client {
	return s3.NewFromConfig(configuration(identity), func(options *s3.Options) { options.UsePathStyle = true })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The call is denied with this status and code, in AWS's sentence about the action and the resource.
func mustBeDenied(t *testing.T, err error, status int, code, action, resource string) {
	t.Helper()
	sentence := "User: arn:aws:iam::000000000000:user/app is not authorized to perform: " + action + " on resource: " +
		resource + " because no identity-based policy allows the " + action + " action"
	var denial smithy.APIError
	if !errors.As(err, &denial) || denial.ErrorCode() != code || denial.ErrorMessage() != sentence {
		t.Fatalf("%v is not %s: %s", err, code, sentence)
	}
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.HTTPStatusCode() != status || response.ServiceRequestID() == "" {
		t.Fatalf("%v has not the status %d or no request id", err, status)
	}
}

func TestObjects(t *testing.T) {
	bucket, key := aws.String("app"), aws.String("reports/a b+ü.txt")
	_, err := objects("ROOT").CreateBucket(background, &s3.CreateBucketInput{Bucket: bucket})
	must(t, err)
	app := objects("APP")
	_, err = app.PutObject(background, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("hello")})
	must(t, err)
	object, err := app.GetObject(background, &s3.GetObjectInput{Bucket: bucket, Key: key})
	must(t, err)
	if body, err := io.ReadAll(object.Body); err != nil || string(body) != "hello" {
		t.Fatalf("%s %v", body, err)
	}
	_, err = app.DeleteObject(background, &s3.DeleteObjectInput{Bucket: bucket, Key: key})
	mustBeDenied(t, err, 403, "AccessDenied", "s3:DeleteObject", `"arn:aws:s3:::app/reports/a b+ü.txt"`)
}

func TestPresignedURLs(t *testing.T) {
	bucket, key := aws.String("links"), aws.String("k")
	_, err := objects("ROOT").CreateBucket(background, &s3.CreateBucketInput{Bucket: bucket})
	must(t, err)
	links := s3.NewPresignClient(objects("APP"), s3.WithPresignExpires(time.Minute))
	put, err := links.PresignPutObject(background, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("linked")})
	must(t, err)
	request, err := http.NewRequest(put.Method, put.URL, strings.NewReader("linked"))
	must(t, err)
	for name, values := range put.SignedHeader {
		request.Header[name] = values
	}
	stored, err := http.DefaultClient.Do(request)
	must(t, err)
	if stored.StatusCode != 200 {
		t.Fatal(stored.Status)
	}
	get, err := links.PresignGetObject(background, &s3.GetObjectInput{Bucket: bucket, Key: key})
	must(t, err)
	for url, expected := range map[string]int{get.URL: 200, strings.Replace(get.URL, "/k?", "/l?", 1): 403} {
		answer, err := http.Get(url)
		must(t, err)
		body, err := io.ReadAll(answer.Body)
		must(t, err)
		if answer.StatusCode != expected || (expected == 200) != (string(body) == "linked") {
			t.Fatalf("%s: %s %s", url, answer.Status, body)
		}
	}
}

func TestUploadsInParts(t *testing.T) {
	bucket, key := aws.String("parts"), aws.String("large")
	_, err := objects("ROOT").CreateBucket(background, &s3.CreateBucketInput{Bucket: bucket})
	must(t, err)
	app := objects("APP")
	content := bytes.Repeat([]byte("0123456789abcdef"), 12<<20/16)
	// A reader that cannot seek is read part by part.
	upload := &s3.PutObjectInput{Bucket: bucket, Key: key, Body: io.MultiReader(bytes.NewReader(content))}
	result, err := manager.NewUploader(app).Upload(background, upload)
	must(t, err)
	if result.UploadID == "" || len(result.CompletedParts) != 3 {
		t.Fatalf("%d parts", len(result.CompletedParts))
	}
	buffer := manager.NewWriteAtBuffer(nil)
	_, err = manager.NewDownloader(app).Download(background, buffer, &s3.GetObjectInput{Bucket: bucket, Key: key})
	must(t, err)
	if !bytes.Equal(buffer.Bytes(), content) {
		t.Fatalf("%d bytes differ from what was stored", len(buffer.Bytes()))
	}
}

func TestTables(t *testing.T) {
	table, id := aws.String("orders"), aws.String("id")
	_, err := dynamodb.NewFromConfig(configuration("ROOT")).CreateTable(background, &dynamodb.CreateTableInput{
		TableName:            table,
		BillingMode:          dynamodbtypes.BillingModePayPerRequest,
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: id, KeyType: dynamodbtypes.KeyTypeHash}},
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: id, AttributeType: dynamodbtypes.ScalarAttributeTypeS}},
	})
	must(t, err)
	app := dynamodb.NewFromConfig(configuration("APP"))
	item := map[string]dynamodbtypes.AttributeValue{"id": &dynamodbtypes.AttributeValueMemberS{Value: "1"}}
	_, err = app.PutItem(background, &dynamodb.PutItemInput{TableName: table, Item: item})
	must(t, err)
	found, err := app.GetItem(background, &dynamodb.GetItemInput{TableName: table, Key: item})
	must(t, err)
	if value, ok := found.Item["id"].(*dynamodbtypes.AttributeValueMemberS); !ok || value.Value != "1" {
		t.Fatal(found.Item)
	}
	_, err = app.Scan(background, &dynamodb.ScanInput{TableName: table})
	mustBeDenied(t, err, 400, "AccessDeniedException", "dynamodb:Scan", "arn:aws:dynamodb:us-east-1:000000000000:table/orders")
	// What the server itself refuses has the type that the SDK has for it.
	_, err = app.GetItem(background, &dynamodb.GetItemInput{TableName: aws.String("nothing"), Key: item})
	var missing *dynamodbtypes.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Fatal(err)
	}
}

func TestQueues(t *testing.T) {
	created, err := sqs.NewFromConfig(configuration("ROOT")).CreateQueue(background, &sqs.CreateQueueInput{QueueName: aws.String("jobs")})
	must(t, err)
	app := sqs.NewFromConfig(configuration("APP"))
	// The SDK compares the digests in the answers with its own.
	_, err = app.SendMessage(background, &sqs.SendMessageInput{QueueUrl: created.QueueUrl, MessageBody: aws.String("work & ü")})
	must(t, err)
	received, err := app.ReceiveMessage(background, &sqs.ReceiveMessageInput{QueueUrl: created.QueueUrl})
	must(t, err)
	if len(received.Messages) != 1 || *received.Messages[0].Body != "work & ü" {
		t.Fatal(received.Messages)
	}
	_, err = app.PurgeQueue(background, &sqs.PurgeQueueInput{QueueUrl: created.QueueUrl})
	var denial smithy.APIError
	if !errors.As(err, &denial) || !strings.Contains(denial.ErrorMessage(), "is not authorized to perform: sqs:purgequeue on resource: arn:aws:sqs:us-east-1:000000000000:jobs") {
		t.Fatal(err)
	}
}

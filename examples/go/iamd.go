// Package iamd is a fixture for go test: one iamd for the tests of a package, an AWS account of its own for every test.
//
// Copy this file into a folder of your module. It needs github.com/aws/aws-sdk-go-v2 and its module credentials; the
// server is found on PATH, or where the variable IAMD says.
package iamd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

var (
	once     sync.Once
	endpoint string
	failure  error
	number   int64 = 700_000_000_000
)

// Endpoint returns the URL of the server, which keeps everything in memory and ends with the tests.
func Endpoint(t testing.TB) string {
	t.Helper()
	once.Do(func() { endpoint, failure = start() })
	if failure != nil {
		t.Fatal(failure)
	}
	return endpoint
}

func start() (string, error) {
	binary := os.Getenv("IAMD")
	if binary == "" {
		binary = "iamd"
	}
	// The shell waits for the end of its input, which comes when the tests are gone.
	command := exec.Command("sh", "-c", `"$0" "$@" & read -r _; kill $!`, binary,
		"--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn")
	command.Stderr = os.Stderr
	if _, err := command.StdinPipe(); err != nil {
		return "", err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	// The first line ends with the URL, once the server listens.
	reader := bufio.NewReader(output)
	line, err := reader.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("iamd does not start: %w", err)
	}
	go io.Copy(io.Discard, reader)
	words := strings.Fields(line)
	return words[len(words)-1], nil
}

// Account returns twelve digits that no other test has.
func Account() string {
	return fmt.Sprint(atomic.AddInt64(&number, 1))
}

// Config returns the configuration of clients with these credentials.
func Config(t testing.TB, keyID, secret, token string) aws.Config {
	t.Helper()
	url := Endpoint(t)
	resolve := func(service, region string, options ...interface{}) (aws.Endpoint, error) {
		return aws.Endpoint{URL: url, SigningRegion: "us-east-1"}, nil
	}
	return aws.Config{
		Region:                      "us-east-1",
		Credentials:                 credentials.NewStaticCredentialsProvider(keyID, secret, token),
		EndpointResolverWithOptions: aws.EndpointResolverWithOptionsFunc(resolve),
	}
}

// Root returns the configuration of clients as the root user of an account.
func Root(t testing.TB, account string) aws.Config {
	t.Helper()
	return Config(t, account, "test", "")
}

// Apply makes accounts what a file describes: a file of accounts, an account of AWS, or a template.
func Apply(t testing.TB, name, text string) {
	t.Helper()
	body, err := json.Marshal(map[string]interface{}{"files": []map[string]string{{"name": name, "text": text}}})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, Endpoint(t)+"/_iamd/apply", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		message, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s", message)
	}
}

// AssertDenied fails unless a call was denied, and because of this, if anything is given.
func AssertDenied(t testing.TB, err error, because string) {
	t.Helper()
	var code interface{ ErrorCode() string }
	if err == nil {
		t.Fatal("the call is allowed")
	}
	if !errors.As(err, &code) || !strings.HasPrefix(code.ErrorCode(), "AccessDenied") {
		t.Fatalf("the call is not denied, but fails: %v", err)
	}
	if !strings.Contains(err.Error(), because) {
		t.Fatalf("the call is denied, but not because of %q: %v", because, err)
	}
}

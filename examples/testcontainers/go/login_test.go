// Package login tests an application's login at a server in a container that the tests start and remove.
//
// The application is golang.org/x/oauth2 with go-oidc here. MOCK_IDP_IMAGE names the image; `cargo xtask container` makes
// `mock-idp:0.1.0`.
package login

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
	"golang.org/x/oauth2"
)

const redirectURI = "http://127.0.0.1:9999/callback"

// idp is the server as the tests see it: its issuer for the application, and what they tell it.
type idp struct{ issuer, token string }

var server idp

func TestMain(m *testing.M) {
	os.Exit(with(m))
}

// with runs the tests while a server runs.
func with(m *testing.M) int {
	ctx := context.Background()
	image := os.Getenv("MOCK_IDP_IMAGE")
	if image == "" {
		image = "mock-idp:0.1.0"
	}
	// Requests come from outside the container, so the control API wants a token.
	token := rand.Text()
	container, err := testcontainers.Run(ctx, image,
		testcontainers.WithExposedPorts("8080/tcp"),
		testcontainers.WithEnv(map[string]string{"MOCK_IDP_CONTROL_TOKEN": token}),
		testcontainers.WithWaitStrategy(wait.ForLog("listening on ")),
	)
	defer testcontainers.TerminateContainer(container)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	issuer, err := container.PortEndpoint(ctx, "8080/tcp", "http")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server = idp{issuer, token}
	return m.Run()
}

// tell makes a call of the control API: docs/CONTROL.md lists them.
func (i idp) tell(t *testing.T, call string, body any) {
	t.Helper()
	var text io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		must(t, err)
		text = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(http.MethodPost, i.issuer+"/_control/"+call, text)
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+i.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		problem, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s: %s %s", call, answer.Status, problem)
	}
}

// fresh is the server, as new.
func fresh(t *testing.T) idp {
	t.Helper()
	server.tell(t, "reset", nil)
	return server
}

// logIn is the application: a login with PKCE. spoil changes the verifier on its way.
func logIn(issuer string, spoil func(string) string) (string, error) {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return "", err
	}
	config := oauth2.Config{
		ClientID: "public", Endpoint: provider.Endpoint(), RedirectURL: redirectURI, Scopes: []string{oidc.ScopeOpenID},
	}
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	// The user's browser. Nobody is asked anything, unless a test wants login pages.
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Get(config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		return "", err
	}
	answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		return "", err
	}
	if back.Query().Get("state") != state {
		return "", errors.New("another state")
	}
	tokens, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(spoil(verifier)))
	if err != nil {
		return "", err
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := provider.Verifier(&oidc.Config{ClientID: "public"}).Verify(ctx, raw)
	if err != nil {
		return "", err
	}
	return token.Subject, nil
}

func as(verifier string) string { return verifier }

func TestSomebodyLogsIn(t *testing.T) {
	idp := fresh(t)
	who, err := logIn(idp.issuer, as)
	must(t, err)
	same(t, who, "alice")
}

func TestTheNextToLogInIsBob(t *testing.T) {
	idp := fresh(t)
	idp.tell(t, "tenants/_root/logins", map[string]string{"user": "bob"})
	who, err := logIn(idp.issuer, as)
	must(t, err)
	same(t, who, "bob")
}

func TestAnIDTokenOfAnotherIssuerIsNotBelieved(t *testing.T) {
	idp := fresh(t)
	idp.tell(t, "tenants/_root/faults", map[string]any{"named": "invalid-iss", "when": map[string]int{"times": 1}})
	who, err := logIn(idp.issuer, as)
	if err == nil || !strings.Contains(err.Error(), "different provider") {
		t.Fatalf("%q, %v", who, err)
	}
}

func TestAnotherVerifierIsRefused(t *testing.T) {
	idp := fresh(t)
	_, err := logIn(idp.issuer, func(verifier string) string { return oauth2.GenerateVerifier() })
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	same(t, refused.ErrorCode, "invalid_grant")
	entry := map[string]string{"path": "/token", "rule": "rfc7636-verifier-wrong"}
	idp.tell(t, "tenants/_root/journal/expect", map[string]any{"of": []any{entry}, "at_most": 1})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s, not %s", got, want)
	}
}
